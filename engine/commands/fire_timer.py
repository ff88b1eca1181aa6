"""A timer is due."""

from __future__ import annotations

from datetime import datetime

from engine import interpreter
from engine.commands.contracts import FireTimer
from engine.errors import NotFound
from engine.interpreter.contracts import TimerFired, WaitKind
from engine.lifecycle import Status
from engine.operations.resumption import firing_time, hold_on
from engine.operations.steps import take
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: FireTimer, tx: Tx) -> bool:
    """The row only said when to look; whether there is something to fire, the state says."""
    try:
        held = instances.lock(tx, command.instance_id)
    except NotFound:
        return False
    wait = held.state.waits.get(command.wait_id)
    if held.status != Status.ACTIVE or wait is None or wait.kind is not WaitKind.TIMER:
        return False
    if datetime.fromisoformat(wait.data["due"]) > tx.now:
        return False
    tx.now = firing_time(wait, tx.now)
    step = interpreter.apply(held.closure(tx), held.state, TimerFired(wait.id), tx.now)
    take(tx, held, hold_on(step, wait))
    return True
