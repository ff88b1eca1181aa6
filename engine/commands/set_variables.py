"""Process variables set from outside; conditions are looked at again."""

from __future__ import annotations

from engine.commands.contracts import SetVariables
from engine.interpreter.contracts import VariablesChanged
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: SetVariables, tx: Tx) -> None:
    instances.advance(tx, instances.lock(tx, command.instance_id), VariablesChanged(command.variables))
