"""A worker asks for jobs of its types, or for one that a step has just opened."""

from __future__ import annotations

from engine.commands.claim_due_work import claimed_job
from engine.commands.contracts import ClaimJob, ClaimJobs
from engine.commands.records import ClaimedJob
from engine.store.transaction import Tx


def handle(command: ClaimJobs, tx: Tx) -> list[ClaimedJob]:
    """A job whose retries are spent is not handed out: its incident opens after the commit, in the order of locks that
    everybody keeps (the instance first)."""
    rows = tx.all(
        "claim_due_jobs",
        until=tx.now,
        limit=command.limit,
        lock_for=command.lock_for,
        types=[command.type] if command.type else list(command.types),
        worker=command.worker,
        suspect=None,
        only=None if command.only is None else list(command.only),
    )
    jobs = sorted(map(claimed_job, rows), key=lambda job: (job.due_at, job.id))
    for job in jobs:
        if job.retries_left == 0:
            tx.follow("spent", job.id)
    return [job for job in jobs if job.retries_left]


def handle_one(command: ClaimJob, tx: Tx) -> ClaimedJob | None:
    row = tx.one("claim_job", id=command.job_id, until=tx.now, lock_for=command.lock_for, worker=command.worker)
    return claimed_job(row) if row else None
