"""What was typed into a task that is closed without being finished: nobody's work is lost by a plan that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from engine.commands.records import TaskRecord
from engine.errors import Stale
from engine.store import plain
from engine.store.transaction import Tx, as_json


def keep(tx: Tx, drafts: Mapping[int, Any], closed: tuple[TaskRecord, ...], opened: tuple[TaskRecord, ...]) -> None:
    """Queue, behind the step that cleared them, the drafts of cancelled tasks. `drafts`: by wait. One whose task was
    opened anew in the same step, at the same place and with the same form, goes there; any other stays with the
    cancelled task. Where a place has several tasks at a time, one per child, nobody knows which is which: it stays."""
    taken = Counter(_place(task) for task in opened)
    given = Counter(_place(task) for task in closed)
    successors = {_place(task): task.id for task in opened}
    for task in closed:
        place = _place(task)
        if (draft := drafts.get(task.wait.id)) is not None:
            alone = taken[place] == given[place] == 1
            tx.send("save_draft", task_id=successors[place] if alone else task.id, draft=as_json(draft))


def _place(task: TaskRecord) -> tuple[str, Any, Any]:
    return task.wait.path, task.wait.data.get("form"), task.wait.data.get("form_version")


def mark(draft: Mapping[str, Any] | None) -> str:
    """Of a draft's content; empty: of none."""
    return sha256(plain.dumps(draft)).hexdigest()[:16] if draft else ""


def require(tx: Tx, task_id: UUID, over: str | None) -> None:
    """Two windows of one person know nothing of each other, and a draft leaves the task's revision. Raises Stale when
    the writer began with another draft than the stored one."""
    if over is None:
        return
    row = tx.one("read_draft", task_id=task_id)
    if mark(row[0] if row else None) != over:
        raise Stale("草稿已在别处被改过", "the draft was changed elsewhere", code="draft-changed")
