"""Firing a timer raised: it rests, and after its last attempt it is an incident."""

from __future__ import annotations

from engine.commands.contracts import FailTimer
from engine.commands.records import MAX_ATTEMPTS
from engine.store import instances
from engine.store.incidents import machinery_incident
from engine.store.transaction import Tx


def handle(command: FailTimer, tx: Tx) -> None:
    if command.attempts < MAX_ATTEMPTS:
        tx.send("rest_timer", instance_id=command.instance_id, wait_id=command.wait_id, backoff=command.backoff)
        return
    held = instances.lock(tx, command.instance_id)
    wait = held.state.waits.get(command.wait_id)
    if wait is None:
        return
    tx.send("park_timer", instance_id=held.id, wait_id=wait.id)
    tx.send("open_incident", **machinery_incident(held.id, wait, "timer", command.message), opened_at=tx.now)
