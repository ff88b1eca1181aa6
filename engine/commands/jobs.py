"""What the answers to a job have in common: lock the instance, then the job, and know the lease."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.errors import Conflict, NotFound
from engine.store import instances
from engine.store.instances import Held
from engine.store.transaction import Tx


@dataclass(frozen=True)
class LockedJob:
    held: Held
    wait_id: int
    retries_left: int
    attempts: int


def lock_job(tx: Tx, job_id: UUID, lease: str | None) -> LockedJob:
    """Raises NotFound, or Conflict when another worker has taken the job since: then its answer counts."""
    instance_id = tx.value("find_job", id=job_id)
    if instance_id is None:
        raise gone()
    held = instances.lock(tx, instance_id)
    row: Any = tx.one("read_job", id=job_id)
    if row is None:
        raise gone()
    wait_id, _, retries_left, current, attempts = row
    if lease is not None and lease != current:
        raise lease_lost()
    return LockedJob(held, wait_id, retries_left, attempts)


def gone() -> NotFound:
    return NotFound("没有这个作业，或已完成", "no such job, or it is done")


def lease_lost() -> Conflict:
    return Conflict("作业已由另一个执行者接手", "another worker has this job now", code="lease-lost")
