"""Legal moves, as tables. What is not listed cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from engine.errors import Conflict


class UserTaskState(StrEnum):
    CREATED = "created"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Status(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    TERMINATED = "terminated"


USER_TASK: Mapping[str, frozenset[str]] = {
    UserTaskState.CREATED: frozenset({UserTaskState.CLAIMED, UserTaskState.COMPLETED, UserTaskState.CANCELLED}),
    UserTaskState.CLAIMED: frozenset(UserTaskState),
    UserTaskState.COMPLETED: frozenset(),
    UserTaskState.CANCELLED: frozenset(),
}
INSTANCE: Mapping[str, frozenset[str]] = {
    Status.ACTIVE: frozenset({Status.SUSPENDED, Status.COMPLETED, Status.TERMINATED}),
    Status.SUSPENDED: frozenset({Status.ACTIVE, Status.TERMINATED}),
    Status.COMPLETED: frozenset(),
    Status.TERMINATED: frozenset(),
}

_TASK_IS = {
    UserTaskState.COMPLETED: ("任务已办结", "the user task is completed", "task-not-open"),
    UserTaskState.CANCELLED: ("任务已取消", "the user task was cancelled", "task-not-open"),
}
_INSTANCE_IS = {
    Status.ACTIVE: ("流程实例正在运行", "the instance is active", "instance-active"),
    Status.SUSPENDED: ("流程实例已挂起", "the instance is suspended", "suspended"),
    Status.COMPLETED: ("流程实例已结束", "the instance has ended", "instance-ended"),
    Status.TERMINATED: ("流程实例已终止", "the instance was terminated", "instance-ended"),
}


def require_task_may_become(current: str, target: str) -> None:
    """Raises Conflict where the table has no such move."""
    if target not in USER_TASK[current]:
        zh, en, code = _TASK_IS[UserTaskState(current)]
        raise Conflict(zh, en, code=code)


def require_instance_may_become(current: str, target: str) -> None:
    """Raises Conflict where the table has no such move."""
    if target not in INSTANCE[current]:
        raise_because(current)


def require_terminated(status: str) -> None:
    """Only a termination is ever taken back, and only where how the instance stood was kept. Raises Conflict."""
    if status != Status.TERMINATED:
        raise_because(status)


def require_active(status: str) -> None:
    """Only an active instance moves. Raises Conflict."""
    if status != Status.ACTIVE:
        raise_because(status)


def raise_because(status: str) -> None:
    zh, en, code = _INSTANCE_IS[Status(status)]
    raise Conflict(zh, en, code=code)
