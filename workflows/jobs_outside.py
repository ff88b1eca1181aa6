"""Jobs for a worker outside: those of its scopes, about the women of its organisations. What is handed out, the trace
of it and what a repeated request is answered are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from engine.commands.contracts import ClaimJobs, IdempotencyKey
from engine.commands.records import ClaimedJob
from engine.store import job_reads
from workflows.people.model import Principal
from workflows.services import Services
from workflows.store import people as people_store

LOOKED_AT = 500  # due jobs seen in one look; those of other organisations are passed over


@dataclass(frozen=True, kw_only=True)
class HandOutJobs:
    """Answers the jobs, each as a record of plain values. Raises NothingDue where there is none, unless it is to be
    remembered that there was none (`even_none`)."""

    principal: Principal
    types: tuple[str, ...]
    worker: str
    limit: int
    lock_for: timedelta
    even_none: bool


class NothingDue(Exception):
    """For now; nothing is stored."""


def hand_out(services: Services, asked: HandOutJobs, idempotency: IdempotencyKey | None) -> list[dict[str, Any]]:
    """The same request again is given the same jobs. Raises NothingDue."""
    found: list[dict[str, Any]] = services.engine.execute(asked, by=asked.principal.actor, idempotency=idempotency)
    return found


def has_due(services: Services, asked: HandOutJobs) -> bool:
    """A look that takes nothing."""
    with services.engine.read() as conn:
        return bool(_near(services, conn, asked, services.clock()))


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: one that knows no people."""

    def handle(asked: HandOutJobs, tx: Any) -> list[dict[str, Any]]:
        tx.answer_is_new()
        mine = _near(services(), tx.conn, asked, tx.now)
        if not mine and not asked.even_none:
            raise NothingDue
        jobs: list[ClaimedJob] = []
        if mine:
            command = ClaimJobs(
                types=asked.types, only=tuple(mine), worker=asked.worker, limit=asked.limit, lock_for=asked.lock_for
            )
            jobs = tx.run(command)
        people = services().people
        for job in jobs:
            subject = str(job.instance_id)
            people.audit(asked.principal, "activate", "instance", subject, {"job": str(job.id)}, conn=tx.conn)
        return [_record(job) for job in jobs]

    return {HandOutJobs: handle}


def _near(services: Services, conn: Any, asked: HandOutJobs, now: Any) -> list[UUID]:
    """Jobs of the women whom the caller's organisations care for, and of instances that are about no woman."""
    due = job_reads.due_jobs(conn, services.region_id, asked.types, now, LOOKED_AT)
    care = people_store.care_of_all(conn, services.region_id, [instance for _, instance in due])
    own = asked.principal.organisations
    near = [job for job, instance in due if not care.get(instance) or care[instance] & own]
    return near[: asked.limit]


def _record(job: ClaimedJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "lease": job.lease,
        "locked_until": job.locked_until,
        "type": job.type,
        "element_id": job.path,
        "instance_id": job.instance_id,
        "business_key": job.business_key,
        "headers": dict(job.headers),
        "variables": dict(job.variables),
        "attempt": job.attempts,
        "retries_left": job.retries_left,
    }
