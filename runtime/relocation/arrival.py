"""The side that a region comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from engine.errors import Conflict, Fault, Incorrect, Text
from runtime.database.catalogue import case_tables
from runtime.relocation import definitions, rows
from runtime.relocation.departure import FORMAT, MANIFEST, RECEIPT, Say, connected, digest_of, has_rows, schema

_SEQUENCES = """
SELECT a.attname::text, pg_get_serial_sequence(format('public.%%I', c.relname), a.attname)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
 WHERE c.relnamespace = 'public'::regnamespace AND c.relname = %s
"""


def import_region(url: str, folder: Path, installed_at: str, by: str, say: Say) -> dict[str, Any]:
    """Everything, or nothing: counts and digests of every table are compared before the commit. Answers the receipt,
    which is also left in the folder. Raises Incorrect (the folder is damaged), Conflict (it does not fit here)."""
    manifest = read_manifest(folder)
    region_id = manifest["region_id"]
    with connected(url) as conn:
        _require_fitting(conn, manifest)
        with conn.transaction():
            deployed = definitions.read(conn, manifest["definitions"], folder, by)
            for table in manifest["tables"]:
                rows.read(conn, table["name"], tuple(table["columns"]), folder / file_of(table))
                _continue_numbers(conn, table["name"])
                say(f"{table['name']}: {table['rows']:,}")
            _require_equal(conn, manifest, say)
        conn.execute("ANALYZE")  # so many rows at once: nobody's first report is planned for empty tables
    receipt = {
        "region_id": region_id,
        "digest": digest_of(manifest),
        "rows": sum(table["rows"] for table in manifest["tables"]),
        "definitions_deployed": deployed,
        "installed_at": installed_at,
        "imported_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (folder / RECEIPT).write_text(json.dumps(receipt, ensure_ascii=False, indent=1), encoding="utf-8")
    return receipt


def file_of(table: dict[str, Any]) -> str:
    return f"{table['name']}.copy.gz"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Raises Incorrect for what is missing or was changed on the way."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = manifest["format"] == FORMAT
        damaged = [t["name"] for t in manifest["tables"] if rows.sha256_of(folder / file_of(t)) != t["file_sha256"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Incorrect(
            "导出文件不完整", f"the folder is not a whole export: {error}", code="export-damaged"
        ) from error
    if not known:
        raise Incorrect("导出格式未知", "an export of another format", code="export-format")
    if damaged:
        faults = [Fault(path=name, message=Text(zh="校验和不符", en="the checksum differs")) for name in damaged]
        raise Incorrect("导出文件已损坏", "files were changed on the way", code="export-damaged", faults=faults)
    return manifest


def _require_fitting(conn: Connection[Any], manifest: dict[str, Any]) -> None:
    for problem in unfit(conn, manifest):
        raise problem


def unfit(conn: Connection[Any], manifest: dict[str, Any]) -> Iterator[Conflict]:
    """Why the folder does not fit here, the tables' own reasons first."""
    columns = {table.name: list(table.columns) for table in case_tables(conn)}
    if schema(conn) != manifest["schema"]:
        yield Conflict("两边数据库结构版本不同", "the two installations have different schemas", code="schema-differs")
    elif columns != {table["name"]: table["columns"] for table in manifest["tables"]}:
        yield Conflict("两边数据表不同", "the two installations have different tables", code="schema-differs")
    if has_rows(conn, manifest["region_id"]):
        yield Conflict("目标安装已有该区域的数据", "this installation has data of the region", code="region-exists")


def _continue_numbers(conn: Connection[Any], table: str) -> None:
    """Numbers that the database gives out go on after the highest that came."""
    for column, sequence in conn.execute(_SEQUENCES, [table]).fetchall():
        highest = sql.SQL("SELECT setval({}, greatest((SELECT max({}) FROM {}), nextval({})))")
        name = sql.Literal(sequence)
        conn.execute(highest.format(name, sql.Identifier(column), sql.Identifier(table), name))


def _require_equal(conn: Connection[Any], manifest: dict[str, Any], say: Say) -> None:
    """What stands here now, read back, is what stood there."""
    faults = []
    for table in manifest["tables"]:
        here = rows.described(conn, rows.rows_of_region(table["name"], manifest["region_id"], tuple(table["columns"])))
        if here != {"rows": table["rows"], "digest": table["digest"]}:
            said = f"{here['rows']} / {table['rows']}"
            faults.append(
                Fault(path=table["name"], message=Text(zh=f"行数或校验和不符：{said}", en=f"differs: {said}"))
            )
    if faults:
        raise Conflict(
            "导入结果与导出不符，未导入", "what arrived is not what was sent", code="import-differs", faults=faults
        )
    say("counts and digests agree")
