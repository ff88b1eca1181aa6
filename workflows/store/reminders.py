"""Visits that women are to be reminded of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg import Connection

from workflows.store.people import Row, rows


def visits(
    conn: Connection[Any], region_id: str, elements: Sequence[str], days: Sequence[date], organisations: Sequence[str]
) -> list[Row]:
    asked = {"elements": list(elements), "days": list(days), "organisations": list(organisations)}
    return rows(conn, "visits_to_remind_of", region_id=region_id, **asked)
