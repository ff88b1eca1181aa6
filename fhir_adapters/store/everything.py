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
from fhir_adapters.store import resources
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
    key = {
        "region_id": region_id,
        "patient_id": patient_id,
        "episode_id": episode_id,
        "types": list(types),
        "since": since,
        "limit": limit,
        "viewer": viewer.source,
        "restricted": viewer.restricted,
        "organisations": list(viewer.organisations),
        "after_type": after[0] if after else None,
        "after_id": after[1] if after else None,
    }
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(SQL["everything_of_patient"], key).fetchall()


def supporting(
    conn: Connection[Any], region_id: str, of: Iterable[Stored], types: Iterable[str], viewer: Viewer
) -> list[Stored]:
    """The organisations and people that these resources name."""
    allowed = frozenset(types)
    named = sorted({found for stored in of for found, type_ in _SUPPORT.findall(stored.body) if type_ in allowed})
    pairs = [reference.split("/") for reference in named]
    read = [resources.read(conn, region_id, type_, id_, viewer) for type_, id_ in pairs]
    return [found[0] for found in read if found is not None and not found[0].deleted]
