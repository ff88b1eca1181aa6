"""Subscriptions, their numbered events and the addresses they go to, as rows. Each function sends what its name says
on the connection it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, Error
from psycopg.rows import class_row, dict_row

from engine.store import plain, sql
from fhir_adapters.access import Viewer, granted
from fhir_adapters.store.texts import Stored

SQL = sql.load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """One subscription as it stands. `sent_number`: everything up to there is done with."""

    id: str
    client_id: UUID
    client: str
    registered: Sequence[str]
    asked: Sequence[str] | None
    version: int
    updated_at: datetime
    status: str
    types: Sequence[str]
    body: str
    ends_at: datetime | None
    event_count: int
    sent_number: int
    due_at: datetime | None
    attempts: int
    failing_since: datetime | None
    told_at: datetime | None
    problem: str | None
    owner: str | None

    @property
    def scopes(self) -> frozenset[str]:
        """Those of the token that made it, as far as the system has them still."""
        return granted(" ".join(self.asked), self.registered) if self.asked else frozenset(self.registered)

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'

    def resource(self) -> dict[str, Any]:
        """As its owner reads it: what was sent, with where it stands."""
        found: dict[str, Any] = {"resourceType": "Subscription", "id": self.id}
        stamp = self.updated_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found |= {"meta": {"versionId": str(self.version), "lastUpdated": stamp}, **plain.read(self.body)}
        found["status"] = self.status
        return found | ({"error": self.problem} if self.problem else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A new version that somebody may want to know of, with the one before it."""

    after: Stored
    before: Stored | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    number: int
    at: datetime
    sent_at: datetime | None
    parked: bool
    stored: Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many subscriptions, how many events they were not told, and since when the first of those waits."""

    count: int = 0
    events: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address that a client may be told at, what below it included. `secrets`: newest first."""

    address: str
    network: str
    secrets: Sequence[str]
    created_at: datetime


class Subscriptions:
    """The rows of one region."""

    def __init__(self, conn: Connection[Any], region_id: str) -> None:
        self.conn, self.region_id = conn, region_id

    def _run(self, name: str, **values: Any) -> Any:
        return self.conn.execute(SQL[name], {"region_id": self.region_id, **values})

    def _value(self, name: str, **values: Any) -> Any:
        row = self._run(name, **values).fetchone()
        return row[0] if row else None

    def add(self, id_: str, client_id: UUID, *, now: datetime, **what: Any) -> None:
        """`what`: status, types, body, ends_at, scopes."""
        self._run("add_subscription", id=id_, client_id=client_id, now=now, **what)

    def change(self, found: Subscribed, *, now: datetime, **what: Any) -> bool:
        """False where somebody else was faster."""
        return self._value("change_subscription", id=found.id, version=found.version, now=now, **what) is not None

    def delete(self, id_: str) -> None:
        self._run("delete_subscription", id=id_)

    def of(
        self, *, client_id: UUID | None = None, id_: str | None = None, status: str | None = None
    ) -> list[Subscribed]:
        with self.conn.cursor(row_factory=class_row(Subscribed)) as cursor:
            asked = {"region_id": self.region_id, "client_id": client_id, "id": id_, "status": status}
            return cursor.execute(SQL["subscriptions"], asked).fetchall()

    def one(self, id_: str, client_id: UUID | None = None) -> Subscribed | None:
        found = self.of(client_id=client_id, id_=id_)
        return found[0] if found else None

    def backlogs(self) -> dict[str, Backlog]:
        """By state; states that none is in are left out."""
        rows = self._run("backlogs").fetchall()
        return {state: Backlog(count=count, events=int(events), since=since) for state, count, events, since in rows}

    def has_changes(self) -> bool:
        return bool(self._value("has_changes"))

    def may_number(self) -> bool:
        """Until the transaction ends nobody else gives numbers."""
        return bool(self._value("try_numbering"))

    def watching(self) -> list[Subscribed]:
        with self.conn.cursor(row_factory=class_row(Subscribed)) as cursor:
            return cursor.execute(SQL["watching"], {"region_id": self.region_id}).fetchall()

    def take_changes(self, limit: int) -> list[Change]:
        with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(SQL["take_changes"], {"region_id": self.region_id, "limit": limit}).fetchall()
        return [_change(row) for row in rows]

    def visible(self, viewer: Viewer, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bool]:
        """Those of these resources that the viewer may know of, and whether each bears a label."""
        types, ids = [type_ for type_, _ in wanted], [id_ for _, id_ in wanted]
        view = {"cleared": list(viewer.cleared), "viewer": viewer.source, "organisations": list(viewer.organisations)}
        rows = self._run("visible_of", types=types, ids=ids, **view).fetchall() if wanted else []
        return {(type_, id_): labelled for type_, id_, labelled in rows}

    def add_events(self, found: Subscribed, events: Sequence[Stored], *, now: datetime) -> None:
        """They get the next numbers, in this order. In a transaction that holds the subscription."""
        columns = {
            "types": [one.type for one in events],
            "ids": [one.id for one in events],
            "versions": [one.version for one in events],
            "deleted": [one.deleted for one in events],
            "ats": [one.updated_at for one in events],
        }
        self._run("add_events", subscription_id=found.id, first=found.event_count + 1, **columns)
        self._run("raise_count", id=found.id, count=len(events), now=now)

    def due(self, now: datetime, limit: int) -> list[str]:
        return [row[0] for row in self._run("due_subscriptions", now=now, limit=limit).fetchall()]

    def try_sender(self, id_: str) -> bool:
        """Speak for it alone, as long as this connection lives or until `leave_sender`."""
        return bool(self._value("try_sender", id=id_))

    def leave_sender(self, id_: str) -> None:
        with suppress(Error):  # a connection that is gone has let go already
            self._run("leave_sender", id=id_)

    def events(self, id_: str, first: int, last: int, limit: int) -> list[Event]:
        with self.conn.cursor(row_factory=dict_row) as cursor:
            asked = {"region_id": self.region_id, "id": id_, "first": first, "last": last, "limit": limit}
            return [_event(row) for row in cursor.execute(SQL["events"], asked).fetchall()]

    def move_on(
        self,
        found: Subscribed,
        number: int,
        *,
        now: datetime,
        next_at: datetime | None,
        told: bool = True,
        problem: str | None = None,
        owner: str | None = None,
    ) -> None:
        if number > found.sent_number:
            first = found.sent_number + 1
            self._run("mark_sent", id=found.id, first=first, last=number, now=now, parked=problem is not None)
        given = {"version": found.version, "told": told, "problem": problem, "owner": owner}
        self._run("move_on", id=found.id, number=number, now=now, next_at=next_at, **given)

    def rest(
        self,
        found: Subscribed,
        *,
        now: datetime,
        status: str,
        due_at: datetime | None,
        problem: str | None,
        owner: str | None = None,
    ) -> None:
        given = {"version": found.version, "status": status, "due_at": due_at, "problem": problem, "owner": owner}
        self._run("rest", id=found.id, now=now, **given)

    def rewind(self, id_: str, number: int, *, now: datetime) -> bool:
        return self._value("rewind", id=id_, number=number, now=now) is not None

    def oldest_kept(self, id_: str) -> int:
        return int(self._value("oldest_kept", id=id_))

    def oldest_waiting(self, found: Subscribed) -> datetime | None:
        at: datetime | None = self._value("oldest_waiting", id=found.id, number=found.sent_number)
        return at

    def parked(self, id_: str) -> list[int]:
        return [row[0] for row in self._run("parked_of", id=id_).fetchall()]

    def forget(self, now: datetime) -> int:
        gone = self._run("forget_events", now=now).rowcount
        if gone:
            self._run("skip_forgotten")
        return int(gone)

    def endpoints(self, client_id: UUID) -> list[Endpoint]:
        with self.conn.cursor(row_factory=class_row(Endpoint)) as cursor:
            asked = {"region_id": self.region_id, "client_id": client_id}
            return cursor.execute(SQL["endpoints"], asked).fetchall()

    def put_endpoint(self, client_id: UUID, address: str, network: str, secrets: Sequence[str], now: datetime) -> None:
        given = {"address": address, "network": network, "secrets": list(secrets), "now": now}
        self._run("put_endpoint", client_id=client_id, **given)

    def remove_endpoint(self, client_id: UUID, address: str) -> bool:
        return bool(self._run("remove_endpoint", client_id=client_id, address=address).rowcount)


def _change(row: Mapping[str, Any]) -> Change:
    key = {"type": row["type"], "id": row["id"], "updated_at": row["at"], "source": ""}
    after = Stored(**key, version=row["version"], deleted=row["deleted"], body=row["body"], meta=row["meta"])
    if row["body_before"] is None or row["deleted_before"]:
        return Change(after=after, before=None)
    parts = {"body": row["body_before"], "meta": row["meta_before"]}
    return Change(after=after, before=Stored(**key, version=row["version"] - 1, deleted=False, **parts))


def _event(row: Mapping[str, Any]) -> Event:
    names = ("type", "id", "version", "updated_at", "deleted", "source", "body", "meta")
    stored = Stored(**{name: row[name] for name in names})
    return Event(number=row["number"], at=row["at"], sent_at=row["sent_at"], parked=row["parked"], stored=stored)
