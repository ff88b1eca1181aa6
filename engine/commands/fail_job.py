"""A worker could not do a job: again later, and when its retries are spent an incident."""

from __future__ import annotations

from engine.commands.backoff import rest_after
from engine.commands.contracts import FailJob
from engine.commands.jobs import lock_job
from engine.interpreter.contracts import JobFailed
from engine.store import instances
from engine.store.incidents import LONGEST_REASON
from engine.store.transaction import Tx


def handle(command: FailJob, tx: Tx) -> int:
    """Answers how many retries are left."""
    job = lock_job(tx, command.job_id, command.lease)
    given = command.retries_left
    left = max(job.retries_left - 1 if given is None else given, 0)
    message = command.message[:LONGEST_REASON]
    if left == 0:
        instances.advance(tx, job.held, JobFailed(job.wait_id, message))
        return 0
    rest = rest_after(job.attempts, str(command.job_id)) if command.back_off is None else command.back_off
    tx.send("retry_job", id=command.job_id, retries_left=left, due_at=tx.now + rest, message=message)
    return left
