"""A person gives a user task back to the group."""

from __future__ import annotations

from engine.commands.contracts import ReleaseUserTask
from engine.commands.records import TaskChanged
from engine.lifecycle import UserTaskState, require_active, require_task_may_become
from engine.store import instances
from engine.store.revisions import require_revision
from engine.store.transaction import Tx


def handle(command: ReleaseUserTask, tx: Tx) -> TaskChanged:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_active(held.status)
    require_revision(task.revision, command.expected_revision)
    if task.state == UserTaskState.CREATED:
        return TaskChanged(user_task_id=task.id, revision=task.revision, state=task.state, assignee=task.assignee)
    require_task_may_become(task.state, UserTaskState.CREATED)
    return instances.change_user_task(tx, held, task, UserTaskState.CREATED, None, "released")
