"""Records that became one: what is found under whom afterwards. Runs in the transaction of its connection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from engine.store import sql
from engine.store.wire import ask
from fhir_adapters.search.index import written
from fhir_adapters.store.texts import Stored, elements

SQL = sql.load(__file__)
PATIENT, PREGNANCY = "patient", "pregnancy"


def survivor_of(conn: Any, region_id: str, kind: str, id_: str) -> str | None:
    rows = ask(conn, SQL["survivor_of"], {"region_id": region_id, "kind": kind, "old_id": id_})
    return rows[0][0] if rows else None


def add(conn: Connection[Any], region_id: str, kind: str, old_id: str, survivor_id: str, at: datetime, by: str) -> None:
    key = {"region_id": region_id, "kind": kind, "old_id": old_id, "survivor_id": survivor_id}
    conn.execute(SQL["add_merged"], {**key, "at": at, "by": by})


def all_of_patient(conn: Connection[Any], region_id: str, patient_id: str) -> list[Stored]:
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(SQL["all_of_patient"], {"region_id": region_id, "patient_id": patient_id}).fetchall()


def ownership(conn: Connection[Any], region_id: str, type_: str, id_: str) -> tuple[bool, str | None]:
    """Whether the engine keeps it, and the case it is filed under."""
    row = conn.execute(SQL["owned_by_engine"], {"region_id": region_id, "type": type_, "id": id_}).fetchone()
    assert row is not None
    return row[0], row[1]


def repoint(
    conn: Connection[Any], region_id: str, resource: Mapping[str, Any], patient_id: str, episode_id: str | None
) -> None:
    """`resource` as it would read with the new references: by them it is found, its stored text stays."""
    found = written(region_id, resource, elements(resource))
    key = {"region_id": region_id, "type": resource["resourceType"], "id": resource["id"]}
    conn.execute(
        SQL["repoint"], {**key, "patient_id": patient_id, "episode_id": episode_id, "tokens": f"{{{found.tokens}}}"}
    )


def hand_over_identities(conn: Connection[Any], region_id: str, old_id: str, survivor_id: str) -> None:
    conn.execute(SQL["hand_over_identities"], {"region_id": region_id, "old_id": old_id, "survivor_id": survivor_id})


def open_questions_about(conn: Connection[Any], region_id: str, patient_id: str) -> list[Any]:
    rows = conn.execute(SQL["open_questions_about"], {"region_id": region_id, "patient_id": patient_id}).fetchall()
    return [row[0] for row in rows]
