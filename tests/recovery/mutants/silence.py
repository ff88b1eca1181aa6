"""The bug: now and then a job is reported as done without having been done."""

import sys
from itertools import count

from engine import due
from engine.commands.contracts import CompleteJob
from runtime.trials import target

calls = count(1)
attempt = due._attempt


def pretend(engine, job, now):
    if next(calls) % 5 == 0:
        return CompleteJob(job_id=job.id, lease=job.lease)
    return attempt(engine, job, now)


if __name__ == "__main__":
    due._attempt = pretend
    target.main(*sys.argv[1:])
