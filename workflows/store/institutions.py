"""Rows about institutions: periods of their duties, matters between them, their directory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection

from workflows.store.people import Row, rows


def running_duties(conn: Connection[Any], region_id: str) -> set[tuple[str, str]]:
    """Institution and code of every duty that has an open period."""
    return {(r["organisation"], r["code"]) for r in rows(conn, "running_duties", region_id=region_id)}


def duty_periods(
    conn: Connection[Any], region_id: str, organisations: Collection[str], since: date, limit: int
) -> list[Row]:
    asked = {"organisations": sorted(organisations), "since": since, "limit": limit}
    return rows(conn, "duty_periods", region_id=region_id, **asked)


def matters(
    conn: Connection[Any], region_id: str, organisations: Collection[str], kinds: Collection[str], limit: int
) -> list[Row]:
    asked = {"organisations": sorted(organisations), "kinds": sorted(kinds), "limit": limit}
    return rows(conn, "matters", region_id=region_id, **asked)


def last_sheet(conn: Connection[Any], region_id: str, organisation: str) -> UUID | None:
    found = rows(conn, "last_sheet", region_id=region_id, organisation=organisation)
    return found[0]["id"] if found else None


def deaths(conn: Connection[Any], region_id: str, organisation: str, first: date, last: date) -> int:
    asked = {"organisation": organisation, "first": first, "last": last}
    return int(rows(conn, "deaths_of_month", region_id=region_id, **asked)[0]["count"])
