"""An outside worker asks for jobs of its type."""

from __future__ import annotations

from engine.commands.claim_due_work import claimed_job
from engine.commands.contracts import ClaimJob, ClaimJobs
from engine.commands.records import ClaimedJob
from engine.store.transaction import Tx


def handle(command: ClaimJobs, tx: Tx) -> list[ClaimedJob]:
    rows = tx.all(
        "claim_due_jobs",
        until=tx.now,
        limit=command.limit,
        lock_for=command.lock_for,
        types=[command.type],
        worker=command.worker,
    )
    return [claimed_job(row) for row in rows]


def handle_one(command: ClaimJob, tx: Tx) -> ClaimedJob | None:
    row = tx.one("claim_job", id=command.job_id, until=tx.now, lock_for=command.lock_for, worker=command.worker)
    return claimed_job(row) if row else None
