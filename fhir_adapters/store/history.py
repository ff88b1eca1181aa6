"""What happened to resources of several types, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from engine.store import sql
from fhir_adapters.access import Viewer
from fhir_adapters.store.texts import Stored

SQL = sql.load(__file__)
Before = tuple[datetime, str, str, int]  # time, type, id and version of the last entry of the page before


def of_types(
    conn: Connection[Any],
    region_id: str,
    types: Sequence[str],
    viewer: Viewer,
    *,
    limit: int,
    since: datetime | None = None,
    before: Before | None = None,
) -> list[tuple[Stored, str | None]]:
    """Versions with the patient each is about, as far as the viewer may know of them now."""
    at, type_before, id_before, version_before = before or (None, None, None, None)
    key = {
        "region_id": region_id,
        "types": list(types),
        "limit": limit,
        "since": since,
        "before": at,
        "before_type": type_before,
        "before_id": id_before,
        "before_version": version_before,
        "viewer": viewer.source,
        "restricted": viewer.restricted,
        "organisations": list(viewer.organisations),
    }
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["system_history"], key).fetchall()
    return [(Stored(**{k: v for k, v in row.items() if k != "patient_id"}), row["patient_id"]) for row in rows]
