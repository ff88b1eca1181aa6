"""What arrived and is not settled: bursts of results, and what waits for a person. Each function sends
what its name says on the connection it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from engine.store import sql
from engine.store.wire import Asked, Wire, ask, tell

SQL = sql.load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """What a person is to decide about a resource."""

    id: UUID
    kind: str
    source: str
    type: str | None
    resource_id: str | None
    version: int | None
    patient_id: str | None
    reason: str
    at: datetime
    state: str
    episode_id: str | None
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Results of a case that wait for others. `observed`: of each fact, when; `results`: how many brought them."""

    facts: dict[str, Any]
    observed: dict[str, str]
    results: int


def note_burst(
    conn: Connection[Any] | Wire,
    region_id: str,
    episode_id: str,
    burst: Burst,
    *,
    now: datetime,
    quiet: timedelta,
    longest: timedelta,
) -> None:
    given = {"facts": Jsonb(burst.facts), "observed": Jsonb(burst.observed), "results": burst.results}
    given |= {"now": now, "quiet": quiet, "longest": longest}
    tell(conn, SQL["note_burst"], {"region_id": region_id, "episode_id": episode_id, **given})


def bursts_of(conn: Asked, region_id: str, episode_ids: Sequence[str]) -> dict[str, Burst]:
    """By case; without those of which nothing waits."""
    rows = ask(conn, SQL["bursts_of"], {"region_id": region_id, "episode_ids": list(episode_ids)})
    return {row[0]: Burst(facts=row[1], observed=row[2], results=row[3]) for row in rows}


def end_bursts(conn: Asked, region_id: str, told: Mapping[str, Burst]) -> bool:
    """False when one of them is not as it was read."""
    key = {"episode_ids": list(told), "results": [burst.results for burst in told.values()]}
    return len(ask(conn, SQL["end_bursts"], {"region_id": region_id, **key})) == len(told)


def due_bursts(conn: Connection[Any], region_id: str, now: datetime, limit: int) -> list[str]:
    rows = conn.execute(SQL["due_bursts"], {"region_id": region_id, "now": now, "limit": limit}).fetchall()
    return [row[0] for row in rows]


def claim_bursts(conn: Connection[Any], region_id: str, now: datetime, limit: int, among: int) -> list[str]:
    """Of the `among` that have been due longest, those that no other transaction has claimed: nobody else is given
    them until this one ends, however it ends."""
    given = {"region_id": region_id, "now": now, "limit": limit, "among": among}
    return [row[0] for row in conn.execute(SQL["claim_bursts"], given).fetchall()]


def next_burst(conn: Connection[Any], region_id: str) -> datetime | None:
    row = conn.execute(SQL["next_burst"], {"region_id": region_id}).fetchone()
    return row[0] if row else None


def ask_a_person(
    conn: Connection[Any] | Wire,
    region_id: str,
    *,
    kind: str,
    source: str,
    reason: str,
    at: datetime,
    resource: tuple[str, str, int] | None = None,
    patient_id: str | None = None,
) -> None:
    """Once for a version of a resource."""
    type_, id_, version = resource or (None, None, None)
    given = {"kind": kind, "source": source, "reason": reason, "at": at}
    given |= {"type": type_, "resource_id": id_, "version": version, "patient_id": patient_id}
    tell(conn, SQL["add_inbox_item"], {"region_id": region_id, "id": uuid4(), **given})


def caused_by(conn: Connection[Any], region_id: str, type_: str, id_: str) -> list[tuple[str, str | None]]:
    """What the versions of a resource caused, and in which case."""
    rows = conn.execute(SQL["caused_by"], {"region_id": region_id, "type": type_, "id": id_}).fetchall()
    return [(row[0], row[1]) for row in rows]


def last_caused(conn: Connection[Any], region_id: str, type_: str, id_: str, event: str) -> int | None:
    """The version that caused this last. None where none did."""
    key = {"region_id": region_id, "type": type_, "id": id_, "event": event}
    row = conn.execute(SQL["last_caused"], key).fetchone()
    return int(row[0]) if row else None


def inbox(conn: Connection[Any], region_id: str, states: Sequence[str], limit: int) -> list[InboxItem]:
    with conn.cursor(row_factory=class_row(InboxItem)) as cursor:
        return cursor.execute(SQL["inbox"], {"region_id": region_id, "states": list(states), "limit": limit}).fetchall()


def inbox_item(conn: Connection[Any], region_id: str, id_: UUID) -> InboxItem | None:
    """Held until the transaction ends."""
    with conn.cursor(row_factory=class_row(InboxItem)) as cursor:
        return cursor.execute(SQL["inbox_item"], {"region_id": region_id, "id": id_}).fetchone()


def decide(
    conn: Connection[Any], region_id: str, id_: UUID, *, state: str, episode_id: str | None, by: str, now: datetime
) -> bool:
    given = {"state": state, "episode_id": episode_id, "by": by, "now": now}
    return conn.execute(SQL["decide"], {"region_id": region_id, "id": id_, **given}).fetchone() is not None


def belongs_to(conn: Connection[Any], region_id: str, type_: str, id_: str, episode_id: str) -> None:
    key = {"region_id": region_id, "type": type_, "resource_id": id_, "episode_id": episode_id}
    conn.execute(SQL["belongs_to"], key)
