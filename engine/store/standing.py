"""An active instance in which no token waits for anything is nobody's work: it becomes an incident in the very step
that leaves it so, and is none any more after the step that moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from engine.interpreter import Closure, State
from engine.interpreter.contracts import Wait, WaitKind
from engine.lifecycle import Status
from engine.model.elements import Kind
from engine.store.transaction import Tx

if TYPE_CHECKING:
    from engine.store.instances import Held

HELD_BY_A_TOKEN = frozenset({WaitKind.USER_TASK, WaitKind.JOB, WaitKind.INCIDENT})
LISTENERS = frozenset({Kind.BOUNDARY, Kind.START})


def stands_still(closure: Closure, state: State) -> bool:
    """No token waits for anything: all of them stand at joins. Who only listens moves none of them."""
    return not any(_is_tokens(closure, state, wait) for wait in state.waits.values())


def look(tx: Tx, held: Held, was: State | None) -> None:
    """After a step was stored: open the incident, or close it. `was`: the state before, where it may have stood still;
    an element that only that knew counts as none."""
    stands = held.status == Status.ACTIVE and _stands(tx, held, held.state)
    if stands:
        tx.send("open_incident", **incident(held), opened_at=tx.now)
    elif was is not None and _stands(tx, held, was):
        tx.send("resolve_incident", id=zombie_id(held.id), at=tx.now, by=tx.by.id)


def _stands(tx: Tx, held: Held, state: State) -> bool:
    if any(wait.kind in HELD_BY_A_TOKEN for wait in state.waits.values()):
        return False
    return stands_still(held.closure(tx), state)


def _is_tokens(closure: Closure, state: State, wait: Wait) -> bool:
    if wait.kind in HELD_BY_A_TOKEN:
        return True
    program = closure.program(state.scopes[wait.scope].process)
    node = None if program is None else program.nodes.get(wait.element_id)
    return node is not None and node.kind not in LISTENERS


def zombie_id(instance_id: UUID) -> UUID:
    """The one incident that an instance has for standing still."""
    return uuid5(instance_id, "zombie-incident")


def incident(held: Held) -> dict[str, Any]:
    """What stands in it: where rows are missing, where it should wait."""
    waits = ", ".join(wait.path for wait in held.state.waits.values())
    joins = ", ".join(sorted({join for scope in held.state.scopes.values() for join in scope.joins}))
    zh, en = "没有任何等待：请终止或移动令牌", "it waits for nothing: terminate it or move its token"
    if joins:
        zh = f"令牌停在“{joins}”，永远等不齐：请移动令牌或终止"
        en = f"its tokens stand at {joins} and wait for others that cannot come: move them or terminate it"
    elif waits:
        zh, en = f"应等待“{waits}”而无记录：重试即重建", f"no row says that it waits at {waits}: a retry makes it"
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
