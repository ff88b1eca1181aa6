"""What happened to resources of several types, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from engine.store import sql
from fhir_adapters.access import Viewer
from fhir_adapters.store import inside
from fhir_adapters.store.texts import Stored
from fhir_adapters.types import PEOPLE_FREE

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
    at: tuple[datetime, datetime] | None = None,
    before: Before | None = None,
) -> list[tuple[Stored, str | None]]:
    """Versions with the patient each is about, as far as the viewer may know of them now. `at`: those that were current
    at some moment of it."""
    about = {viewer.about(type_) for type_ in types if type_ not in PEOPLE_FREE}
    key: dict[str, Any] = {
        "region_id": region_id,
        "types": list(types),
        "since": since,
        "at_low": at[0] if at else None,
        "at_high": at[1] if at else None,
        "about": about.pop() if len(about) == 1 else None,
        "viewer": viewer.source,
        "cleared": list(viewer.cleared),
        "organisations": list(viewer.organisations),
    }

    def fetch(most: int, last: tuple[Stored, str | None] | None) -> list[tuple[Stored, str | None]]:
        newest = (last[0].updated_at, last[0].type, last[0].id, last[0].version) if last else before
        moment, type_before, id_before, version_before = newest or (None, None, None, None)
        key.update({"limit": most, "before": moment, "before_type": type_before})
        key.update({"before_id": id_before, "before_version": version_before})
        with conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(SQL["system_history"], key).fetchall()
        return [(Stored(**{k: v for k, v in row.items() if k != "patient_id"}), row["patient_id"]) for row in rows]

    return inside.page(viewer, region_id, limit, fetch, itemgetter(0))
