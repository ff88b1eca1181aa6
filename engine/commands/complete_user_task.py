"""A person finished a user task."""

from __future__ import annotations

from engine.commands.contracts import Completed, CompleteUserTask
from engine.errors import Conflict, Incorrect
from engine.interpreter.contracts import UserTaskDone
from engine.lifecycle import UserTaskState, require_task_may_become
from engine.store import instances
from engine.store.instances import TaskHead
from engine.store.revisions import require_revision
from engine.store.transaction import Tx


def handle(command: CompleteUserTask, tx: Tx) -> Completed:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_task_may_become(task.state, UserTaskState.COMPLETED)
    require_revision(task.revision, command.expected_revision)
    _require_wait(held, task)
    if command.happened_at is not None and command.happened_at > tx.now:
        raise Incorrect("填写时间在将来", "the time at which it was done lies ahead", code="happened-at")
    done = UserTaskDone(task.wait_id, command.variables)
    opened = instances.advance(tx, held, done, task, happened_at=command.happened_at)
    return Completed(
        user_task_id=task.id, instance_id=held.id, opened_user_task_ids=tuple(record.id for record in opened)
    )


def _require_wait(held: instances.Held, task: TaskHead) -> None:
    """The state is the truth: a row without its wait cannot be completed."""
    if task.wait_id not in held.state.waits:
        raise Conflict("任务已不在等待中", "nothing waits for this user task", code="task-not-open")
