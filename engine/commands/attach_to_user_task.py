"""A person puts a file to an open user task. The content is stored, the past holds its number and hash."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid5

from engine.commands.contracts import Attached, AttachToUserTask
from engine.errors import Incorrect
from engine.lifecycle import UserTaskState, require_active, require_task_may_become
from engine.store import instances
from engine.store.transaction import Tx

MOST_PER_TASK = 20  # [default] the pages of a referral letter with its reports


def handle(command: AttachToUserTask, tx: Tx) -> Attached:
    held, task = instances.lock_for_user_task(tx, command.user_task_id)
    require_active(held.status)
    require_task_may_become(task.state, UserTaskState.COMPLETED)
    sha256 = hashlib.sha256(command.content).hexdigest()
    attachment_id = id_of(task.id, sha256)
    known = tx.all("read_attachment_numbers", task_id=task.id)
    for id, number in known:
        if id == attachment_id:
            return Attached(id=attachment_id, number=number, sha256=sha256)
    if len(known) >= MOST_PER_TASK:
        raise Incorrect(
            f"一项任务最多 {MOST_PER_TASK} 个附件",
            f"at most {MOST_PER_TASK} attachments a task",
            code="attachments-full",
        )
    number = len(known) + 1
    tx.send(
        "add_attachment",
        id=attachment_id,
        task_id=task.id,
        number=number,
        instance_id=held.id,
        title=command.title,
        content_type=command.content_type,
        sha256=sha256,
        content=command.content,
        at=tx.now,
        by=tx.by.id,
    )
    told = {"attachment": number, "sha256": sha256, "content_type": command.content_type}
    instances.note(tx, held, "attached", held.state.waits[task.wait_id], detail=told)
    return Attached(id=attachment_id, number=number, sha256=sha256)


def id_of(user_task_id: UUID, sha256: str) -> UUID:
    return uuid5(user_task_id, sha256)
