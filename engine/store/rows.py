"""What reading gives back: small frozen records, no connection behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.errors import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTask:
    """`element_id` as in its own diagram; `path` has the call activities around it. `state` may be final."""

    id: UUID
    revision: int
    element_id: str
    path: str
    name: str | None
    instance_id: UUID
    wait_id: int
    definition_key: str
    definition_version: int
    business_key: str | None
    state: str
    assignee: str | None
    candidate_roles: list[str]
    candidate_users: list[str]
    organisation: str | None
    created_at: datetime
    window_from: datetime | None
    due_at: datetime | None
    until_at: datetime | None
    priority: int
    form: str | None
    form_version: int | None
    clock: str | None
    draft: dict[str, Any] | None
    completed_at: datetime | None
    completed_by: str | None

    @property
    def is_open(self) -> bool:
        return self.state in ("created", "claimed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list. `next` continues it; `total` counts up to `COUNTED` and stops there."""

    items: list[UserTask]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """`status`: active, suspended, completed, terminated. `ended_at` is the instant, `end_events` where it ended."""

    id: UUID
    definition_key: str
    definition_version: int
    business_key: str | None
    status: str
    revision: int
    variables: dict[str, Any]
    pins: dict[str, dict[str, int]]
    started_at: datetime
    ended_at: datetime | None
    end_events: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Where an instance stands; `element_id` is the path. `kind`: user_task, timer, message, signal, condition, job."""

    element_id: str
    kind: str
    wait_id: int
    task_id: UUID | None = None
    due_at: datetime | None = None
    message: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    revision: int
    ordinal: int
    at: datetime
    path: str
    element_id: str
    event: str
    by: str
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRow:
    """`suspended`: a process that starts no instance for the time being."""

    kind: str
    key: str
    version: int
    name: str | None
    version_tag: str | None
    resource: str
    sha256: str
    warnings: list[dict[str, Any]]
    deployed_at: datetime
    deployed_by: str
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(DefinitionRow):
    """`xml` is the file as it was uploaded: BPMN or DMN, for a form its JSON."""

    xml: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    id: UUID
    instance_id: UUID
    wait_id: int | None
    element_id: str
    path: str
    kind: str
    message: Text
    retries_left: int
    opened_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    schema_version: int | None
    oldest_due_timer_at: datetime | None
    open_incidents: int
