"""The bug: a job that another worker holds is handed out again."""

from engine.store import transaction

CAUGHT_BY = "R10"


def plant():
    statement = transaction.SQL["claim_due_jobs"]
    shared = statement.replace("j.locked_until < clock_timestamp()", "true").replace("FOR UPDATE OF j SKIP LOCKED", "")
    assert shared != statement
    transaction.SQL = {**transaction.SQL, "claim_due_jobs": shared}
