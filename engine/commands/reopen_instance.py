"""A termination taken back: the instance goes on where it stood, with every clock that ran then."""

from __future__ import annotations

from dataclasses import replace

from engine import interpreter
from engine.commands.contracts import ReopenInstance
from engine.errors import Conflict
from engine.interpreter import State
from engine.interpreter.codec import decode
from engine.lifecycle import Status, require_terminated
from engine.operations.resumption import resume
from engine.operations.steps import detail_of, told
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: ReopenInstance, tx: Tx) -> None:
    """What fell due meanwhile is due now; tasks open anew under ids of their own, the cancelled ones stay on record."""
    held = instances.lock(tx, command.instance_id)
    require_terminated(held.status)
    row = tx.one("take_state_before", instance_id=held.id, revision=held.revision)
    if row is None:
        raise Conflict(
            "这次终止没有保留撤回的依据，不能恢复运行",
            "nothing was kept when it was terminated; it cannot go on",
            code="not-reversible",
        )
    stood = decode(row[2], {**held.variables, **command.variables})
    step = resume(held.closure(tx), _renumbered(stood, held.state.next_id), tx.now)
    line = told(held, "reopened", detail_of(command))
    step = replace(step, happened=(line, *step.happened), written={**command.variables, **step.written})
    diff = interpreter.diff(held.state, step.state)
    instances.save(tx, held, diff, step, status=Status.ACTIVE, told=Status.ACTIVE)
    tx.look_for_buffered(held.id)


def _renumbered(state: State, next_id: int) -> State:
    """Numbers are never used twice: the rows of the waits as they were are closed for good."""
    numbered = state.copy()
    numbered.next_id = max(state.next_id, next_id)
    numbered.waits = {}
    for wait in state.waits.values():
        numbered.waits[numbered.next_id] = replace(wait, id=numbered.next_id)
        numbered.next_id += 1
    return numbered
