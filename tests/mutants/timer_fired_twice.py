"""The bug: the wait of a timer that fired stays open once more."""

from dataclasses import replace

from engine.interpreter.contracts import TimerFired
from engine.store import instances

CAUGHT_BY = "R07"


def plant():
    apply = instances.interpreter.apply

    def keeps_the_wait(closure, state, event, now):
        step = apply(closure, state, event, now)
        if isinstance(event, TimerFired):
            wait = state.waits[event.wait_id]
            if not wait.data.get("again"):
                step.state.waits[wait.id] = replace(wait, data={**wait.data, "again": True})
        return step

    instances.interpreter.apply = keeps_the_wait
