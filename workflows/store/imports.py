"""Rows brought in from other registers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from workflows.store.people import Row, rows, run


def put_batch(conn: Connection[Any], region_id: str, id: UUID, now: datetime, by: str, head: Row) -> bool:
    return run(conn, "put_import_batch", region_id=region_id, id=id, now=now, by=by, **head) > 0


def put_row(conn: Connection[Any], region_id: str, line: Row, body: Any) -> None:
    run(conn, "put_import_row", region_id=region_id, body=Jsonb(dict(body)), **line)


def settle(
    conn: Connection[Any], region_id: str, batch_id: UUID, number: int, said: str, now: datetime, by: str
) -> bool:
    asked = {"batch_id": batch_id, "number": number, "said": said, "now": now, "by": by}
    return run(conn, "settle_import_row", region_id=region_id, **asked) > 0


def open_rows(conn: Connection[Any], region_id: str) -> list[Row]:
    return rows(conn, "import_rows", region_id=region_id)


def reconciled(conn: Connection[Any], region_id: str, first: date, last: date) -> Row:
    asked = {"region_id": region_id, "first": first, "last": last}
    found = rows(conn, "reconciled_births", **asked)[0]
    return {**found, "unregistered": rows(conn, "unregistered_births", **asked)}


def link(conn: Connection[Any], region_id: str, document: str, pregnancy_id: str) -> int:
    """Rows about the holder of a document that no case was about until now."""
    return run(conn, "link_import_rows", region_id=region_id, document=document, pregnancy_id=pregnancy_id)


def of_case(conn: Connection[Any], region_id: str, pregnancy_id: str) -> list[Row]:
    return rows(conn, "import_rows_of_case", region_id=region_id, pregnancy_id=pregnancy_id)
