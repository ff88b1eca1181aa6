"""An active instance that nothing will ever move is nobody's work: it becomes an incident."""

from __future__ import annotations

from engine import interpreter
from engine.commands.contracts import ReportZombie
from engine.errors import Conflict
from engine.interpreter.contracts import Happened, Step, WaitKind
from engine.lifecycle import Status
from engine.store import instances, standing
from engine.store.transaction import Tx


def handle(command: ReportZombie, tx: Tx) -> bool:
    """Looked at under the lock, so that an instance that moves meanwhile is none."""
    held = instances.lock(tx, command.instance_id)
    served = tx.one("find_unserved", instance_id=held.id) is None
    conditions = any(wait.kind is WaitKind.CONDITION for wait in held.state.waits.values())
    if held.status != Status.ACTIVE or served or conditions:
        tx.send("resolve_incident", id=standing.zombie_id(held.id), at=tx.now, by=tx.by.id)
        return False
    tx.send("open_incident", **standing.incident(held), opened_at=tx.now)
    return True


def revive(tx: Tx, held: instances.Held) -> None:
    """Derive the rows of every wait from the state again. Raises Conflict where no token waits for anything."""
    if standing.stands_still(held.closure(tx), held.state):
        raise Conflict("没有可重建的等待", "the instance waits for nothing", code="nothing-to-retry")
    line = Happened("", held.definition_key, "repaired", None)
    diff = interpreter.diff(None, held.state)
    instances.save(tx, held, diff, Step(held.state, (line,), {}, ()), status=held.status)
