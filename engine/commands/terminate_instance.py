"""End an instance now, with everything that waits in it."""

from __future__ import annotations

from dataclasses import replace

from engine import interpreter
from engine.commands.contracts import TerminateInstance
from engine.interpreter.codec import encode
from engine.interpreter.contracts import Terminated
from engine.lifecycle import Status, require_instance_may_become
from engine.operations.steps import keep_way_back
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: TerminateInstance, tx: Tx) -> None:
    held = instances.lock(tx, command.instance_id)
    require_instance_may_become(held.status, Status.TERMINATED)
    before = encode(held.state)
    state = held.state
    if command.variables:
        state = state.copy()
        state.variables.update(command.variables)
    step = interpreter.apply(held.closure(tx), state, Terminated(command.reason), tx.now)
    step = replace(step, written={**command.variables, **step.written})
    diff = interpreter.diff(held.state, step.state)
    instances.save(tx, held, diff, step, status=Status.TERMINATED, told=Status.TERMINATED)
    if command.reversible:
        keep_way_back(tx, held, held.definition_version, held.pins, before)
