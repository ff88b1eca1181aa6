"""An active instance that nothing will ever move is nobody's work: it becomes an incident."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from engine import interpreter
from engine.commands.contracts import ReportZombie
from engine.errors import Conflict
from engine.interpreter.contracts import Happened, Step, WaitKind
from engine.lifecycle import Status
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: ReportZombie, tx: Tx) -> bool:
    """Looked at under the lock, so that an instance that moves meanwhile is none."""
    held = instances.lock(tx, command.instance_id)
    served = tx.one("find_unserved", instance_id=held.id) is None
    conditions = any(wait.kind is WaitKind.CONDITION for wait in held.state.waits.values())
    if held.status != Status.ACTIVE or served or conditions:
        tx.send("resolve_incident", id=zombie_id(held.id), at=tx.now, by=tx.by.id)
        return False
    tx.send("open_incident", **_incident(held), opened_at=tx.now)
    return True


def zombie_id(instance_id: UUID) -> UUID:
    return uuid5(instance_id, "zombie-incident")


def _incident(held: instances.Held) -> dict[str, Any]:
    waits = ", ".join(wait.path for wait in held.state.waits.values())
    zh, en = ("没有任何等待：请终止或移动令牌", "it waits for nothing: terminate it or move its token")
    if waits:
        zh, en = (f"应等待“{waits}”而无记录：重试即重建", f"no row says that it waits at {waits}: a retry makes it")
    return {
        "id": zombie_id(held.id),
        "instance_id": held.id,
        "wait_id": None,
        "element_id": held.definition_key,
        "path": "",
        "kind": "zombie",
        "message_zh": f"流程实例停滞：{zh}",
        "message_en": f"the instance stands still: {en}",
    }


def revive(tx: Tx, held: instances.Held) -> None:
    """Derive the rows of every wait from the state again. Raises Conflict where the state waits for nothing."""
    if not held.state.waits:
        raise Conflict("没有可重建的等待", "the instance waits for nothing", code="nothing-to-retry")
    line = Happened("", held.definition_key, "repaired", None)
    diff = interpreter.diff(None, held.state)
    instances.save(tx, held, diff, Step(held.state, (line,), {}, ()), status=held.status)
