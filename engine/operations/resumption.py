"""What an instance does at once when it is let go on. Pure."""

from __future__ import annotations

from datetime import datetime

from engine.interpreter import Closure, State
from engine.interpreter.contracts import Step
from engine.interpreter.run import Run
from engine.interpreter.step import CIVIL, TABLES
from engine.interpreter.step import _finish as finish
from engine.operations.migration.settle import fill_joins, look_at_conditions


def resume(closure: Closure, state: State, now: datetime) -> Step:
    """A migration of a suspended instance moves nothing: full joins and new conditions have waited until now."""
    run = Run(closure, state.copy(), now.astimezone(CIVIL), TABLES)
    fill_joins(run)
    look_at_conditions(run)
    return finish(run)
