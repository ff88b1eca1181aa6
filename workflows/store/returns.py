"""Rows of individual returns, of the institutions named and no others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from psycopg import Connection

from workflows.store.people import Row, rows


def births(conn: Connection[Any], region_id: str, first: date, last: date, places: Collection[str]) -> list[Row]:
    return rows(conn, "return_births", **_asked(region_id, first, last, places))


def deaths(conn: Connection[Any], region_id: str, first: date, last: date, places: Collection[str]) -> list[Row]:
    return rows(conn, "return_deaths", **_asked(region_id, first, last, places))


def newborn_deaths(
    conn: Connection[Any], region_id: str, first: date, last: date, places: Collection[str]
) -> list[Row]:
    return rows(conn, "return_newborn_deaths", **_asked(region_id, first, last, places))


def _asked(region_id: str, first: date, last: date, places: Collection[str]) -> Row:
    return {"region_id": region_id, "first": first, "last": last, "organisations": sorted(places)}
