"""Questions about women, for lists and pages: a few statements whatever the number of women."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from engine.store import sql
from fhir_adapters.search.index import fold, hashed
from fhir_adapters.store.texts import Stored

SQL = sql.load(__file__)
ENDED = ("finished", "cancelled", "entered-in-error")


def women(conn: Connection[Any], region_id: str, ids: Sequence[str]) -> dict[str, Stored]:
    return dict(_rows(conn, "women_of_pregnancies", region_id, ids))


def patients(conn: Connection[Any], region_id: str, ids: Sequence[str]) -> list[Stored]:
    """By their own ids."""
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(SQL["patients"], {"region_id": region_id, "ids": list(ids)}).fetchall()


def observations(
    conn: Connection[Any], region_id: str, ids: Sequence[str], codes: Sequence[str]
) -> list[tuple[str, Stored]]:
    tokens = [hashed(region_id, "Observation", "code", code) for code in codes]
    return _rows(conn, "observations_of_pregnancies", region_id, ids, tokens=tokens)


def find(conn: Connection[Any], region_id: str, words: str, organisations: Collection[str]) -> list[str]:
    """Ids of cases."""
    folded = fold(words)
    escaped = folded.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    key = {"region_id": region_id, "words": folded, "holds": f"%{escaped}%", "organisations": sorted(organisations)}
    return [row[0] for row in conn.execute(SQL["find_women"], key).fetchall()]


def named(conn: Connection[Any], region_id: str, name: str) -> list[str]:
    """Ids of patients."""
    rows = conn.execute(SQL["patients_named"], {"region_id": region_id, "words": fold(name)}).fetchall()
    return [row[0] for row in rows]


def tasks_about(conn: Connection[Any], region_id: str, patient_id: str) -> list[UUID]:
    """Ids of user tasks in any state."""
    rows = conn.execute(SQL["tasks_about"], {"region_id": region_id, "patient_id": patient_id}).fetchall()
    return [row[0] for row in rows]


def take_into_case(
    conn: Connection[Any], region_id: str, patient_id: str, pregnancy_id: str, observations: Sequence[str]
) -> None:
    key = {"region_id": region_id, "patient_id": patient_id, "episode_id": pregnancy_id, "ids": list(observations)}
    conn.execute(SQL["take_into_case"], key)


def newest_case(conn: Connection[Any], region_id: str, patient_id: str) -> str | None:
    ended = [hashed(region_id, "EpisodeOfCare", "status", status) for status in ENDED]
    key = {"region_id": region_id, "patient_id": patient_id, "ended": ended}
    row = conn.execute(SQL["newest_case"], key).fetchone()
    return row[0] if row else None


def _rows(
    conn: Connection[Any], name: str, region_id: str, ids: Sequence[str], **more: Any
) -> list[tuple[str, Stored]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL[name], {"region_id": region_id, "ids": list(ids), **more}).fetchall()
    return [(row.pop("pregnancy_id"), Stored(**row)) for row in rows]
