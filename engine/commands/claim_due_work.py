"""What is due, handed to one worker."""

from __future__ import annotations

from typing import Any

from engine.commands.contracts import ClaimDueWork
from engine.commands.records import ClaimedJob, DueTimer, DueWork
from engine.store.transaction import Tx

COLUMNS = (
    *("id", "instance_id", "type", "element_id", "headers", "variables", "business_key"),
    *("retries_left", "lease", "locked_until", "due_at", "attempts", "path"),
)


def handle(command: ClaimDueWork, tx: Tx) -> DueWork:
    """Three statements, one round trip."""
    until = command.until
    if command.in_order:
        until = min(tx.value("find_next_due", types=list(command.job_types)) or until, until)
    asked = {"until": until, "limit": command.limit, "lock_for": command.lock_for}
    timers = tx.send("claim_due_timers", **asked)
    jobs = tx.send("claim_due_jobs", **asked, types=list(command.job_types), worker=command.worker, only=None)
    messages = tx.send("find_messages_to_correlate", until=command.until, limit=command.limit)
    due_timers = [DueTimer(instance_id=i, wait_id=w, due_at=d, attempts=a) for i, w, d, a in timers.fetchall()]
    return DueWork(
        timers=tuple(sorted(due_timers, key=lambda t: (t.due_at, t.instance_id, t.wait_id))),
        jobs=tuple(sorted(map(claimed_job, jobs.fetchall()), key=lambda j: (j.due_at, j.id))),
        messages=tuple(row[0] for row in messages.fetchall()),
    )


def claimed_job(row: tuple[Any, ...]) -> ClaimedJob:
    return ClaimedJob(**dict(zip(COLUMNS, row)))
