"""What waits without anybody standing by: timers, process starts, messages without a receiver, incidents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from engine.errors import Text
from engine.store.reads import SQL, Conn

UNMATCHED = ("published", "buffered", "expired", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRow:
    """`parked`: its attempts are spent and an incident says why. `status`: of its instance."""

    instance_id: UUID
    wait_id: int
    element_id: str
    path: str
    due_at: datetime
    misfire: str
    attempts: int
    definition_key: str
    definition_version: int
    business_key: str | None
    status: str
    parked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerStartRow:
    definition_key: str
    definition_version: int
    element_id: str
    timer: str
    due_at: datetime
    attempts: int
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message or signal without a receiver; its payload is not shown. `state`: published (on its way), buffered,
    expired, failed."""

    id: UUID
    kind: str
    name: str
    key: str
    message_id: str | None
    source: UUID | None
    state: str
    attempts: int
    problem: str | None
    published_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """`owner`: who was named, else who deployed the definition."""

    id: UUID
    instance_id: UUID
    definition_key: str
    definition_version: int
    business_key: str | None
    element_id: str
    path: str
    kind: str
    message: Text
    owner: str | None
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


def timers(
    conn: Conn,
    region_id: str,
    *,
    due_before: datetime | None = None,
    instance_id: UUID | None = None,
    definition_key: str | None = None,
    after: tuple[datetime, UUID, int] | None = None,
    limit: int = 100,
) -> list[TimerRow]:
    """Timers in order of due time; `after` the due moment, instance and wait of the last one seen."""
    due, instance, wait = after or (None, None, None)
    asked: dict[str, Any] = {
        "region_id": region_id,
        "due_before": due_before,
        "instance_id": instance_id,
        "definition_key": definition_key,
        "after_due": due,
        "after_instance": instance,
        "after_wait": wait,
        "limit": limit,
    }
    return conn.cursor(row_factory=class_row(TimerRow)).execute(SQL["read_timers"], asked).fetchall()


def timer_starts(conn: Conn, region_id: str, *, limit: int = 100) -> list[TimerStartRow]:
    """Timer start events of the newest versions, soonest first."""
    asked = {"region_id": region_id, "limit": limit}
    return conn.cursor(row_factory=class_row(TimerStartRow)).execute(SQL["read_timer_starts"], asked).fetchall()


def messages(
    conn: Conn,
    region_id: str,
    *,
    states: Collection[str] = UNMATCHED,
    name: str | None = None,
    key: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[MessageRow]:
    """Messages that nobody has received, newest first; `before` the instant and id of the last one seen."""
    at, id = before or (None, None)
    asked: dict[str, Any] = {
        "region_id": region_id,
        "states": list(states),
        "name": name,
        "key": key,
        "before_at": at,
        "before_id": id,
        "limit": limit,
    }
    return conn.cursor(row_factory=class_row(MessageRow)).execute(SQL["read_messages"], asked).fetchall()


def incident_list(
    conn: Conn,
    region_id: str,
    *,
    open: bool | None = True,
    instance_id: UUID | None = None,
    kind: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[IncidentLine]:
    """Incidents, oldest first. `open` None: also those that are over; `after` the instant and id of the last seen."""
    at, id = after or (None, None)
    asked: dict[str, Any] = {
        "region_id": region_id,
        "open": open,
        "instance_id": instance_id,
        "kind": kind,
        "after_at": at,
        "after_id": id,
        "limit": limit,
    }
    rows = conn.cursor(row_factory=dict_row).execute(SQL["read_incident_list"], asked).fetchall()
    return [IncidentLine(message=Text(zh=r.pop("message_zh"), en=r.pop("message_en")), **r) for r in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    destination: str
    stream: UUID
    revision: int
    at: datetime
    events: list[dict[str, Any]]
    state: str
    attempts: int
    due_at: datetime
    problem: str | None


def deliveries(conn: Conn, region_id: str, *, state: str = "dead", limit: int = 100) -> list[DeliveryRow]:
    """What was not delivered: `waiting` or `dead`, oldest first."""
    asked = {"region_id": region_id, "state": state, "limit": limit}
    return conn.cursor(row_factory=class_row(DeliveryRow)).execute(SQL["read_deliveries"], asked).fetchall()
