"""Numbers of referrals, and the directory's line of a partner, as rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.store import sql

SQL = sql.load(__file__)


def next_number(conn: Any, region_id: str, day: date) -> int:
    """Who comes second waits for the first."""
    row = conn.execute(SQL["next_number"], {"region_id": region_id, "day": day}).fetchone()
    return int(row[0])


def partners(conn: Any, region_id: str, kind: str) -> list[str]:
    return [row[0] for row in conn.execute(SQL["partners"], {"region_id": region_id, "kind": kind}).fetchall()]


def partner(conn: Any, region_id: str, organisation: str, kind: str) -> dict[str, Any] | None:
    key = {"region_id": region_id, "organisation": organisation, "kind": kind}
    row = conn.execute(SQL["partner"], key).fetchone()
    return dict(row[0]) if row else None
