"""What may be done with an incident besides trying again: go on without, or give it to somebody."""

from __future__ import annotations

from collections.abc import Mapping

from engine.commands.contracts import AssignIncident, SkipIncident
from engine.errors import Conflict, NotFound
from engine.interpreter.contracts import IncidentRetried, JobDone, UserTaskDone, WaitKind
from engine.lifecycle import require_active
from engine.store import instances
from engine.store.transaction import Tx

DONE: Mapping[WaitKind, type[JobDone] | type[UserTaskDone]] = {WaitKind.JOB: JobDone, WaitKind.USER_TASK: UserTaskDone}
ABOUT_NO_PLACE = frozenset({"projection", "zombie"})


def skip(command: SkipIncident, tx: Tx) -> None:
    """The failed wait is opened again and closed as done: two steps, one transaction."""
    row = tx.one("read_incident", id=command.incident_id)
    if row is None:
        raise NotFound("没有这个事件", "no such incident")
    held = instances.lock(tx, row[0])
    _, wait_id, _, _, kind, _, resolved_at = tx.one("read_incident", id=command.incident_id)
    if resolved_at is not None:
        raise Conflict("事件已处理", "the incident is resolved", code="incident-resolved")
    if kind in ABOUT_NO_PLACE:
        tx.send("resolve_incident", id=command.incident_id, at=tx.now, by=tx.by.id)
        return
    require_active(held.status)
    wait = held.state.waits.get(wait_id)
    if wait is None or wait.kind is not WaitKind.INCIDENT or wait.data.get("cause") not in DONE:
        raise Conflict(
            "只有失败的作业或任务可以跳过；请改值后重试，或移动令牌",
            "only a failed job or task can be skipped: set variables and retry, or move the token",
            code="not-skippable",
        )
    known = set(held.state.waits)
    instances.advance(tx, held, IncidentRetried(wait.id))
    opened = [w for w in held.state.waits.values() if w.id not in known and w.element_id == wait.element_id]
    if not opened or opened[0].kind not in DONE:
        raise Conflict("该元素不能重新打开", "the element cannot be opened again", code="not-skippable")
    instances.advance(tx, held, DONE[opened[0].kind](opened[0].id, command.variables))


def assign(command: AssignIncident, tx: Tx) -> None:
    if tx.one("assign_incident", id=command.incident_id, owner=command.owner) is None:
        raise NotFound("没有这个事件", "no such incident")
