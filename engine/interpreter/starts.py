"""What begins a process from outside, worked out from its program alone: the store keeps the rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.errors import Incorrect
from engine.feel import FeelError, to_plain
from engine.interpreter.listening import missed
from engine.interpreter.program import Program
from engine.timers import Due, TimerFault, first_due, next_due


def start_timer_due(program: Program, element_id: str, now: datetime) -> Due:
    """The first moment at which a timer start event begins an instance. Raises Incorrect when it gives none."""
    timer = program.start_timers[element_id]
    try:
        expression = timer.formula.expression
        text = timer.formula.literal if expression is None else to_plain(expression.evaluate({}, now=now))
        return first_due(timer.event.sort, str(text), now, timer.event.zone, timer.event.calendar)
    except (TimerFault, FeelError) as fault:
        raise Incorrect(fault.message.zh, fault.message.en, code="timer") from None
    except (OverflowError, ValueError):
        raise Incorrect("定时超出范围", "the timer is out of range", code="timer") from None


def start_timer_next(program: Program, element_id: str, last: Due, now: datetime) -> tuple[bool, Due | None]:
    """`last` fires now: is it to begin an instance, and which occurrence follows? The misfire policy decides both."""
    event = program.start_timers[element_id].event
    following = next_due(last, now, event.misfire, event.zone, event.calendar)
    runs = event.misfire != "skip" or not missed(last, now, event)
    return runs, following


def start_conditions_met(program: Program, variables: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """The conditional start events that these values would fire. A condition that cannot be evaluated is not met."""
    return tuple(
        element_id
        for element_id, condition in program.start_conditions.items()
        if condition.expression is not None and _is_true(condition.expression, variables, now)
    )


def _is_true(expression: Any, variables: Mapping[str, Any], now: datetime) -> bool:
    try:
        return expression.evaluate(dict(variables), now=now) is True
    except FeelError:
        return False
