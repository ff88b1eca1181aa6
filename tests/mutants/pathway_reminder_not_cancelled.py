"""The bug: the timers of what is interrupted go on, after her death as after any other end."""

from engine.store import derive, instances

CAUGHT_BY = "pathway-walks"


def plant():
    rows_of = derive.rows_of

    def keeps(instance_id, diff, before, completed, forms):
        rows = rows_of(instance_id, diff, before, completed, forms)
        if completed is None and before:
            rows.pop("timers_closed", None)
        return rows

    instances.derive.rows_of = keeps
