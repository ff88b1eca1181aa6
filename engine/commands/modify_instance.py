"""An operator moves tokens of a running instance."""

from __future__ import annotations

from engine.commands.contracts import ModifyInstance
from engine.errors import Incorrect, Text
from engine.lifecycle import require_active
from engine.operations.modification import modify
from engine.operations.steps import detail_of, take
from engine.problems import Refused
from engine.store import instances
from engine.store.transaction import Tx

NOT_MOVED = Text(zh="不能这样移动，流程实例没有改动", en="tokens cannot be moved like this; nothing was changed")
ACTIONS = ("cancel", "start_before", "start_after")


def handle(command: ModifyInstance, tx: Tx) -> None:
    """Timers, tasks and subscriptions follow from the states before and after, as with any step."""
    if not command.instructions or any(one.action not in ACTIONS for one in command.instructions):
        raise Incorrect(
            "指令只能是 cancel、start_before、start_after，且至少一条",
            "instructions are cancel, start_before and start_after, at least one",
        )
    held = instances.lock(tx, command.instance_id)
    require_active(held.status)
    moves = [f"{one.action} {one.element_id}" for one in command.instructions]
    detail = detail_of(command, instructions=moves, variables=sorted(command.variables))
    outcome = modify(
        held.closure(tx), held.state, command.instructions, tx.now, variables=command.variables, detail=detail
    )
    if outcome.problems:
        raise Refused(outcome.problems, NOT_MOVED)
    take(tx, held, outcome.step)
