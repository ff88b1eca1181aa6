"""Documents that came from hospitals, byte for byte. They are added, and never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from engine.store import sql
from fhir_adapters.access import Viewer

SQL = sql.load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """`series`: which document this is a version of; `number`: its own. `is_replaced`: a later version came."""

    id: UUID
    patient_id: str
    owner: str
    labels: Sequence[str]
    series: str
    number: str
    code: str
    title: str
    told_at: str | None
    created_at: datetime
    body: bytes  # empty in a list, where the digests tell of it
    size: int | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    is_replaced: bool = False


def add(conn: Connection[Any], region_id: str, came: Came) -> None:
    """Nothing happens where it is there already."""
    came = with_digests(came)
    conn.execute(SQL["add_document_that_came"], {**asdict(came), "labels": list(came.labels), "region_id": region_id})


def with_digests(came: Came) -> Came:
    """As it is, where they are known."""
    if came.sha1 is not None:
        return came
    sha1 = hashlib.sha1(came.body, usedforsecurity=False).digest()
    return replace(came, size=len(came.body), sha1=sha1, sha256=hashlib.sha256(came.body).digest())


def find(
    conn: Connection[Any], region_id: str, viewer: Viewer, *, id_: UUID | None = None, patient_id: str | None = None
) -> list[Came]:
    """One, or a patient's, newest first."""
    given: dict[str, Any] = {"region_id": region_id, "id": id_, "patient_id": patient_id, "viewer": viewer.source}
    given |= {"cleared": list(viewer.cleared), "organisations": list(viewer.organisations)}
    with conn.cursor(row_factory=class_row(Came)) as cursor:
        return [with_digests(one) for one in cursor.execute(SQL["documents_that_came"], given)]
