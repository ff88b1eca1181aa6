"""What is asked beside the work of a user task: to hand it on, to say something about it, to put a file to it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class AssignUserTask:
    """Answers `TaskChanged`. Who may be given a task is the caller's to ask. `held_by`: whose it was when that was
    asked; Conflict where it is somebody else's meanwhile. `goes_back`: when it is given up, it is not the group's but
    `held_by`'s again."""

    user_task_id: UUID
    assignee: str
    held_by: str | None
    reason: str | None = None
    goes_back: bool = False
    expected_revision: int | None = None


@dataclass(frozen=True, kw_only=True)
class CommentUserTask:
    """Answers the comment's number within the task."""

    user_task_id: UUID
    body: str


@dataclass(frozen=True, kw_only=True)
class AttachToUserTask:
    """Answers `Attached`. The same content a second time is the first attachment."""

    user_task_id: UUID
    title: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Attached:
    id: UUID
    number: int
    sha256: str
