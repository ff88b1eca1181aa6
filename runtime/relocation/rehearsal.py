"""What a move would do and what stands in its way. Nothing is written, nothing is frozen, nobody waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from engine.errors import Conflict, EngineError, NotFound, Text
from runtime.database.catalogue import OF_THE_INSTALLATION, case_tables
from runtime.relocation import arrival, definitions, departure, rows
from runtime.relocation.freeze import state

STAYS = (*OF_THE_INSTALLATION, "procrastinate")  # of the installation; each task there only looks at rows that move
LONG_S = 5.0  # a transaction that has been open so long is one that freezing would wait for
_LONG = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
   AND clock_timestamp() - xact_start > make_interval(secs => %s)
"""
_INSTANCES = "SELECT status::text, count(*) FROM instance WHERE region_id = %s GROUP BY 1 ORDER BY 1"


def leaving(url: str, region_id: str, folder: Path) -> dict[str, Any]:
    """Of an export."""
    conflicts: list[EngineError] = []
    with _looking(url) as conn:
        if (found := state(conn, region_id)) is not None:
            conflicts.append(
                Conflict(f"该区域的状态是 {found}", f"the region is {found} already", code=f"region-{found}")
            )
        tables = {table.name: _count(conn, table.name, region_id) for table in case_tables(conn)}
        if not any(tables.values()):
            conflicts.append(NotFound("没有这个区域的数据", "no data of such a region"))
        if folder.exists():
            conflicts.append(Conflict("目标文件夹已存在", "the folder exists already", code="folder-exists"))
        instances = dict(conn.execute(_INSTANCES, [region_id]).fetchall())
        carried = definitions.counted(conn, region_id)
        ((waits,),) = conn.execute(_LONG, [LONG_S]).fetchall()
    return {
        **_told(region_id, tables, conflicts),
        "instances": instances,
        "definitions": carried,
        "long_transactions": waits,
        "stays": list(STAYS),
    }


def arriving(url: str, folder: Path) -> dict[str, Any]:
    """Of an import: the files are read to their end, and the other installation is asked whether they fit."""
    try:
        manifest = arrival.read_manifest(folder)
    except EngineError as error:
        return {**_told(None, {}, [error]), "definitions": None, "stays": list(STAYS)}
    missing = None
    with _looking(url) as conn:
        conflicts: list[EngineError] = [*arrival.unfit(conn, manifest)]
        if not any(error.code == "schema-differs" for error in conflicts):  # else it names tables that nobody knows
            conflicts += _damage(manifest, folder)
        try:
            missing = len(definitions.missing_here(conn, manifest["definitions"])[0])
        except EngineError as error:
            conflicts.append(error)
    tables = {table["name"]: table["rows"] for table in manifest["tables"]}
    return {**_told(manifest["region_id"], tables, conflicts), "definitions": missing, "stays": list(STAYS)}


def _damage(manifest: dict[str, Any], folder: Path) -> Iterator[EngineError]:
    for table in manifest["tables"]:
        try:
            found = rows.described_file(folder / arrival.file_of(table))
        except EngineError as error:
            yield error
            continue
        if found != {"rows": table["rows"], "digest": table["digest"]}:
            name = table["name"]
            yield Conflict(f"{name}：行数或校验和不符", f"{name}: rows or digest differ", code="import-differs")


@contextmanager
def _looking(url: str) -> Iterator[Connection[Any]]:
    with departure.connected(url) as conn, conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield conn


def _count(conn: Connection[Any], table: str, region_id: str) -> int:
    counted = sql.SQL("SELECT count(*) FROM {} WHERE region_id = {}")
    row = conn.execute(counted.format(sql.Identifier(table), sql.Literal(region_id))).fetchone()
    return int(row[0]) if row else 0


def _told(region_id: str | None, tables: dict[str, int], conflicts: list[EngineError]) -> dict[str, Any]:
    return {
        "region_id": region_id,
        "dry_run": True,
        "rows": sum(tables.values()),
        "tables": {name: count for name, count in tables.items() if count},
        "conflicts": [line for error in conflicts for line in _lines(error)],
    }


def _lines(error: EngineError) -> list[dict[str, Any]]:
    places: list[tuple[str | None, Text]] = [(fault.path, fault.message) for fault in error.faults]
    places = places or [(None, error.message)]
    return [{"path": at, "code": error.code, "message": {"zh": text.zh, "en": text.en}} for at, text in places]
