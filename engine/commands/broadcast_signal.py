"""A signal reaches everyone who listens now, and is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.commands.contracts import BroadcastSignal
from engine.commands.start_instance import open_instance
from engine.interpreter.contracts import SignalReceived, WaitKind
from engine.lifecycle import Status
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: BroadcastSignal, tx: Tx) -> int:
    return broadcast(tx, command.name, command.payload)


def broadcast(tx: Tx, name: str, payload: Mapping[str, Any]) -> int:
    """How many waits it reached and processes it began. All in one transaction: nobody hears half a signal."""
    reached = 0
    held: instances.Held | None = None
    for instance_id, wait_id in tx.all("find_signal_receivers", name=name):
        if held is None or held.id != instance_id:
            held = instances.lock(tx, instance_id)
        wait = held.state.waits.get(wait_id)
        if held.status == Status.ACTIVE and wait is not None and wait.kind is WaitKind.SIGNAL:
            instances.advance(tx, held, SignalReceived(wait.id, payload))
            reached += 1
    return reached + _begin(tx, name, payload)


def _begin(tx: Tx, name: str, payload: Mapping[str, Any]) -> int:
    """One instance of each process that the signal starts."""
    began = 0
    for key in dict.fromkeys(key for (key,) in tx.all("find_signal_starts", name=name)):
        newest = tx.library.catalogue(tx).startable("process", key)
        if newest is None:
            continue
        element_id = tx.library.program(tx, key, newest.version).start_signals.get(name)
        if element_id is not None:
            open_instance(tx, newest, payload, start_element=element_id)
            began += 1
    return began
