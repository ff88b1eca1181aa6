"""A user task is given to somebody, by whoever holds it or may give it."""

from __future__ import annotations

from engine.commands.contracts import AssignUserTask
from engine.commands.records import TaskChanged
from engine.errors import Conflict, Incorrect
from engine.lifecycle import UserTaskState, require_active, require_task_may_become
from engine.store import instances
from engine.store.revisions import require_revision
from engine.store.transaction import Tx


def handle(command: AssignUserTask, tx: Tx) -> TaskChanged:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_active(held.status)
    require_task_may_become(task.state, UserTaskState.CLAIMED)
    require_revision(task.revision, command.expected_revision)
    if task.assignee != command.held_by:
        raise Conflict("任务已由他人领取", "somebody else holds this user task", code="task-claimed")
    if command.goes_back and command.held_by is None:
        raise Incorrect("任务还没有负责人，无法交还", "nobody holds this task: there is nobody to go back to")
    if task.assignee == command.assignee:
        return TaskChanged(user_task_id=task.id, revision=task.revision, state=task.state, assignee=task.assignee)
    tx.send(
        "add_handover",
        task_id=task.id,
        instance_id=held.id,
        held_by=task.assignee,
        given_to=command.assignee,
        reason=command.reason,
        goes_back=command.goes_back,
        at=tx.now,
        by=tx.by.id,
    )
    told = {"from": task.assignee, "to": command.assignee}
    return instances.change_user_task(tx, held, task, UserTaskState.CLAIMED, command.assignee, "assigned", told)
