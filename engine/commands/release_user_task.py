"""A person gives a user task back: to the group, or to whoever lent it to him."""

from __future__ import annotations

from engine.commands.contracts import ReleaseUserTask
from engine.commands.records import TaskChanged
from engine.lifecycle import UserTaskState, require_active, require_task_may_become
from engine.store import instances
from engine.store.instances import Held, TaskHead
from engine.store.revisions import require_revision
from engine.store.transaction import Tx


def handle(command: ReleaseUserTask, tx: Tx) -> TaskChanged:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_active(held.status)
    require_revision(task.revision, command.expected_revision)
    if task.state == UserTaskState.CREATED:
        return TaskChanged(user_task_id=task.id, revision=task.revision, state=task.state, assignee=task.assignee)
    require_task_may_become(task.state, UserTaskState.CREATED)
    lender = tx.value("read_lender", task_id=task.id, assignee=task.assignee)
    if lender is not None:
        return _give_back(tx, held, task, lender)
    return instances.change_user_task(tx, held, task, UserTaskState.CREATED, None, "released")


def _give_back(tx: Tx, held: Held, task: TaskHead, lender: str) -> TaskChanged:
    """As a handover like any other: whoever lent it finds it among what was handed to him."""
    tx.send(
        "add_handover",
        task_id=task.id,
        instance_id=held.id,
        held_by=task.assignee,
        given_to=lender,
        reason=None,
        goes_back=False,
        at=tx.now,
        by=tx.by.id,
    )
    told = {"from": task.assignee, "to": lender, "back": True}
    return instances.change_user_task(tx, held, task, UserTaskState.CLAIMED, lender, "assigned", told)
