"""Jobs for a worker outside: those of its scope and its organisations, and a short wait where there are none."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from api.answers import at
from engine.commands.contracts import ClaimJobs
from engine.commands.records import ClaimedJob
from engine.errors import Forbidden
from engine.store import job_reads
from workflows.people.model import Principal
from workflows.people.visibility import works_on
from workflows.services import Services
from workflows.store import people as people_store

LOOK_EVERY_S = 0.25
LOOKED_AT = 500  # due jobs seen in one look; those of other organisations are passed over
WAITING = threading.BoundedSemaphore(2)  # requests of this process that may wait; others are answered at once


@dataclass(frozen=True)
class Asked:
    types: tuple[str, ...]
    worker: str
    max_jobs: int
    lease: timedelta
    wait: timedelta


def activate(services: Services, caller: Principal, asked: Asked) -> list[dict[str, Any]]:
    """Raises Forbidden for a type that no scope of the caller names."""
    for type_ in asked.types:
        if not works_on(caller.scopes, type_):
            raise Forbidden(
                f"令牌的授权范围不含作业类型“{type_}”", f"no scope of the token covers jobs of type {type_}"
            )
    jobs = _take(services, caller, asked)
    if not jobs and asked.wait and WAITING.acquire(blocking=False):
        try:
            deadline = time.monotonic() + asked.wait.total_seconds()
            while not jobs and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY_S)
                jobs = _take(services, caller, asked)
        finally:
            WAITING.release()
    return [_job_json(job) for job in jobs]


def _take(services: Services, caller: Principal, asked: Asked) -> list[ClaimedJob]:
    with services.engine.read() as conn:
        due = job_reads.due_jobs(conn, services.region_id, asked.types, services.clock(), LOOKED_AT)
        mine = _near(services, conn, caller, due)[: asked.max_jobs]
    if not mine:
        return []
    command = ClaimJobs(
        types=asked.types, only=tuple(mine), worker=asked.worker, limit=asked.max_jobs, lock_for=asked.lease
    )
    jobs: list[ClaimedJob] = services.engine.execute(command, by=caller.actor)
    for job in jobs:
        services.people.audit(caller, "activate", "instance", str(job.instance_id), {"job": str(job.id)})
    return jobs


def _near(services: Services, conn: Any, caller: Principal, due: list[tuple[UUID, UUID]]) -> list[UUID]:
    """Jobs of the women whom the caller's organisations care for, and of instances that are about no woman."""
    care = people_store.care_of_all(conn, services.region_id, [instance for _, instance in due])
    return [job for job, instance in due if not care.get(instance) or care[instance] & caller.organisations]


def _job_json(job: ClaimedJob) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "lease": job.lease,
        "locked_until": at(job.locked_until),
        "type": job.type,
        "element_id": job.path,
        "instance_id": str(job.instance_id),
        "business_key": job.business_key,
        "headers": dict(job.headers),
        "variables": dict(job.variables),
        "attempt": job.attempts,
        "retries_left": job.retries_left,
    }
