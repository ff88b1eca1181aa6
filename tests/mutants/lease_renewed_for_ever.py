"""The bug: a lease that another worker has taken over is renewed by the one that lost it, and is good again."""

from engine.store import transaction

CAUGHT_BY = "R10"


def plant():
    statement = transaction.SQL["renew_jobs"]
    stolen = statement.replace(
        "SET locked_until = greatest(job.locked_until, clock_timestamp() + %(lock_for)s)",
        "SET lease = mine.lease, locked_until = clock_timestamp() + %(lock_for)s",
    )
    stolen = stolen.replace("AND j.lease = m.lease", "").replace("SELECT j.region_id, j.id", "SELECT j.id, m.lease")
    assert stolen != statement
    transaction.SQL = {**transaction.SQL, "renew_jobs": stolen}
