"""The side that a region leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from engine.errors import Conflict, NotFound
from runtime.database.catalogue import Table, case_tables
from runtime.database.migrate import owner_connection
from runtime.relocation import definitions, rows
from runtime.relocation.freeze import freeze, state, thaw

FORMAT = 1
MANIFEST, RECEIPT = "manifest.json", "receipt.json"


class Say(Protocol):
    def __call__(self, text: str, /) -> None: ...


@contextmanager
def connected(url: str) -> Iterator[Connection[Any]]:
    with owner_connection(url) as conn:
        rows.speak_plainly(conn)
        yield conn


def export(url: str, region_id: str, folder: Path, by: str, say: Say) -> dict[str, Any]:
    """Freeze the region and write it to a new folder. Answers the manifest. Raises Conflict, NotFound, FileExistsError;
    then, and whenever writing fails, the region works on."""
    with connected(url) as conn:
        _require_movable(conn, region_id)
        folder.mkdir(mode=0o700, parents=True)
        try:
            freeze(conn, region_id, by)
            manifest = _write(conn, region_id, folder, say)
        except BaseException:
            thaw(conn, region_id)
            raise
        (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        conn.execute("UPDATE region_move SET digest = %s WHERE region_id = %s", [digest_of(manifest), region_id])
    return manifest


def require_movable(url: str, region_id: str) -> None:
    """Raises as `export` would."""
    with connected(url) as conn:
        _require_movable(conn, region_id)


def _require_movable(conn: Connection[Any], region_id: str) -> None:
    if (found := state(conn, region_id)) is not None:
        raise Conflict(f"该区域的状态是 {found}", f"the region is {found} already", code=f"region-{found}")
    if not has_rows(conn, region_id):
        raise NotFound("没有这个区域的数据", "no data of such a region")


def has_rows(conn: Connection[Any], region_id: str) -> bool:
    found = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE region_id = {})")
    return any(
        (conn.execute(found.format(sql.Identifier(table.name), sql.Literal(region_id))).fetchone() or (False,))[0]
        for table in case_tables(conn)
    )


def _write(conn: Connection[Any], region_id: str, folder: Path, say: Say) -> dict[str, Any]:
    """One moment of all tables, though nothing moves any more."""
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = []
        for table in case_tables(conn):
            tables.append(_write_table(conn, region_id, table, folder))
            say(f"{table.name}: {tables[-1]['rows']:,}")
        return {
            "format": FORMAT,
            "region_id": region_id,
            "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "schema": schema(conn),
            "tables": tables,
            "definitions": definitions.write(conn, region_id, folder),
        }


def _write_table(conn: Connection[Any], region_id: str, table: Table, folder: Path) -> dict[str, Any]:
    file = folder / f"{table.name}.copy.gz"
    digest = rows.write(conn, rows.rows_of_region(table.name, region_id, table.columns), file)
    return {
        "name": table.name,
        "columns": list(table.columns),
        "rows": digest.rows,
        "digest": str(digest),
        "file_sha256": rows.sha256_of(file),
    }


def schema(conn: Connection[Any]) -> list[list[Any]]:
    """Which migrations made the tables: both sides must have the same."""
    return [list(row) for row in conn.execute("SELECT version, sha256 FROM schema_migration ORDER BY 1").fetchall()]


def digest_of(manifest: dict[str, Any]) -> str:
    """One number for everything that is moved, whatever the files look like."""
    told = [[table["name"], table["rows"], table["digest"]] for table in manifest["tables"]]
    return hashlib.sha256(json.dumps([manifest["region_id"], told]).encode()).hexdigest()


def note(url: str, region_id: str, action: str, by: str, detail: dict[str, Any]) -> None:
    """A row in the audit of the region: it moves with it."""
    with connected(url) as conn:
        conn.execute(
            "INSERT INTO audit (region_id, at, actor_id, actor_kind, organisation, action, subject_kind, subject_id,"
            " detail) VALUES (%s, now(), %s, 'engine', NULL, %s, 'region', %s, %s)",
            [region_id, by, action, region_id, Jsonb(detail)],
        )


def give_up(url: str, region_id: str) -> None:
    """The region works here again; the folder is worth nothing from now on. Raises Conflict."""
    with connected(url) as conn:
        thaw(conn, region_id)


def mark_moved(url: str, receipt: dict[str, Any], by: str) -> None:
    """It lives there now. Raises Conflict unless the receipt is that of the export, and what stands here still that."""
    region_id = str(receipt["region_id"])
    with connected(url) as conn:
        row = conn.execute("SELECT state, digest FROM region_move WHERE region_id = %s", [region_id]).fetchone()
        if row != ("frozen", receipt["digest"]):
            raise Conflict("回执与导出不符", "the receipt is not that of this region's export", code="receipt-differs")
        tables = [
            {"name": t.name, **rows.described(conn, rows.rows_of_region(t.name, region_id, t.columns))}
            for t in case_tables(conn)
        ]
        if digest_of({"region_id": region_id, "tables": tables}) != receipt["digest"]:
            raise Conflict("导出之后源数据有变化", "the region changed here after its export", code="source-changed")
        conn.execute(
            "UPDATE region_move SET state = 'moved', moved_to = %s, at = now(), by = %s WHERE region_id = %s",
            [receipt["installed_at"], by, region_id],
        )
