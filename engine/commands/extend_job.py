"""A worker needs longer for a job than it had asked for."""

from __future__ import annotations

from datetime import datetime

from engine.commands.contracts import ExtendJob
from engine.commands.jobs import gone, lease_lost
from engine.store.transaction import Tx


def handle(command: ExtendJob, tx: Tx) -> datetime:
    """The job's row alone is touched. A lease that ran out is good until another worker takes the job."""
    until: datetime | None = tx.value("extend_job", id=command.job_id, lease=command.lease, lock_for=command.lock_for)
    if until is None:
        raise gone() if tx.one("find_job", id=command.job_id) is None else lease_lost()
    return until
