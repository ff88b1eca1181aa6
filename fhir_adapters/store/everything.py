"""Everything about one patient, or about one of her cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from engine.store import sql
from fhir_adapters.access import Viewer
from fhir_adapters.store import inside, resources
from fhir_adapters.store.texts import Stored
from fhir_adapters.types import PEOPLE_FREE

SQL = sql.load(__file__)
_SUPPORT = re.compile(rf'"reference":"(({"|".join(PEOPLE_FREE)})/[A-Za-z0-9.\-]{{1,64}})"')


def everything(
    conn: Connection[Any],
    region_id: str,
    patient_id: str,
    types: Sequence[str],
    viewer: Viewer,
    *,
    limit: int,
    episode_id: str | None = None,
    since: datetime | None = None,
    after: tuple[str, str] | None = None,
) -> list[Stored]:
    """A page of her resources, of these types, as far as the viewer may know of them."""
    key: dict[str, Any] = {
        "region_id": region_id,
        "patient_id": patient_id,
        "episode_id": episode_id,
        "types": list(types),
        "since": since,
        "viewer": viewer.source,
        "cleared": list(viewer.cleared),
        "organisations": list(viewer.organisations),
    }

    def fetch(most: int, last: Stored | None) -> list[Stored]:
        at = (last.type, last.id) if last else after or (None, None)
        key.update({"limit": most, "after_type": at[0], "after_id": at[1]})
        with conn.cursor(row_factory=class_row(Stored)) as cursor:
            return cursor.execute(SQL["everything_of_patient"], key).fetchall()

    return inside.page(viewer, region_id, limit, fetch, lambda stored: stored)


def supporting(
    conn: Connection[Any], region_id: str, of: Iterable[Stored], types: Iterable[str], viewer: Viewer
) -> list[Stored]:
    """The organisations and people that these resources name."""
    allowed = frozenset(types)
    named = sorted({found for stored in of for found, type_ in _SUPPORT.findall(stored.body) if type_ in allowed})
    pairs = [reference.split("/") for reference in named]
    read = [resources.read(conn, region_id, type_, id_, viewer) for type_, id_ in pairs]
    return [found[0] for found in read if found is not None and not found[0].deleted]
