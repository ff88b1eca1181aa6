"""The diagrams, tables and forms that a region's cases run on travel with it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from engine.errors import Conflict, Fault, Incorrect, Text
from runtime.database.catalogue import start_tables
from runtime.relocation import rows

COLUMNS = ("kind", "key", "version", "name", "version_tag", "resource", "sha256", "source", "warnings", "deployment_id")
FILE = "definition.copy.gz"
HELD_COLUMNS = ("key", "version", "at", "by", "reason")
HELD_FILE = "definition_suspension.copy.gz"

# What cases of the region are pinned to; of decision models every version, because one may import another.
_USED = """
SELECT d.* FROM definition d WHERE (d.kind, d.key, d.version) IN (
    SELECT 'process', i.definition_key, i.definition_version FROM instance i WHERE i.region_id = {region}
     UNION
    SELECT k.kind, v.key, v.value::integer
      FROM instance i, jsonb_each(i.pins) AS k(kind, pinned), jsonb_each_text(k.pinned) AS v
     WHERE i.region_id = {region} AND jsonb_typeof(k.pinned) = 'object' AND v.value ~ '^[0-9]+$'
     UNION
    SELECT 'process', t.definition_key, t.definition_version FROM user_task t WHERE t.region_id = {region}
     UNION
    SELECT 'form', t.form, t.form_version FROM user_task t WHERE t.region_id = {region} AND t.form_version IS NOT NULL
) OR d.kind = 'decision'
"""

_HELD = """
SELECT {} FROM definition_suspension
 WHERE (key, version) IN (SELECT key, version FROM used_definition WHERE kind = 'process')
"""


def write(conn: Connection[Any], region_id: str, folder: Path) -> dict[str, Any]:
    conn.execute(sql.SQL("CREATE TEMP VIEW used_definition AS {}").format(_used(region_id)))
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    digest = rows.write(conn, sql.SQL("SELECT {} FROM used_definition").format(columns), folder / FILE)
    items = conn.execute("SELECT kind, key, version, sha256 FROM used_definition ORDER BY 1, 2, 3").fetchall()
    starts = {table.name: _write_starts(conn, table.name, table.columns, folder) for table in start_tables(conn)}
    held = rows.write(conn, sql.SQL(_HELD).format(_names(HELD_COLUMNS)), folder / HELD_FILE)
    conn.execute("DROP VIEW used_definition")
    listed = [list(item) for item in items]
    return {"rows": digest.rows, "digest": str(digest), "items": listed, "starts": starts, "suspended": held.rows}


def _used(region_id: str) -> sql.Composed:
    return sql.SQL(_USED).format(region=sql.Literal(region_id))


def counted(conn: Connection[Any], region_id: str) -> int:
    """How many would travel."""
    row = conn.execute(sql.SQL("SELECT count(*) FROM ({}) AS used").format(_used(region_id))).fetchone()
    return int(row[0]) if row else 0


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _write_starts(conn: Connection[Any], name: str, columns: tuple[str, ...], folder: Path) -> list[str]:
    query = sql.SQL(
        "SELECT {} FROM {} WHERE definition_key IN (SELECT key FROM used_definition WHERE kind = 'process')"
    )
    rows.write(
        conn,
        query.format(sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(name)),
        folder / f"{name}.copy.gz",
    )
    return list(columns)


def read(conn: Connection[Any], carried: dict[str, Any], folder: Path, by: str) -> int:
    """Deploy what is missing here under the same version numbers. Answers how many. Raises Conflict where a number is
    taken by another file, or would change what others here start; Incorrect where it would write to other tables."""
    missing, here = missing_here(conn, carried)
    if not missing:
        return 0
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    conn.execute("CREATE TEMP TABLE arriving (LIKE definition) ON COMMIT DROP")
    rows.read(conn, "arriving", COLUMNS, folder / FILE)
    conn.execute(
        "DELETE FROM arriving a USING definition d WHERE d.kind = a.kind AND d.key = a.key AND d.version = a.version"
    )
    for (old,) in conn.execute("SELECT DISTINCT deployment_id FROM arriving ORDER BY 1").fetchall():
        conn.execute(
            "WITH made AS (INSERT INTO deployment (deployed_at, deployed_by) VALUES (now(), %s) RETURNING id)"
            " UPDATE arriving SET deployment_id = -made.id FROM made WHERE deployment_id = %s",
            [by, old],
        )
    conn.execute("UPDATE arriving SET deployment_id = -deployment_id")
    conn.execute(sql.SQL("INSERT INTO definition ({}) SELECT {} FROM arriving").format(columns, columns))
    if carried.get("suspended"):
        _read_held(conn, missing, folder)
    new_keys = {key for kind, key, _ in missing if kind == "process"} - {
        key for kind, key, _ in here if kind == "process"
    }
    for name, names in carried["starts"].items():
        _read_starts(conn, name, tuple(names), sorted(new_keys), folder)
    return len(missing)


def missing_here(
    conn: Connection[Any], carried: dict[str, Any]
) -> tuple[list[tuple[str, str, int]], dict[tuple[str, str, int], str]]:
    """What would have to be deployed, and what is here. Raises as `read`."""
    _require_known(conn, carried["starts"])
    here = {
        (kind, key, version): sha
        for kind, key, version, sha in conn.execute("SELECT kind, key, version, sha256 FROM definition")
    }
    return _missing(carried["items"], here), here


def _require_known(conn: Connection[Any], starts: dict[str, list[str]]) -> None:
    """The folder came from outside: neither a name of a file nor of a table is taken from it unseen."""
    if starts != {table.name: list(table.columns) for table in start_tables(conn)}:
        raise Incorrect("导出文件不完整", "the folder names other tables than there are", code="export-damaged")


def _read_held(conn: Connection[Any], new: list[tuple[str, str, int]], folder: Path) -> None:
    """A version that is new here starts nothing if it started nothing there; what is known here stays as it is."""
    conn.execute("CREATE TEMP TABLE arriving_suspension (LIKE definition_suspension) ON COMMIT DROP")
    rows.read(conn, "arriving_suspension", HELD_COLUMNS, folder / HELD_FILE)
    keys, versions = [key for _, key, _ in new], [version for _, _, version in new]
    copy = sql.SQL(
        "INSERT INTO definition_suspension ({0}) SELECT {0} FROM arriving_suspension"
        " WHERE (key, version) IN (SELECT * FROM unnest({1}::text[], {2}::integer[])) ON CONFLICT DO NOTHING"
    )
    conn.execute(copy.format(_names(HELD_COLUMNS), sql.Literal(keys), sql.Literal(versions)))


def _missing(items: list[list[Any]], here: dict[tuple[str, str, int], str]) -> list[tuple[str, str, int]]:
    newest: dict[tuple[str, str], int] = defaultdict(int)
    for kind, key, version in here:
        newest[kind, key] = max(newest[kind, key], version)
    faults, missing = [], []
    for kind, key, version, sha256 in items:
        place = f"{kind}/{key}/{version}"
        held = here.get((kind, key, version))
        if held is None and newest[kind, key] > 0:
            faults.append(Fault(path=place, message=Text(zh="目标安装缺少该版本", en="this version is missing here")))
        elif held is None:
            missing.append((kind, key, version))
        elif held != sha256:
            faults.append(
                Fault(path=place, message=Text(zh="目标安装的该版本内容不同", en="another file has this number here"))
            )
    if faults:
        raise Conflict(
            "流程定义与目标安装不一致，未导入",
            "definitions differ between the two installations; deploy the same files in the same order there first",
            code="definitions-differ",
            faults=faults,
        )
    return missing


def _read_starts(conn: Connection[Any], name: str, columns: tuple[str, ...], keys: list[str], folder: Path) -> None:
    """A process that is new here is started by what starts it there."""
    arriving = f"arriving_{name}"
    table, names = sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    conn.execute(sql.SQL("CREATE TEMP TABLE {} (LIKE {}) ON COMMIT DROP").format(sql.Identifier(arriving), table))
    rows.read(conn, arriving, columns, folder / f"{name}.copy.gz")
    copy = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE definition_key = ANY({})")
    conn.execute(copy.format(table, names, names, sql.Identifier(arriving), sql.Literal(keys)))
