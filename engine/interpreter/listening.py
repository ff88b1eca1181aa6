"""Waits for something from outside: a timer, a message, a signal, a condition. What each keeps in its data."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.interpreter.contracts import Wait, WaitKind, instant_text
from engine.interpreter.failures import Failed
from engine.interpreter.program import Body, Node
from engine.interpreter.run import Run
from engine.model.elements import ConditionalEvent, MessageEvent, SignalEvent, TimerEvent
from engine.timers import Due, TimerFault, first_due, next_due

LISTENED = (MessageEvent, TimerEvent, SignalEvent, ConditionalEvent)


def listen(run: Run, scope_id: int, node: Node, sees: int | None = None) -> None:
    """Open the wait of a catching event or receive task; its texts are read in the scope `sees`. Raises Failed."""
    event, seen = node.event, scope_id if sees is None else sees
    if isinstance(event, TimerEvent):
        run.open_wait(scope_id, node, WaitKind.TIMER, _timer(run, seen, node, event))
    elif isinstance(event, MessageEvent):
        data = {"name": text(run, node, "name", seen), "key": correlation_key(run, node, seen)}
        run.open_wait(scope_id, node, WaitKind.MESSAGE, data)
    elif isinstance(event, SignalEvent):
        run.open_wait(scope_id, node, WaitKind.SIGNAL, {"name": text(run, node, "name", seen)})
    elif isinstance(event, ConditionalEvent):
        run.open_wait(scope_id, node, WaitKind.CONDITION, {"met": None})
        run.touched.add("")  # no name at all: only that somebody looks at it once now


def listen_at_boundaries(run: Run, scope_id: int, node: Node) -> None:
    """Boundary events that something from outside triggers; errors and escalations are found when they are thrown."""
    for boundary in node.boundaries:
        if isinstance(boundary.event, LISTENED):
            listen(run, scope_id, boundary)


def listen_for_event_sub_processes(run: Run, scope_id: int, body: Body) -> None:
    """The event sub-processes of a scope that something from outside starts."""
    for sub_process in body.event_sub_processes:
        start = sub_process.body.start if sub_process.body is not None else None
        if start is not None and isinstance(start.event, LISTENED):
            listen(run, scope_id, start)


def text(run: Run, node: Node, name: str, scope_id: int) -> str:
    """A name or code as text. Raises Failed for anything else."""
    value = run.value(node.formulas[name], scope_id)
    if isinstance(value, str) and value:
        return value
    raise Failed(
        "name_invalid", f"“{node.formulas[name].text}”的结果不是文本", f"'{node.formulas[name].text}' gives no text"
    )


def correlation_key(run: Run, node: Node, scope_id: int) -> str:
    """The key as text: a number equals its text. Raises Failed for null and everything else."""
    formula = node.formulas["key"]
    value = run.value(formula, scope_id)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or value == "":
        raise Failed(
            "key_invalid",
            f"关联键“{formula.text}”的结果不是文本或数字",
            f"the correlation key '{formula.text}' gives neither a text nor a number",
        )
    return value if isinstance(value, str) else number_text(value)


def number_text(value: int | Decimal) -> str:
    """A number without a meaningless fraction: 7.0 is "7"."""
    return str(int(value)) if value == int(value) else format(Decimal(value).normalize(), "f")


# --- timers -----------------------------------------------------------------------------------------------------------


def _timer(run: Run, scope_id: int, node: Node, event: TimerEvent) -> dict[str, Any]:
    value = run.value(node.formulas["timer"], scope_id)
    if not isinstance(value, str):
        raise Failed(
            "timer_invalid",
            f"定时“{event.text}”没有得到日期或时长",
            f"the timer '{event.text}' gives no date or duration",
        )
    try:
        due = first_due(event.sort, value, run.now, event.zone, event.calendar)
    except (TimerFault, OverflowError, ValueError) as fault:
        raise _failed(fault, event.text) from None
    return _timer_data(due, event, node)


def _failed(fault: Exception, shown: str) -> Failed:
    if isinstance(fault, TimerFault):
        return Failed("timer_invalid", fault.message.zh, fault.message.en)
    return Failed("timer_invalid", f"定时“{shown}”超出范围", f"the timer '{shown}' is out of range")


def _timer_data(due: Due, event: TimerEvent, node: Node) -> dict[str, Any]:
    data = {
        "due": instant_text(due.due),
        "occurrence": due.occurrence,
        "cycle": due.cycle,
        "remaining": due.remaining,
        "misfire": event.misfire,
        "interrupting": node.element.interrupting,
    }
    return data if due.day is None else {**data, "day": due.day}


def rearm(run: Run, wait: Wait, node: Node) -> bool:
    """After a non-interrupting timer: wait for the next occurrence, or close. Answers whether this one is to be run."""
    event = node.event
    assert isinstance(event, TimerEvent)
    data = wait.data
    due = datetime.fromisoformat(data["due"])
    last = Due(due, data["occurrence"], data["cycle"], data["remaining"], data.get("day"))
    following = next_due(last, run.now, data["misfire"], event.zone, event.calendar)
    if following is None:
        run.close_wait(wait)
    else:
        run.replace_wait(wait, _timer_data(following, event, node))
    return data["misfire"] != "skip" or not missed(last, run.now, event)


def missed(last: Due, now: datetime, event: TimerEvent) -> bool:
    """The next occurrence is due as well: this one has been slept through."""
    following = next_due(last, last.due, "fire_all", event.zone, event.calendar)
    return following is not None and following.due <= now
