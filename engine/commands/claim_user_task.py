"""A person takes a user task, or takes it over from whoever holds it."""

from __future__ import annotations

from engine.commands.contracts import ClaimUserTask
from engine.commands.records import TaskChanged
from engine.errors import Conflict
from engine.lifecycle import UserTaskState, require_active, require_task_may_become
from engine.store import instances
from engine.store.revisions import require_revision
from engine.store.transaction import Tx


def handle(command: ClaimUserTask, tx: Tx) -> TaskChanged:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_active(held.status)
    require_task_may_become(task.state, UserTaskState.CLAIMED)
    require_revision(task.revision, command.expected_revision)
    if task.assignee == command.assignee and task.state == UserTaskState.CLAIMED:
        return TaskChanged(user_task_id=task.id, revision=task.revision, state=task.state, assignee=task.assignee)
    if task.assignee is not None and task.assignee != command.assignee and not command.take_over:
        raise Conflict("任务已由他人领取", "somebody else holds this user task", code="task-claimed")
    return instances.change_user_task(tx, held, task, UserTaskState.CLAIMED, command.assignee, "claimed")
