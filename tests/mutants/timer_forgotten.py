"""The bug: now and then a timer is forgotten by the worker that took it."""

from itertools import count

from engine import due
from runtime.trials.databases import looking

CAUGHT_BY = "R07"


def plant():
    calls, fire = count(1), due._fire

    def forget(engine, timer, *rest):
        if next(calls) % 5 != 0:
            return fire(engine, timer, *rest)
        with looking(engine.pool) as conn:
            place = [timer.instance_id, timer.wait_id]
            conn.execute("DELETE FROM timer WHERE instance_id = %s AND wait_id = %s", place)
        return 1

    due._fire = forget
