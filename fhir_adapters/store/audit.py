"""The trail of who looked at whom, read for the auditor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from engine.store import sql

SQL = sql.load(__file__)


def events(
    conn: Connection[Any],
    region_id: str,
    *,
    limit: int,
    id_: int | None = None,
    actor: str | None = None,
    patient: str | None = None,
    low: datetime | None = None,
    high: datetime | None = None,
    before: int | None = None,
) -> list[dict[str, Any]]:
    """Rows, newest first; `low` to `high` is when they happened, `before` the last one of the page before."""
    asked: dict[str, Any] = {"region_id": region_id, "id": id_, "actor": actor, "patient": patient, "low": low}
    asked |= {"high": high, "before": before, "limit": limit}
    with conn.cursor(row_factory=dict_row) as cursor:
        statement = "audit_events_of_patient" if patient is not None else "audit_events"
        return cursor.execute(SQL[statement], asked).fetchall()
