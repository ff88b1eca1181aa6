"""Documents that were given out, as rows. They are added, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from engine.store import sql
from fhir_adapters.access import Viewer
from fhir_adapters.types import LABELS

SQL = sql.load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`body`: the Bundle as it was given out, or as it came, to the letter. `episode_id`: None where she has no case
    here. `came_from`: the institution that sent it; None for our own."""

    id: UUID
    kind: str
    patient_id: str
    episode_id: str | None
    owner: str
    labels: Sequence[str]
    created_at: datetime
    replaces: UUID | None
    body: str
    is_replaced: bool = False
    referral_no: str | None = None
    came_from: str | None = None


def add(conn: Connection[Any], region_id: str, kept: Kept) -> None:
    """Nothing happens where it is there already: a number is given once, and what stands under it never changes."""
    names = ("id", "kind", "patient_id", "episode_id", "owner", "replaces", "body", "referral_no", "came_from")
    given = {name: getattr(kept, name) for name in names}
    conn.execute(
        SQL["add_document"],
        {"region_id": region_id, "labels": list(kept.labels), "now": kept.created_at, **given},
    )


def find(
    conn: Connection[Any], region_id: str, viewer: Viewer, *, id_: UUID | None = None, patient_id: str | None = None
) -> list[Kept]:
    """One, or a patient's, newest first."""
    given: dict[str, Any] = {"region_id": region_id, "id": id_, "patient_id": patient_id, "viewer": viewer.source}
    given |= {"cleared": list(viewer.cleared), "organisations": list(viewer.organisations)}
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(SQL["documents"], given).fetchall()


def of_referral(conn: Connection[Any], region_id: str, referral_no: str, *, restricted: bool) -> list[Kept]:
    """Those that belong to a referral, for its two sides, oldest first."""
    given = {"region_id": region_id, "referral_no": referral_no, "cleared": list(LABELS) if restricted else []}
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(SQL["documents_of_referral"], given).fetchall()
