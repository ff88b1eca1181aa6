"""What others are told after the commit: each destination everything it wants, in the order of each instance, at least
once, each piece under a key that the receiver can know it by again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.commands.backoff import rest_after
from engine.commands.contracts import Actor, ClaimDeliveries, Delivered, DeliveryFailed, MoveOutbox
from engine.commands.records import ClaimedDelivery, DueWork

if TYPE_CHECKING:
    from engine.engine import Engine

log = logging.getLogger(__name__)

ENGINE = Actor(id="engine", kind="engine")
GIVE_UP_AFTER = timedelta(hours=72)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One step of one instance, for one destination. `events`: [{"event", "id"}]."""

    destination: str
    stream: UUID  # the instance
    revision: int
    at: datetime
    events: Sequence[Mapping[str, Any]]
    attempts: int = 1

    @property
    def key(self) -> str:
        return f"{self.stream}:{self.revision}:{self.destination}"


@dataclass(frozen=True, kw_only=True)
class Destination:
    """`wants` names the events it is told of, None all. `send` may be called twice with one entry; it raises `Later`
    when the receiver says when to come again, `Never` when it will never take this one, anything else to try again."""

    name: str
    send: Callable[[Entry], None]
    wants: frozenset[str] | None = None


class Later(Exception):
    """The receiver asks for a rest."""

    def __init__(self, message: str, after: timedelta) -> None:
        super().__init__(message)
        self.after = after


class Never(Exception):
    """The receiver refused it for good: it goes to the dead letters at once."""


def dispatch(engine: Engine, destinations: Sequence[Destination], *, limit: int = 100) -> int:
    """One round: what steps left in the outbox is laid out for each destination, then what is due is sent. Any number
    of processes may do this at once. Answers how many were sent."""
    if not destinations:
        return 0
    by_name = {destination.name: destination for destination in destinations}
    wanted = {name: None if d.wants is None else tuple(sorted(d.wants)) for name, d in by_name.items()}
    engine.execute(MoveOutbox(wanted=wanted, limit=10 * limit), by=ENGINE)
    sent = 0
    for _ in range(limit):
        entries: list[Entry] = engine.execute(ClaimDeliveries(destinations=tuple(by_name), limit=1), by=ENGINE)
        if not entries:
            break
        sent += _send(engine, by_name[entries[0].destination], entries[0])
    return sent


def _send(engine: Engine, destination: Destination, entry: Entry) -> int:
    place: dict[str, Any] = {"destination": entry.destination, "stream": entry.stream, "revision": entry.revision}
    held = DueWork(deliveries=(ClaimedDelivery(**place, attempts=entry.attempts),))
    try:
        with engine.leases.held(held):
            destination.send(entry)
    except Exception as error:
        log.info("%s: %s", entry.key, error)
        rest = error.after if isinstance(error, Later) else rest_after(entry.attempts, entry.key)
        problem = f"{type(error).__name__}: {error}"
        failed = DeliveryFailed(
            **place, problem=problem, back_off=rest, dead=isinstance(error, Never), attempts=entry.attempts
        )
        engine.execute(failed, by=ENGINE)
        return 0
    engine.execute(Delivered(**place), by=ENGINE)
    return 1
