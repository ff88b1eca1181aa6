"""The bug: what an instance listens to is stored at its start only, so nothing hears what comes to listen later."""

from engine.store import derive, instances

CAUGHT_BY = "R08"


def plant():
    rows_of = derive.rows_of

    def forgets(instance_id, diff, before, completed, forms):
        rows = rows_of(instance_id, diff, before, completed, forms)
        if before:
            rows.pop("subscriptions", None)
        return rows

    instances.derive.rows_of = forgets
