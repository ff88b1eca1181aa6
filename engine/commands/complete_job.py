"""A worker did a job."""

from __future__ import annotations

from engine.commands.contracts import CompleteJob
from engine.commands.jobs import lock_job
from engine.interpreter.contracts import JobDone
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: CompleteJob, tx: Tx) -> None:
    job = lock_job(tx, command.job_id, command.lease)
    instances.advance(tx, job.held, JobDone(job.wait_id, command.variables))
