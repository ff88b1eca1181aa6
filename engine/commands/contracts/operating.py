"""What operators ask: of one instance, of many in a batch, of what failed or waits by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.commands.contracts.work import LEASE
from engine.errors import Text


@dataclass(frozen=True, kw_only=True)
class RetryIncident:
    """`variables` are set before the failed element is tried again; a job is given them too."""

    incident_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SetVariables:
    instance_id: UUID
    variables: Mapping[str, Any]
    reason: str = ""
    batch_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class SuspendInstance:
    instance_id: UUID
    reason: str = ""
    batch_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ActivateInstance:
    instance_id: UUID
    reason: str = ""
    batch_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class TerminateInstance:
    """`variables` are written as it ends, and no condition looks at them. `reversible`: how it stood is kept, so that
    `ReopenInstance` can let it go on."""

    instance_id: UUID
    reason: str = ""
    batch_id: UUID | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    reversible: bool = False


@dataclass(frozen=True, kw_only=True)
class ReopenInstance:
    """A reversible termination is taken back: it stands where it stood, with its own clocks; what fell due meanwhile is
    due now. `variables` are written first. Raises Conflict where nothing was kept."""

    instance_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CalledPlan:
    """Of a called process: the version to pin, None as its caller's binding says today; mapping as of the caller."""

    version: int | None = None
    mapping: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MigrateInstance:
    """Take an instance to another version of its process, None: the newest that is not suspended. `mapping`: element
    id -> its id there, for what does not keep its id; None gives up a listener or what could be undone. `timers`:
    element id there, or `*`, -> keep | restart | recompute. Answers notes. Raises NotFound, Conflict, Refused."""

    instance_id: UUID
    version: int | None = None
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    called: Mapping[str, CalledPlan] = field(default_factory=dict)
    timers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    batch_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class RevertMigration:
    """Back to where the instance stood before its migration. Raises Conflict once it has been touched since."""

    instance_id: UUID
    reason: str = ""
    batch_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """`action`: cancel | start_before | start_after; `element_id` is the path, with the call activities around it."""

    action: str
    element_id: str


@dataclass(frozen=True, kw_only=True)
class ModifyInstance:
    """Move tokens by hand, in the order given, after the variables are set. Answers notes. Raises Refused."""

    instance_id: UUID
    instructions: tuple[Instruction, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    batch_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class RetryIncidents:
    """Every open incident of one instance. Raises Conflict when there is none."""

    instance_id: UUID


@dataclass(frozen=True, kw_only=True)
class Operate:
    """Any command on one instance, with what it changes there as the answer; with `dry_run` nothing is stored."""

    instance_id: UUID
    command: Any
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class SuspendDefinition:
    """No instance starts of this version, None: of any. Running ones go on. Answers the versions. Raises NotFound."""

    key: str
    version: int | None = None
    reason: str = ""
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class ActivateDefinition:
    """Instances start again of this version, None: of any. Answers the versions. Raises NotFound."""

    key: str
    version: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class CreateBatch:
    """One operation on every instance that a query finds now. Answers its id. Raises Incorrect."""

    operation: str  # migrate | revert | modify | suspend | activate | terminate | variables | retry
    query: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rate: float = 200.0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ControlBatch:
    """`action`: pause | resume | cancel | retry (the failed ones once more) | rate. Raises NotFound, Conflict."""

    batch_id: UUID
    action: str
    rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class ClaimBatchItems:
    """Answers a list of `ClaimedItem`: at most `limit`, this worker's for `lock_for`."""

    limit: int = 10
    lock_for: timedelta = LEASE


@dataclass(frozen=True, kw_only=True)
class RunBatchItems:
    """An operation on some instances, and what became of each, in one transaction. A single one that is refused raises
    what it was refused for, and nothing of it is left. Answers how many were done; 0 for what was done before."""

    batch_id: UUID
    commands: Mapping[UUID, Any]  # instance -> command


@dataclass(frozen=True, kw_only=True)
class FailBatchItem:
    batch_id: UUID
    instance_id: UUID
    code: str
    message: Text


@dataclass(frozen=True, kw_only=True)
class RetryMessage:
    """Answers `MessageResult`: a failed, expired or kept message looks for its receiver now, and waits anew for `ttl`.
    Raises NotFound, Conflict (it was delivered)."""

    message_id: UUID
    ttl: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class MoveTimer:
    """Another due moment for a running timer; a cycle goes on counting from it. Answers the due moment.
    Raises NotFound, Conflict (no timer waits there)."""

    instance_id: UUID
    wait_id: int
    due_at: datetime
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FireTimerNow:
    """Answers True: the timer has fired as if it were due. Raises NotFound, Conflict (no timer waits there)."""

    instance_id: UUID
    wait_id: int


@dataclass(frozen=True, kw_only=True)
class MoveStart:
    """Another due moment for a timer start event, tried anew however often it failed. Raises NotFound."""

    definition_key: str
    element_id: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class SkipIncident:
    """Go on as if the failed job had been done with these variables. An incident that is about no place in the process
    is marked as seen to. Raises NotFound, Conflict (`not-skippable`, `incident-resolved`)."""

    incident_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AssignIncident:
    incident_id: UUID
    owner: str


@dataclass(frozen=True, kw_only=True)
class RetryDelivery:
    """A dead letter is sent again, for another three days. Raises NotFound."""

    destination: str
    stream: UUID
    revision: int


@dataclass(frozen=True, kw_only=True)
class DiscardDelivery:
    """A delivery is given up, and its stream goes on without it. Raises NotFound."""

    destination: str
    stream: UUID
    revision: int
