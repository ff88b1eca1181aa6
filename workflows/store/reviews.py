"""Rows of reviews and of recorded duties, for the log, the catalogue of problems and the score."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from psycopg import Connection

from workflows.store.people import Row, rows


def log(conn: Connection[Any], region_id: str, first: date, last: date, places: Collection[str]) -> list[Row]:
    asked = {"region_id": region_id, "first": first, "last": last, "organisations": sorted(places)}
    return rows(conn, "review_log", **asked)


def duties(conn: Connection[Any], region_id: str, first: date, last: date) -> dict[str, tuple[int, int]]:
    """By code: due and done."""
    found = rows(conn, "duty_counts", region_id=region_id, first=first, last=last)
    return {row["code"]: (row["due"], row["done"]) for row in found}


def measures(conn: Connection[Any], region_id: str, first: date, last: date) -> tuple[int, int]:
    (found,) = rows(conn, "measure_counts", region_id=region_id, first=first, last=last)
    return found["due"], found["done"]
