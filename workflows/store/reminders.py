"""Visits that women are to be reminded of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from workflows.store.people import Row, row, rows, run


def visits(
    conn: Connection[Any], region_id: str, elements: Sequence[str], days: Sequence[date], organisations: Sequence[str]
) -> list[Row]:
    asked = {"elements": list(elements), "days": list(days), "organisations": list(organisations)}
    return rows(conn, "visits_to_remind_of", region_id=region_id, **asked)


def consents(conn: Connection[Any], region_id: str, patients: Sequence[str]) -> dict[str, Row]:
    """By woman, what she said last; who was never asked is not there."""
    found = rows(conn, "text_consents", region_id=region_id, patients=list(patients))
    return {one["patient_id"]: one for one in found}


def add_consent(conn: Connection[Any], region_id: str, patient_id: str, agreed: bool, by: str, now: datetime) -> None:
    run(conn, "add_text_consent", region_id=region_id, patient_id=patient_id, agreed=agreed, by=by, now=now)


@contextmanager
def held(conn: Connection[Any], region_id: str, id: UUID) -> Iterator[bool]:
    """Whether this reminder is ours to try; inside nobody else tries it. `conn` is nobody else's."""
    key = {"region_id": region_id, "id": str(id)}
    found = row(conn, "hold_text", **key)
    is_held = found is not None and bool(found["is_held"])
    try:
        yield is_held
    finally:
        if is_held and not conn.broken:
            row(conn, "let_text_go", **key)


def take(conn: Connection[Any], region_id: str, now: datetime, **text: Any) -> int | None:
    """How many times it was tried, this one counted; None where it is not to be tried now."""
    found = row(conn, "take_text", region_id=region_id, now=now, **text)
    return None if found is None else int(found["attempts"])


def settle(conn: Connection[Any], region_id: str, id: UUID, attempts: int, state: str, problem: str | None) -> None:
    """What became of attempt number `attempts`."""
    run(conn, "settle_text", region_id=region_id, id=id, attempts=attempts, state=state, problem=problem)


def texts_of_case(conn: Connection[Any], region_id: str, pregnancy_id: str) -> list[Row]:
    return rows(conn, "texts_of_case", region_id=region_id, pregnancy_id=pregnancy_id)
