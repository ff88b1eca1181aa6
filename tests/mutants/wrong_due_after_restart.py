"""The bug: an engine that starts sets running timers on again from now."""

from engine.engine import Engine
from runtime.trials.databases import looking

CAUGHT_BY = "R07"


def plant():
    init = Engine.__init__

    def restart(self, pool, **rest):
        init(self, pool, **rest)
        with looking(pool) as conn:
            conn.execute("UPDATE timer SET due_at = due_at + interval '6 hours'")

    Engine.__init__ = restart
