"""Firing a timer raised: it rests, then it is an incident. The state is not read: it may be the reason."""

from __future__ import annotations

from engine.commands.contracts import FailTimer
from engine.commands.records import MAX_ATTEMPTS
from engine.store.incidents import machinery_incident
from engine.store.transaction import Tx


def handle(command: FailTimer, tx: Tx) -> None:
    if command.attempts < MAX_ATTEMPTS:
        tx.send("rest_timer", instance_id=command.instance_id, wait_id=command.wait_id, backoff=command.backoff)
        return
    place = tx.one("park_timer", instance_id=command.instance_id, wait_id=command.wait_id)
    if place is None:
        return
    element_id, path = place
    incident = machinery_incident(command.instance_id, command.wait_id, element_id, path, "timer", command.message)
    tx.send("open_incident", **incident, opened_at=tx.now)
