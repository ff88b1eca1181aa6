"""The rows between the outbox and whoever is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.commands.contracts import (
    ClaimDeliveries,
    Delivered,
    DeliveryFailed,
    DiscardDelivery,
    MoveOutbox,
    RetryDelivery,
)
from engine.errors import NotFound
from engine.outbox import GIVE_UP_AFTER, Entry
from engine.store.incidents import LONGEST_REASON
from engine.store.transaction import Tx, as_json


def lay_out(command: MoveOutbox, tx: Tx) -> int:
    """One process at a time, so that no later step of an instance is laid out before an earlier one."""
    if not tx.value("try_outbox_lock"):
        return 0
    taken = tx.all("take_outbox", limit=command.limit)
    rows = []
    for instance_id, revision, at, events in taken:
        for destination, names in command.wanted.items():
            told = [event for event in events if names is None or event["event"] in names]
            if told:
                rows.append(_row(destination, instance_id, revision, at, told))
    if rows:
        tx.send("insert_deliveries", rows=as_json(rows), now=tx.now, give_up_at=tx.now + GIVE_UP_AFTER)
    return len(taken)


def _row(destination: str, stream: Any, revision: int, at: Any, events: list[Any]) -> dict[str, Any]:
    return {"destination": destination, "stream": stream, "revision": revision, "at": at, "events": events}


def claim(command: ClaimDeliveries, tx: Tx) -> list[Entry]:
    rows = tx.all(
        "claim_deliveries",
        destinations=list(command.destinations),
        now=tx.now,
        limit=command.limit,
        lock_for=command.lock_for,
    )
    names = ("destination", "stream", "revision", "at", "events", "attempts")
    return [Entry(**dict(zip(names, row))) for row in rows]


def delivered(command: Delivered, tx: Tx) -> None:
    tx.send("forget_delivery", **_place(command))


def failed(command: DeliveryFailed, tx: Tx) -> None:
    tx.send(
        "rest_delivery",
        **_place(command),
        problem=command.problem[:LONGEST_REASON],
        due_at=tx.now + max(command.back_off, timedelta(0)),
        dead=command.dead,
        attempts=command.attempts,
    )


def retry(command: RetryDelivery, tx: Tx) -> None:
    if tx.one("revive_delivery", **_place(command), now=tx.now, give_up_at=tx.now + GIVE_UP_AFTER) is None:
        raise _gone()


def discard(command: DiscardDelivery, tx: Tx) -> None:
    if tx.one("forget_delivery", **_place(command)) is None:
        raise _gone()


def _place(command: Any) -> dict[str, Any]:
    return {"destination": command.destination, "stream": command.stream, "revision": command.revision}


def _gone() -> NotFound:
    return NotFound("没有这个投递，或已送达", "no such delivery, or it has arrived")
