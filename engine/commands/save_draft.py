"""Keep what a person has typed so far. Nobody else sees a change: the task's revision stays."""

from __future__ import annotations

from engine.commands.contracts import SaveDraft
from engine.commands.records import TaskChanged
from engine.lifecycle import UserTaskState, require_active, require_task_may_become
from engine.store import drafts, instances
from engine.store.revisions import require_revision
from engine.store.transaction import Tx, as_json


def handle(command: SaveDraft, tx: Tx) -> TaskChanged:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_active(held.status)
    require_task_may_become(task.state, UserTaskState.COMPLETED)
    require_revision(task.revision, command.expected_revision)
    drafts.require(tx, task.id, command.over)
    tx.send("save_draft", task_id=task.id, draft=as_json(dict(command.draft)))
    return TaskChanged(user_task_id=task.id, revision=task.revision, state=task.state, assignee=task.assignee)
