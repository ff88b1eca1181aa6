"""The bug: an attempt counts when it has ended, so one that kills its worker never does."""

from engine.store import transaction

CAUGHT_BY = "R14"


def plant():
    statement = transaction.SQL["claim_due_jobs"]
    forgiving = statement.replace(
        "greatest(job.retries_left - (job.state = 'running')::integer, 0)", "job.retries_left"
    )
    assert forgiving != statement
    transaction.SQL = {**transaction.SQL, "claim_due_jobs": forgiving}
