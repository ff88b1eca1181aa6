"""Exactly one receiver for a message: a wait, else a process that it starts, else it waits itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.commands.start_instance import open_instance
from engine.interpreter.contracts import MessageReceived, Wait, WaitKind
from engine.lifecycle import Status
from engine.store import instances
from engine.store.transaction import Again, Tx


@dataclass(frozen=True)
class Letter:
    """A message on its way. `row`: its id where it is stored already."""

    name: str
    key: str
    payload: Mapping[str, Any]
    row: UUID | None = None


class TakenAlready(Exception):
    """Another transaction delivered it meanwhile."""

    def __init__(self, instance_id: UUID | None) -> None:
        self.instance_id = instance_id


def deliver(tx: Tx, letter: Letter) -> UUID | None:
    """The instance that received it, or None: then this transaction holds the lock of name and key, and whoever opens a
    subscription for them will see what is buffered now."""
    receiver = _deliver_to_wait(tx, letter) or _deliver_to_start(tx, letter)
    if receiver is None:
        tx.send("hold_message_lock", name=letter.name, key=letter.key)
        if tx.one("find_receiver", name=letter.name, key=letter.key, tried=[]) is not None:
            raise Again
    return receiver


def _deliver_to_wait(tx: Tx, letter: Letter) -> UUID | None:
    """The subscription that has listened longest. What a row says is tried again on the state, under the lock."""
    tried: list[UUID] = []
    while (row := tx.one("lock_receiver", name=letter.name, key=letter.key, tried=tried)) is not None:
        held = instances.held_from(row)
        _require_undelivered(tx, letter)
        wait = _listening(held, letter)
        if wait is not None:
            instances.advance(tx, held, MessageReceived(wait.id, letter.payload))
            return held.id
        tried.append(held.id)
    return None


def _listening(held: instances.Held, letter: Letter) -> Wait | None:
    if held.status != Status.ACTIVE:
        return None
    waits = (wait for wait in held.state.waits.values() if wait.kind is WaitKind.MESSAGE)
    return next((w for w in waits if (w.data["name"], w.data["key"]) == (letter.name, letter.key)), None)


def _deliver_to_start(tx: Tx, letter: Letter) -> UUID | None:
    """The newest version of a process that is not suspended, if this message starts it and the case of this key has no
    open instance. Where every version is suspended the message waits as long as it may."""
    for (key,) in tx.all("find_message_start", name=letter.name):
        if letter.key and tx.value("find_open_instance", key=key, business_key=letter.key) is not None:
            continue
        _require_undelivered(tx, letter)
        definition = tx.library.catalogue(tx).startable("process", key)
        if definition is None:
            continue
        element_id = tx.library.program(tx, key, definition.version).start_messages.get(letter.name)
        if element_id is not None:
            started = open_instance(
                tx, definition, letter.payload, business_key=letter.key or None, start_element=element_id
            )
            return started.instance_id
    return None


def _require_undelivered(tx: Tx, letter: Letter) -> None:
    if letter.row is None:
        return
    state, instance_id = tx.one("lock_message", id=letter.row)
    if state not in ("published", "buffered"):
        raise TakenAlready(instance_id)
