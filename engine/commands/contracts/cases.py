"""What people, hospital systems and designers ask of cases and definitions, and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.commands.contracts.asking import Submission


@dataclass(frozen=True, kw_only=True)
class StartInstance:
    """Answers `Started`. `version` None: the newest active one. Raises NotFound, Conflict (the business key has an open
    instance of this definition)."""

    definition_key: str
    version: int | None = None
    business_key: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    submission: Submission | None = None
    instance_id: UUID | None = None
    happened_at: datetime | None = None  # when it began, where it is told later: what follows counts from then


@dataclass(frozen=True, kw_only=True)
class CompleteUserTask:
    """Answers `Completed`. `variables` have already passed the form. Raises NotFound, Conflict, Stale."""

    user_task_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)
    submission: Submission | None = None
    expected_revision: int | None = None
    happened_at: datetime | None = None  # when it was done, where it is handed in later: what follows counts from then


@dataclass(frozen=True, kw_only=True)
class ClaimUserTask:
    user_task_id: UUID
    assignee: str
    expected_revision: int | None = None
    take_over: bool = False


@dataclass(frozen=True, kw_only=True)
class ReleaseUserTask:
    user_task_id: UUID
    expected_revision: int | None = None


@dataclass(frozen=True, kw_only=True)
class SaveDraft:
    """`over`: mark of the draft that the writer began with, empty: of none (`engine.store.drafts.mark`)."""

    user_task_id: UUID
    draft: Mapping[str, Any]
    expected_revision: int | None = None
    over: str | None = None


@dataclass(frozen=True, kw_only=True)
class PublishMessage:
    """Answers `MessageResult`. Exactly one receiver; kept for `ttl` while nobody listens; `message_id` deduplicates."""

    name: str
    key: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    message_id: str | None = None
    ttl: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class WithdrawMessage:
    """Answers whether it was taken back: what has reached its receiver stays delivered. Its `message_id` is spent."""

    name: str
    key: str
    message_id: str


@dataclass(frozen=True, kw_only=True)
class BroadcastSignal:
    """Answers how many waits it reached."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """Answers a list of `Deployed`. All files of one call stand or fall together; raises Refused with every problem.
    An unchanged definition (same sha-256 as the newest version of its key) makes no new version."""

    files: Mapping[str, bytes]  # name -> content; .bpmn, .dmn with .cases.csv beside, .json (a form)
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Deployed:
    kind: str  # process | decision | form
    key: str
    version: int
    sha256: str
    created: bool
    warnings: tuple[Any, ...] = ()  # engine.problems.Problem


@dataclass(frozen=True, kw_only=True)
class Started:
    instance_id: UUID


@dataclass(frozen=True, kw_only=True)
class Completed:
    user_task_id: UUID
    instance_id: UUID
    opened_user_task_ids: tuple[UUID, ...]  # of the whole instance, those this step opened


@dataclass(frozen=True, kw_only=True)
class MessageResult:
    result: str  # delivered | buffered | duplicate; expired: nobody listens and it was not to be kept
    instance_id: UUID | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluateConditions:
    """Answers the ids of the instances that began: of every process with a conditional start event that these values
    meet."""

    variables: Mapping[str, Any]
    business_key: str | None = None
