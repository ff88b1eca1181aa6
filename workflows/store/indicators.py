"""Indicators as the database counts them: by organisation, and the women behind a number."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from workflows.store.people import Row, rows


def counts(conn: Connection[Any], asked: Row) -> list[Row]:
    """indicator, organisation (None: all), numerator, denominator, excluded, median and p90 of what is measured."""
    return rows(conn, "indicator_counts", **asked)


def women(conn: Connection[Any], asked: Row, indicator: str, *, may_know_protected: bool, limit: int) -> list[Row]:
    """The rows of one indicator; who is in it only because of an infectious disease is for those who may know."""
    found = {"indicator": indicator, "may_know_protected": may_know_protected, "limit": limit}
    return rows(conn, "indicator_list", **asked, **found)


def protected(conn: Connection[Any], asked: Row, indicator: str) -> int:
    return int(rows(conn, "indicator_protected", **asked, indicator=indicator)[0]["count"])


def asked(
    region_id: str, first: date, last: date, now: datetime, ddi_minutes: int, organisations: Collection[str] | None
) -> Row:
    """The parameters that all three statements share. `organisations` None: the whole region."""
    return {
        "region_id": region_id,
        "first": first,
        "last": last,
        "now": now,
        "ddi_minutes": ddi_minutes,
        "organisations": sorted(organisations) if organisations is not None else None,
    }
