"""What a step looks like to those outside the engine: the projection, service tasks, whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

from engine.commands.contracts import Actor, Submission
from engine.interpreter.contracts import Diff, Happened, Wait

try:
    from _sha1 import sha1  # OpenSSL, which `uuid5` takes, looks the algorithm up anew for each of our few bytes
except ImportError:
    from hashlib import sha1

MAX_ATTEMPTS = 3  # then an incident: reliability rule "poison"


@lru_cache(maxsize=1 << 12)  # a step asks several times, and the next one again
def task_id(instance_id: UUID, wait_id: int) -> UUID:
    return _named(instance_id, f"task/{wait_id}")


def job_id(instance_id: UUID, wait_id: int) -> UUID:
    return _named(instance_id, f"job/{wait_id}")


def incident_id(instance_id: UUID, wait_id: int) -> UUID:
    return _named(instance_id, f"incident/{wait_id}")


def _named(instance_id: UUID, name: str) -> UUID:
    """The same as `uuid.uuid5`."""
    return UUID(bytes=sha1(instance_id.bytes + name.encode()).digest()[:16], version=5)


@dataclass(slots=True, kw_only=True)  # made with every step, and frozen ones take three times as long
class TaskRecord:
    """A user task as the step leaves it. `state`: created, claimed, completed, cancelled."""

    id: UUID
    wait: Wait
    state: str
    revision: int
    assignee: str | None
    created_at: datetime
    completed_at: datetime | None = None
    completed_by: str | None = None


@dataclass(slots=True, kw_only=True)
class StepRecord:
    """One committed change of one instance. `revision` is the instance's after it; `is_first`: it began with this.

    `status` also knows `suspended`, which the interpreter's state does not. `variables` are the process variables after
    the step, `written` those that it set. `happened_at` lies before `at` where something was handed in later.
    """

    region_id: str
    instance_id: UUID
    definition_key: str
    definition_version: int
    business_key: str | None
    revision: int
    status: str
    started_at: datetime
    at: datetime
    happened_at: datetime
    by: Actor
    command: Any
    submission: Submission | None
    is_first: bool
    after: Any
    diff: Diff
    opened_tasks: tuple[TaskRecord, ...]
    closed_tasks: tuple[TaskRecord, ...]
    changed_tasks: tuple[TaskRecord, ...]
    happened: tuple[Happened, ...]
    variables: Mapping[str, Any]
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL that a projection wants sent in the step's own transaction; nothing is read back."""

    sql: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sequel:
    """What a projection can only say once it has seen what is stored: run in the step's own transaction, when the step
    is saved and what the projection wanted sent has been. `run` is given the transaction, for `ask` and `tell`."""

    run: Callable[[Any], None]


Projection: TypeAlias = Callable[[StepRecord], Sequence[Statement | Sequel]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """What a service task is given. `conn` is read-only; what it returns becomes the job's variables."""

    variables: Mapping[str, Any]
    headers: Mapping[str, Any]
    instance_id: UUID
    element_id: str
    business_key: str | None
    now: datetime
    region_id: str
    conn: Any


@dataclass(frozen=True, kw_only=True)
class ServiceTask:
    """A function that runs here, outside of any step's transaction. It may run twice: it must do no harm then."""

    run: Callable[[JobContext], Mapping[str, Any]]
    retries: int = MAX_ATTEMPTS


class BusinessError(Exception):
    """Raised by a service task for an error the diagram foresees: an error boundary event catches it by its code."""

    def __init__(self, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.variables = dict(variables or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged:
    """The answer to claiming, releasing and saving a draft."""

    user_task_id: UUID
    revision: int
    state: str
    assignee: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job handed to a worker until `locked_until`; its answer must carry the lease."""

    id: UUID
    instance_id: UUID
    type: str
    element_id: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    business_key: str | None = None
    retries_left: int = 0
    lease: str = ""
    locked_until: datetime | None = None
    due_at: datetime | None = None
    attempts: int = 0  # this one counted
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    instance_id: UUID
    wait_id: int
    due_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMessage:
    id: UUID
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStart:
    """A timer start event of the newest version of a process."""

    definition_key: str
    element_id: str
    due_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """One step that is being told to one destination."""

    destination: str
    stream: UUID
    revision: int
    attempts: int


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """One instance of a batch, this worker's for a while; `by`: in whose name."""

    batch_id: UUID
    operation: str
    parameters: Mapping[str, Any]
    by: Actor
    instance_id: UUID
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWork:
    """Claimed work, each kind in order of due time. `suspects`: kinds of which some was begun and not finished.
    Deliveries and items of batches are claimed apart, and held the same way."""

    timers: tuple[DueTimer, ...] = ()
    jobs: tuple[ClaimedJob, ...] = ()
    messages: tuple[DueMessage, ...] = ()
    starts: tuple[DueStart, ...] = ()
    deliveries: tuple[ClaimedDelivery, ...] = ()
    items: tuple[ClaimedItem, ...] = ()
    suspects: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.timers) + len(self.jobs) + len(self.messages) + len(self.starts)
