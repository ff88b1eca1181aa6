"""Values are held against the conditional start events of all processes; each that is met begins an instance."""

from __future__ import annotations

from uuid import UUID

from engine.commands.contracts import EvaluateConditions
from engine.commands.start_instance import open_instance
from engine.interpreter import start_conditions_met
from engine.store.transaction import Tx


def handle(command: EvaluateConditions, tx: Tx) -> list[UUID]:
    began = []
    for (key,) in tx.all("find_conditional_processes"):
        newest = tx.library.catalogue(tx).startable("process", key)
        if newest is None:
            continue
        program = tx.library.program(tx, key, newest.version)
        for element_id in start_conditions_met(program, command.variables, tx.now):
            started = open_instance(
                tx, newest, command.variables, business_key=command.business_key, start_element=element_id
            )
            began.append(started.instance_id)
    return began
