"""A person says something about an open user task, for whoever works on it next."""

from __future__ import annotations

from engine.commands.contracts import CommentUserTask
from engine.lifecycle import UserTaskState, require_active, require_task_may_become
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: CommentUserTask, tx: Tx) -> int:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_active(held.status)
    require_task_may_become(task.state, UserTaskState.COMPLETED)
    row = tx.one("add_comment", task_id=task.id, instance_id=held.id, body=command.body, at=tx.now, by=tx.by.id)
    assert row is not None, "an insert under the instance's lock answers its number"
    number: int = row[0]
    instances.note(tx, held, "commented", held.state.waits[task.wait_id], detail={"comment": number})
    return number
