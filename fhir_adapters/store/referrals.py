"""The steps of referrals as rows: what each side did, and what the other side is still to be told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from engine.store import sql
from fhir_adapters.mappings.referral import Step, happened

SQL = sql.load(__file__)
ORDER = [
    *("requested", "received", "accepted", "refused", "departed"),
    *("arrived", "onward", "returned", "no-show", "withdrawn"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A step as it is stored. `state`: kept (the other side has no installation of its own, or it was theirs), waiting,
    sent, refused."""

    referral_no: str
    centre_no: int
    step: str
    instance_id: UUID
    patient_id: str | None
    organisation: str | None
    by: str
    counterpart: str | None
    happened_at: datetime
    recorded_at: datetime
    body: Mapping[str, Any]
    state: str
    attempts: int
    due_at: datetime | None
    told_at: datetime | None
    problem: str | None


def parameters(region_id: str, at: datetime, instance_id: Any, patient_id: str | None, step: Step) -> dict[str, Any]:
    """What `note_step` takes."""
    return {
        "region_id": region_id,
        "referral_no": step.referral_no,
        "centre_no": step.centre_no,
        "step": step.step,
        "instance_id": instance_id,
        "patient_id": patient_id,
        "organisation": step.organisation,
        "by": step.by,
        "counterpart": step.counterpart,
        "happened_at": happened(step),
        "recorded_at": at,
        "body": Jsonb(dict(step.body)),
        "ours": step.ours,
    }


def note(
    conn: Connection[Any], region_id: str, at: datetime, instance_id: UUID, patient_id: str | None, step: Step
) -> None:
    conn.execute(SQL["note_step"], parameters(region_id, at, instance_id, patient_id, step))


def counterparts_due(conn: Connection[Any], region_id: str, now: datetime) -> list[str | None]:
    return [row[0] for row in conn.execute(SQL["counterparts_due"], {"region_id": region_id, "now": now}).fetchall()]


@contextmanager
def held(conn: Connection[Any], region_id: str, counterpart: str | None) -> Iterator[bool]:
    """Whether this connection is the one that tells this counterpart; it lets go when the connection goes."""
    key = {"region_id": region_id, "counterpart": counterpart or ""}
    ((is_held,),) = conn.execute(SQL["hold_counterpart"], key).fetchall()
    try:
        yield is_held
    finally:
        if is_held:
            conn.execute(SQL["leave_counterpart"], key)


def next_to_tell(conn: Connection[Any], region_id: str, counterpart: str | None, now: datetime) -> Told | None:
    with conn.cursor(row_factory=class_row(Told)) as cursor:
        key = {"region_id": region_id, "counterpart": counterpart, "now": now, "order": ORDER}
        return cursor.execute(SQL["next_to_tell"], key).fetchone()


def rest(conn: Connection[Any], region_id: str, counterpart: str | None, due_at: datetime) -> None:
    """Every step for it that would be due earlier."""
    conn.execute(SQL["rest_of_counterpart"], {"region_id": region_id, "counterpart": counterpart, "due_at": due_at})


def settle(
    conn: Connection[Any],
    region_id: str,
    told: Told,
    *,
    state: str,
    due_at: datetime | None = None,
    told_at: datetime | None = None,
    problem: str | None = None,
) -> None:
    key = {"referral_no": told.referral_no, "centre_no": told.centre_no, "step": told.step}
    given = {"state": state, "attempts": told.attempts + 1, "due_at": due_at, "told_at": told_at, "problem": problem}
    conn.execute(SQL["settle_step"], {"region_id": region_id, **key, **given})


def steps(conn: Connection[Any], region_id: str, referral_no: str) -> list[Told]:
    with conn.cursor(row_factory=class_row(Told)) as cursor:
        key = {"region_id": region_id, "referral_no": referral_no, "order": ORDER}
        return cursor.execute(SQL["steps"], key).fetchall()


def instance_of(conn: Connection[Any], region_id: str, referral_no: str) -> UUID | None:
    row = conn.execute(SQL["instance_of"], {"region_id": region_id, "referral_no": referral_no}).fetchone()
    return row[0] if row else None


def recent(
    conn: Connection[Any], region_id: str, organisations: Collection[str], limit: int = 200
) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        key = {"region_id": region_id, "organisations": sorted(organisations), "limit": limit, "order": ORDER}
        return cursor.execute(SQL["recent"], key).fetchall()
