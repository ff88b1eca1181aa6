"""One subscription's turn: handshake, then its events in order, one request at a time, resting after a failure.

Whoever runs this holds the subscription for itself. A process that dies between the receiver's answer and our note of
it makes the event come once more, under the same number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fhir_adapters import access, delivery
from fhir_adapters.access import Viewer
from fhir_adapters.delivery import NotAllowed, NotTaken, Target
from fhir_adapters.store.subscriptions import Event, Subscribed, Subscriptions
from fhir_adapters.subscriptions.notices import Notice, notice
from fhir_adapters.subscriptions.numbering import wish_of
from fhir_adapters.subscriptions.wishes import Wish

log = logging.getLogger(__name__)

RESTS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)
LAST_REST = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)
POISON_AFTER = 20  # tries of one event, by a receiver that takes others
OWNER = "R-ITADM"
GONE = 410
BASE_ONLY = (404, 405)  # what the base of a FHIR server may say to an empty POST


@dataclass(frozen=True, kw_only=True)
class Sender:
    """`clock` is the installation's; `wall` is what a receiver compares a signature with. `viewer_of` answers None for
    a client that is registered no more."""

    region_id: str
    base: str
    clock: Callable[[], datetime]
    wall: Callable[[], datetime]
    viewer_of: Callable[[Any, Subscribed], Viewer | None]

    def serve(self, conn: Any, id_: str, *, most: int = 500, going: Callable[[], bool] = lambda: True) -> int:
        """What is due of one subscription, `most` requests of it; 0 also where another process speaks for it. `conn`
        is outside of any transaction."""
        rows, done = Subscriptions(conn, self.region_id), 0
        if not rows.try_sender(id_):
            return 0
        try:
            while done < most and going() and self._turn(rows, id_):
                done += 1
        finally:
            rows.leave_sender(id_)
        return done

    def _turn(self, rows: Subscriptions, id_: str) -> bool:
        """One request. False when nothing is due."""
        found, now = rows.one(id_), self.clock()
        if found is None or found.due_at is None or found.due_at > now:
            return False
        wish, viewer = wish_of(found), self.viewer_of(rows.conn, found)
        if found.ends_at is not None and found.ends_at <= now:
            rows.rest(found, now=now, status="off", due_at=None, problem=None)
            return False
        if viewer is None:
            rows.rest(found, now=now, status="off", due_at=None, problem="系统已停用 / the client is not active")
            return False
        events = self._next(rows, found, wish) if found.status == "active" else []
        kind = "handshake" if found.status == "requested" else "event-notification" if events else "heartbeat"
        if kind == "heartbeat" and not self._heartbeat_is_due(found, wish, now):
            rows.move_on(found, found.sent_number, now=now, next_at=self._heartbeat_at(found.told_at, wish), told=False)
            return False
        try:
            self._send(rows, found, wish, kind, events, viewer)
        except NotTaken as error:
            self._failed(rows, found, wish, events, error, viewer)
            return True
        number = events[-1].number if events else found.sent_number
        rows.move_on(found, number, now=now, next_at=self._heartbeat_at(now, wish))
        return True

    def _next(self, rows: Subscriptions, found: Subscribed, wish: Wish) -> list[Event]:
        """What follows; after a failure one at a time, so that the one that cannot be taken is found."""
        limit = 1 if found.attempts or wish.topic is None else wish.max_count
        return rows.events(found.id, found.sent_number + 1, found.event_count, limit)

    def _send(
        self, rows: Subscriptions, found: Subscribed, wish: Wish, kind: str, events: Sequence[Event], viewer: Viewer
    ) -> None:
        endpoint = delivery.allowed(wish.endpoint, rows.endpoints(found.client_id))
        if endpoint is None:
            raise NotAllowed("地址未登记 / the address is not registered")
        made = self._notice(rows, found, wish, kind, events, viewer)
        target = Target(url=wish.endpoint, endpoint=endpoint, timeout_s=wish.timeout_s)
        try:
            delivery.send(target, made, dict(wish.headers), self.wall())
        except NotTaken as error:
            is_base = kind == "handshake" and wish.topic is None and wish.content == "full-resource"
            if not (is_base and error.status in BASE_ONLY):
                raise

    def _notice(
        self, rows: Subscriptions, found: Subscribed, wish: Wish, kind: str, events: Sequence[Event], viewer: Viewer
    ) -> Notice:
        """With the rights that the receiver has at this moment."""
        inside = (event.stored for event in events if viewer.sees(rows.region_id, event.stored))
        named = {(stored.type, stored.id) for stored in inside}
        readable = sorted(one for one in named if access.allows(found.scopes, one[0], "read"))
        seen = rows.visible(viewer, readable)
        return notice(found, wish, kind, events, base=self.base, now=self.clock(), seen=seen)

    def _failed(
        self,
        rows: Subscriptions,
        found: Subscribed,
        wish: Wish,
        events: Sequence[Event],
        error: NotTaken,
        viewer: Viewer,
    ) -> None:
        now = self.clock()
        log.info("subscription %s: %s", found.id, error.problem)
        if error.status == GONE:
            rows.rest(found, now=now, status="off", due_at=None, problem=error.problem)
        elif isinstance(error, NotAllowed) or now - (found.failing_since or now) >= GIVE_UP_AFTER:
            log.error("subscription %s is given up: %s", found.id, error.problem)
            rows.rest(found, now=now, status="error", due_at=None, problem=error.problem, owner=OWNER)
        elif (
            found.status == "requested"
            and error.status is not None
            and 400 <= error.status < 500
            and error.after is None
        ):
            rows.rest(found, now=now, status="error", due_at=None, problem=error.problem, owner=OWNER)
        elif events and found.attempts + 1 >= POISON_AFTER and self._takes_others(rows, found, wish, viewer):
            number = events[0].number
            log.error("subscription %s: event %d is parked: %s", found.id, number, error.problem)
            problem = f"事件 {number} 被拒收，已搁置 / event {number} was refused and is parked ({error.problem})"
            rows.move_on(found, number, now=now, next_at=None, told=False, problem=problem, owner=OWNER)
        else:
            rest = error.after or (RESTS[found.attempts] if found.attempts < len(RESTS) else LAST_REST)
            rows.rest(found, now=now, status=found.status, due_at=now + rest, problem=error.problem)

    def _takes_others(self, rows: Subscriptions, found: Subscribed, wish: Wish, viewer: Viewer) -> bool:
        """Whether the receiver is well, and it is the event: it takes what says nothing."""
        try:
            self._send(rows, found, wish, "heartbeat", [], viewer)
        except NotTaken:
            return False
        return True

    def _heartbeat_at(self, told_at: datetime | None, wish: Wish) -> datetime | None:
        if wish.heartbeat_s is None or wish.topic is None:
            return None
        return (told_at or self.clock()) + timedelta(seconds=wish.heartbeat_s)

    def _heartbeat_is_due(self, found: Subscribed, wish: Wish, now: datetime) -> bool:
        due = self._heartbeat_at(found.told_at, wish)
        return due is not None and due <= now
