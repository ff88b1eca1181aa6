"""What workers ask: due work, jobs, messages on their way, deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

# How long what a dead process had in hand rests until the next one takes it. A living one renews it: engine/leases.py.
LEASE = timedelta(seconds=3)


@dataclass(frozen=True, kw_only=True)
class FireTimer:
    """Answers True when the timer fired, False when it is gone: firing twice is harmless."""

    instance_id: UUID
    wait_id: int


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
class FailMessage:
    """Delivering a stored message raised. After the last attempt it is `failed` and listed, else it rests."""

    message_id: UUID
    attempts: int
    problem: str
    back_off: timedelta


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
    lock_for: timedelta = LEASE


@dataclass(frozen=True, kw_only=True)
class Delivered:
    destination: str
    stream: UUID
    revision: int


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed:
    """It rests for `back_off`; `dead`, or too old: it is a dead letter, and its stream waits behind it. `attempts`: of
    the claim that failed; one that another has claimed since is left to it."""

    destination: str
    stream: UUID
    revision: int
    problem: str
    back_off: timedelta
    dead: bool = False
    attempts: int | None = None
