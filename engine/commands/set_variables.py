"""Process variables set from outside; conditions are looked at again."""

from __future__ import annotations

from dataclasses import replace

from engine import interpreter
from engine.commands.contracts import SetVariables
from engine.interpreter.contracts import VariablesChanged
from engine.lifecycle import require_active
from engine.operations.steps import detail_of, take, told
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: SetVariables, tx: Tx) -> None:
    """History keeps the names, not the values: they may be clinical."""
    held = instances.lock(tx, command.instance_id)
    require_active(held.status)
    step = interpreter.apply(held.closure(tx), held.state, VariablesChanged(command.variables), tx.now)
    line = told(held, "variables", detail_of(command, names=sorted(command.variables)))
    take(tx, held, replace(step, happened=(line, *step.happened)))
