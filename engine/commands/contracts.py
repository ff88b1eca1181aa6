"""The commands of the engine: what may be asked of it. Each has one handler, in the file of its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.errors import Text

# How long what a dead process had in hand rests until the next one takes it. A living one renews it: engine/leases.py.
LEASE = timedelta(seconds=3)


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who asks, as it will stand in history and audit: ids only, never a name."""

    id: str  # account or client id, "worker", "engine"
    kind: str = "person"  # person | client | engine
    organisation: str | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """The same key from the same client with the same request gets the stored answer; with another request, 422."""

    client: str
    key: str
    request_hash: str


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a person or a system entered, handed through to the projection unread by the engine."""

    form: str
    form_version: int
    answers: Mapping[str, Any]
    response: Mapping[str, Any] | None = None  # the document as it arrived, where one did
    source: str | None = None  # its stored id, where it is stored already


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


@dataclass(frozen=True, kw_only=True)
class CompleteUserTask:
    """Answers `Completed`. `variables` have already passed the form. Raises NotFound, Conflict, Stale."""

    user_task_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)
    submission: Submission | None = None
    expected_revision: int | None = None


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
    user_task_id: UUID
    draft: Mapping[str, Any]
    expected_revision: int | None = None


@dataclass(frozen=True, kw_only=True)
class FireTimer:
    """Answers True when the timer fired, False when it is gone: firing twice is harmless."""

    instance_id: UUID
    wait_id: int


@dataclass(frozen=True, kw_only=True)
class PublishMessage:
    """Answers `MessageResult`. Exactly one receiver; kept for `ttl` while nobody listens; `message_id` deduplicates."""

    name: str
    key: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    message_id: str | None = None
    ttl: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class BroadcastSignal:
    """Answers how many waits it reached."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClaimJobs:
    """Answers a list of `ClaimedJob`: at most `limit` due jobs of one type, or of `types`, this worker's for
    `lock_for`. `only`: nothing but these. One whose workers died until its retries were spent becomes an incident."""

    worker: str
    type: str | None = None
    types: tuple[str, ...] = ()
    only: tuple[UUID, ...] | None = None
    limit: int = 10
    lock_for: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class CompleteJob:
    job_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)
    lease: str | None = None  # the worker's lease; a stale one is refused


@dataclass(frozen=True, kw_only=True)
class FailJob:
    """Answers how many retries are left; with none an incident opens. Without `back_off` the rest doubles each time."""

    job_id: UUID
    message: str
    retries_left: int | None = None
    back_off: timedelta | None = None
    lease: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExtendJob:
    """Answers until when the job is the worker's now. Raises NotFound, Conflict (`lease-lost`)."""

    job_id: UUID
    lease: str
    lock_for: timedelta


@dataclass(frozen=True, kw_only=True)
class ThrowJobError:
    job_id: UUID
    code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    lease: str | None = None


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
    instance_id: UUID
    reason: str = ""
    batch_id: UUID | None = None


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
class DeliverMessage:
    """Correlate a stored message that a step gave out, or that waits for its receiver. Answers `MessageResult`; what is
    delivered already stays so."""

    message_id: UUID


@dataclass(frozen=True, kw_only=True)
class FailTimer:
    """Firing raised. After the last attempt an incident opens, else the timer rests for `backoff`."""

    instance_id: UUID
    wait_id: int
    attempts: int
    message: str
    backoff: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class ClaimDueWork:
    """Answers `DueWork`: what is due until `until`, `limit` of a kind, one job, this worker's for `lock_for`. Attempts
    are counted here, before the work, so that a crash counts. `in_order`: only what falls due first."""

    until: datetime
    job_types: tuple[str, ...]
    limit: int = 100
    in_order: bool = False
    suspect: bool | None = False  # False: what nobody has begun; True: what was begun and not finished; None: both
    kinds: tuple[str, ...] = ("timer", "job", "message", "start")
    spread: timedelta = timedelta(0)  # timers due at one moment are taken over this long, each at its own place in it
    lock_for: timedelta = LEASE
    worker: str = "engine"


@dataclass(frozen=True, kw_only=True)
class RenewLeases:
    """What of this claimed work is still the worker's stays so for `lock_for` from now on."""

    work: Any  # engine.commands.records.DueWork
    lock_for: timedelta = LEASE


@dataclass(frozen=True, kw_only=True)
class ClaimJob:
    """Answers the `ClaimedJob`, or None when another has it or it is gone."""

    job_id: UUID
    worker: str = "engine"
    lock_for: timedelta = LEASE


@dataclass(frozen=True, kw_only=True)
class SweepRegion:
    """Mark messages nobody fetched as expired, forget old answers and told events."""


@dataclass(frozen=True, kw_only=True)
class MessageResult:
    result: str  # delivered | buffered | duplicate; expired: nobody listens and it was not to be kept
    instance_id: UUID | None = None
    at: datetime | None = None


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


@dataclass(frozen=True, kw_only=True)
class ActivateDefinition:
    """Instances start again of this version, None: of any. Answers the versions. Raises NotFound."""

    key: str
    version: int | None = None


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
    lock_for: timedelta = timedelta(seconds=30)


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
class FailMessage:
    """Delivering a stored message raised. After the last attempt it is `failed` and listed, else it rests."""

    message_id: UUID
    attempts: int
    problem: str
    back_off: timedelta


@dataclass(frozen=True, kw_only=True)
class RetryMessage:
    """Answers `MessageResult`: a failed, expired or kept message looks for its receiver now, and waits anew for `ttl`.
    Raises NotFound, Conflict (it was delivered)."""

    message_id: UUID
    ttl: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class StartByTimer:
    """Answers True when the timer start event began an instance: one per occurrence, whoever asks how often."""

    definition_key: str
    element_id: str


@dataclass(frozen=True, kw_only=True)
class FailStart:
    """A timer start event raised. After the last attempt it rests until somebody fires or moves it."""

    definition_key: str
    element_id: str
    attempts: int
    problem: str
    back_off: timedelta


@dataclass(frozen=True, kw_only=True)
class EvaluateConditions:
    """Answers the ids of the instances that began: of every process with a conditional start event that these values
    meet."""

    variables: Mapping[str, Any]
    business_key: str | None = None


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
class ReportZombie:
    """Answers True when the instance is active and nothing would ever move it: an incident says so. One that is none
    any more is resolved."""

    instance_id: UUID


@dataclass(frozen=True, kw_only=True)
class MoveOutbox:
    """Answers how many steps were laid out for the destinations. `wanted`: by destination the events it is told of,
    None all."""

    wanted: Mapping[str, tuple[str, ...] | None]
    limit: int = 1000


@dataclass(frozen=True, kw_only=True)
class ClaimDeliveries:
    """Answers a list of `engine.outbox.Entry`: due, and of each stream only the oldest."""

    destinations: tuple[str, ...]
    limit: int = 1
    lock_for: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Delivered:
    destination: str
    stream: UUID
    revision: int


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed:
    """It rests for `back_off`; `dead`, or too old: it is a dead letter, and its stream waits behind it."""

    destination: str
    stream: UUID
    revision: int
    problem: str
    back_off: timedelta
    dead: bool = False


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
