"""One partition per region, each in a schema of its own, so that a region can be dumped, moved or dropped as one thing.

Every table of case data becomes `PARTITION BY LIST (region_id)`; the partition of region R is `region_R.<table>`, its
indexes and constraints are named as in the unpartitioned schema, so that errors read the same. Rows of regions that
have no partition live in the schema `region_default`.
"""

from __future__ import annotations

from typing import Any, LiteralString, cast

import psycopg
from psycopg import Connection, sql

from engine.errors import Conflict, Incorrect
from runtime.database.catalogue import Table, case_tables
from runtime.database.migrate import owner_connection
from runtime.database.security import secure

OLD, DEFAULT = "unpartitioned", "region_default"
LONGEST_NAME = 63  # bytes of a name in PostgreSQL

_PARTS = """
SELECT 'key', pg_get_constraintdef(oid), conname FROM pg_constraint
 WHERE conrelid = %(oid)s AND contype IN ('p', 'u') UNION ALL
SELECT 'index', pg_get_indexdef(x.indexrelid), NULL FROM pg_index x
 WHERE x.indrelid = %(oid)s AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid
                                              AND k.contype IN ('p', 'u')) UNION ALL
SELECT 'trigger', pg_get_triggerdef(oid), NULL FROM pg_trigger WHERE tgrelid = %(oid)s AND NOT tgisinternal UNION ALL
SELECT 'reference', pg_get_constraintdef(oid), conname FROM pg_constraint WHERE conrelid = %(oid)s AND contype = 'f'
"""
_INDEXES_OF_PARTITION = """
SELECT own.relname, parent.relname
  FROM pg_index x JOIN pg_class own ON own.oid = x.indexrelid
  JOIN pg_inherits h ON h.inhrelid = own.oid JOIN pg_class parent ON parent.oid = h.inhparent
 WHERE x.indrelid = %s::regclass AND own.relname <> parent.relname
"""


def partition(url: str, region_ids: list[str]) -> list[str]:
    """Give these regions partitions; answers the schemas made. The first call turns the whole schema over, in one
    transaction that holds every table: web and worker processes wait or are stopped before. Raises Conflict."""
    with owner_connection(url) as conn, conn.transaction():
        tables = case_tables(conn)
        if not is_partitioned(conn):
            _turn_over(conn, tables)
        made = [name for region_id in region_ids if (name := _add(conn, tables, region_id))]
        secure(conn)
        return made


def is_partitioned(conn: Connection[Any]) -> bool:
    row = conn.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = 'public.instance'::regclass").fetchone()
    return bool(row and row[0])


def schema_of(region_id: str) -> str:
    """Raises Incorrect for a region whose name does not fit."""
    name = f"region_{region_id}"
    if len(name.encode()) > LONGEST_NAME or name == DEFAULT:
        raise Incorrect("区域编号过长或不可用", "the region's id is too long or reserved")
    return name


def _turn_over(conn: Connection[Any], tables: list[Table]) -> None:
    """Rows stay where PostgreSQL has them only as long as it takes to copy them: plan as for a dump and restore."""
    conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(OLD)))
    conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(DEFAULT)))
    for table in tables:
        conn.execute(
            sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(sql.Identifier("public", table.name), sql.Identifier(OLD))
        )
    parts = {table.name: conn.execute(_PARTS, {"oid": table.oid}).fetchall() for table in tables}
    for table in tables:
        _make_parent(conn, table, parts[table.name])
    regions = _regions(conn, tables)
    for region_id in regions:
        _add(conn, tables, region_id)
    for table in tables:
        _make_partition(conn, table, DEFAULT, sql.SQL("DEFAULT"))
        _copy(conn, table)
    for table in tables:
        for kind, definition, name in parts[table.name]:
            if kind == "reference":
                _constrain(conn, table, name, definition)
            if kind == "trigger":
                conn.execute(_moved(definition))
    try:
        for table in reversed(tables):
            conn.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(OLD, table.name)))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise Conflict("有视图依赖这些表", f"something depends on the tables: {error}", code="in-use") from error
    conn.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(OLD)))


def _make_parent(conn: Connection[Any], table: Table, parts: list[tuple[str, str, str]]) -> None:
    like = "CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES) PARTITION BY LIST (region_id)"
    conn.execute(sql.SQL(like).format(sql.Identifier("public", table.name), sql.Identifier(OLD, table.name)))
    for kind, definition, name in parts:
        if kind == "key":
            _constrain(conn, table, name, definition)
        if kind == "index":
            conn.execute(_moved(definition))


def _constrain(conn: Connection[Any], table: Table, name: str, definition: str) -> None:
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
    conn.execute(add.format(sql.Identifier("public", table.name), sql.Identifier(name), _moved(definition)))


def _moved(definition: str) -> sql.SQL:
    """What PostgreSQL says of the old table, said of the new one."""
    return sql.SQL(cast(LiteralString, definition.replace(f"{OLD}.", "public.")))


def _regions(conn: Connection[Any], tables: list[Table]) -> list[str]:
    query = sql.SQL(" UNION ").join(
        sql.SQL("SELECT region_id FROM {}").format(sql.Identifier(OLD, table.name)) for table in tables
    )
    return sorted(row[0] for row in conn.execute(query).fetchall())


def _add(conn: Connection[Any], tables: list[Table], region_id: str) -> str | None:
    """None: the region has partitions already."""
    schema = schema_of(region_id)
    if conn.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema]).fetchone() is not None:
        return None
    conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for table in tables:
        try:
            _make_partition(conn, table, schema, sql.SQL("FOR VALUES IN ({})").format(sql.Literal(region_id)))
        except psycopg.errors.CheckViolation as error:
            message = "the region has rows in the default partition; move it by export and import"
            raise Conflict("该区域已有数据在默认分区", message, code="region-has-rows") from error
    return schema


def _make_partition(conn: Connection[Any], table: Table, schema: str, values: sql.Composable) -> None:
    own = sql.Identifier(schema, table.name)
    conn.execute(
        sql.SQL("CREATE TABLE {} PARTITION OF {} {} {}").format(
            own, sql.Identifier("public", table.name), values, _storage(conn, table)
        )
    )
    place = sql.Identifier(schema).as_string(conn) + "." + sql.Identifier(table.name).as_string(conn)
    for given, wanted in conn.execute(_INDEXES_OF_PARTITION, [place]).fetchall():
        conn.execute(
            sql.SQL("ALTER INDEX {} RENAME TO {}").format(sql.Identifier(schema, given), sql.Identifier(wanted))
        )


def _storage(conn: Connection[Any], table: Table) -> sql.Composable:
    """How the table was to be filled and vacuumed: of the old table, later of its default partition."""
    query = (
        "SELECT reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = %s AND n.nspname IN (%s, %s) ORDER BY n.nspname DESC LIMIT 1"
    )
    row = conn.execute(query, [table.name, OLD, DEFAULT]).fetchone()
    if row is None or not row[0]:
        return sql.SQL("")
    return sql.SQL(cast(LiteralString, f"WITH ({', '.join(row[0])})"))


def _copy(conn: Connection[Any], table: Table) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    copy = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}")
    old = sql.Identifier(OLD, table.name)
    conn.execute(copy.format(sql.Identifier("public", table.name), names, names, old))
    query = "SELECT attname::text FROM pg_attribute WHERE attrelid = %s AND attidentity <> ''"
    for (column,) in conn.execute(query, [table.oid]).fetchall():
        go_on = sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), greatest((SELECT max({}) FROM {}), 1))")
        place = sql.Literal(f"public.{table.name}")
        conn.execute(go_on.format(place, sql.Literal(column), sql.Identifier(column), old))
