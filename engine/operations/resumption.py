"""What an instance does at once when it is let go on, and when its late timers fire. Pure.

A timer that fell due while its instance was held fires no earlier than the moment it was let go on, also where a
clock is moved by hand and every timer else sees its own due time as now: `held_until` in its data says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.interpreter import Closure, State
from engine.interpreter.contracts import Step, Wait, WaitKind
from engine.interpreter.run import Run
from engine.interpreter.step import CIVIL, TABLES, finish
from engine.operations.migration.settle import fill_joins, look_at_conditions


def resume(closure: Closure, state: State, now: datetime) -> Step:
    """A migration of a suspended instance moves nothing: full joins and new conditions have waited until now."""
    run = Run(closure, state.copy(), now.astimezone(CIVIL), TABLES)
    for wait in list(run.state.waits.values()):
        if wait.kind is WaitKind.TIMER and _due(wait) < now:
            run.replace_wait(wait, {**wait.data, "held_until": now.isoformat()})
    fill_joins(run)
    look_at_conditions(run)
    return finish(run)


def firing_time(wait: Wait, now: datetime) -> datetime:
    """What a timer sees as now."""
    held_until = wait.data.get("held_until")
    return now if held_until is None else max(now, datetime.fromisoformat(held_until))


def hold_on(step: Step, wait: Wait) -> Step:
    """The next occurrence of a cycle that was held: when it is late as well, it fires no earlier either."""
    held_until, following = wait.data.get("held_until"), step.state.waits.get(wait.id)
    if held_until is None or following is None or _due(following) >= datetime.fromisoformat(held_until):
        return step
    state = step.state.copy()
    state.waits[wait.id] = replace(following, data={**following.data, "held_until": held_until})
    return replace(step, state=state)


def _due(wait: Wait) -> datetime:
    return datetime.fromisoformat(wait.data["due"])
