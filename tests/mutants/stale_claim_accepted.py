"""The bug: a worker whose lease ran out may still report."""

from engine.commands import complete_job

CAUGHT_BY = "R10"


def plant():
    lock_job = complete_job.lock_job
    complete_job.lock_job = lambda tx, job_id, lease: lock_job(tx, job_id, None)
