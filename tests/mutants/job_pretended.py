"""The bug: now and then a job is reported as done without having been done."""

from itertools import count

from engine import due
from engine.commands.contracts import CompleteJob

CAUGHT_BY = "R01"


def plant():
    calls, attempt = count(1), due._attempt

    def pretend(engine, job, now):
        if next(calls) % 3 == 0:
            return CompleteJob(job_id=job.id, lease=job.lease)
        return attempt(engine, job, now)

    due._attempt = pretend
