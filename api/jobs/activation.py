"""Jobs for a worker outside: those of its scope and its organisations, and a short wait where there are none."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from api.answers import at
from engine.commands.contracts import IdempotencyKey
from engine.errors import Forbidden
from workflows.jobs_outside import HandOutJobs, NothingDue, hand_out, has_due
from workflows.people.model import Principal
from workflows.people.visibility import works_on
from workflows.services import Services

LOOK_EVERY_S = 0.25
WAITING = threading.BoundedSemaphore(2)  # requests of this process that may wait; others are answered at once


@dataclass(frozen=True)
class Asked:
    types: tuple[str, ...]
    worker: str
    max_jobs: int
    lease: timedelta
    wait: timedelta


def activate(
    services: Services, caller: Principal, asked: Asked, idempotency: IdempotencyKey | None
) -> list[dict[str, Any]]:
    """Raises Forbidden for a type that no scope of the caller names."""
    for type_ in asked.types:
        if not works_on(caller.scopes, type_):
            raise Forbidden(
                f"令牌的授权范围不含作业类型“{type_}”", f"no scope of the token covers jobs of type {type_}"
            )
    command = HandOutJobs(
        principal=caller,
        types=asked.types,
        worker=asked.worker,
        limit=asked.max_jobs,
        lock_for=asked.lease,
        even_none=False,
    )
    return [_job_json(job) for job in _wait_for(services, command, asked.wait, idempotency)]


def _wait_for(
    services: Services, command: HandOutJobs, wait: timedelta, idempotency: IdempotencyKey | None
) -> list[dict[str, Any]]:
    if wait and WAITING.acquire(blocking=False):
        try:
            deadline = time.monotonic() + wait.total_seconds()
            looks = idempotency is not None  # what was given out before is not due any more
            while time.monotonic() < deadline:
                if looks or has_due(services, command):
                    try:
                        return hand_out(services, command, idempotency)
                    except NothingDue:
                        looks = False
                time.sleep(LOOK_EVERY_S)
        finally:
            WAITING.release()
    return hand_out(services, replace(command, even_none=True), idempotency)


def _job_json(job: dict[str, Any]) -> dict[str, Any]:
    return {
        **job,
        "id": str(job["id"]),
        "instance_id": str(job["instance_id"]),
        "locked_until": at(job["locked_until"]),
    }
