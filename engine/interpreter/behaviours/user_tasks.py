"""What a person is asked to do: who may, and in which window of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.interpreter.contracts import instant_text
from engine.interpreter.failures import Failed
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.model.elements import UserWork
from engine.timers import TimerFault, end_of, instant, parse_duration

PRIORITY = 50


def user_task_data(run: Run, at: int, node: Node) -> dict[str, Any]:
    """The data of the wait. Raises Failed when a text of the diagram gives something else than it must."""
    work = node.work
    assert isinstance(work, UserWork)
    roles = _names(run, at, node, "candidate_groups")
    if not roles and "candidate_groups" not in node.formulas:
        roles = [lane.role for lane in work.lanes if lane.role]
    return {
        "name": node.element.name,
        "form": work.form,
        "form_version": None,
        "candidate_roles": roles,
        "organisation": _text(run, at, node, "organisation"),
        "assignee": _text(run, at, node, "assignee"),
        "candidate_users": _names(run, at, node, "candidate_users"),
        "window_from": _moment(run, at, node, "follow_up", instant),
        "due": _moment(run, at, node, "due", end_of),
        "until": _moment(run, at, node, "until", end_of),
        "priority": _priority(run, at, node),
        "clock": work.clock,
    }


def _value(run: Run, at: int, node: Node, name: str) -> Any:
    formula = node.formulas.get(name)
    return None if formula is None else run.value(formula, at)


def _names(run: Run, at: int, node: Node, name: str) -> list[str]:
    value = _value(run, at, node, name)
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return list(value)
    raise _wrong(node, name)


def _text(run: Run, at: int, node: Node, name: str) -> str | None:
    value = _value(run, at, node, name)
    if value is None or isinstance(value, str):
        return value or None
    raise _wrong(node, name)


def _moment(run: Run, at: int, node: Node, name: str, read: Callable[[str], datetime]) -> str | None:
    """A date, a date-time, or a duration from now."""
    value = _value(run, at, node, name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _wrong(node, name)
    try:
        moment = parse_duration(value).after(run.now) if value.startswith(("P", "-P")) else read(value)
    except (TimerFault, OverflowError, ValueError):
        raise _wrong(node, name) from None
    return instant_text(moment)


def _priority(run: Run, at: int, node: Node) -> int:
    value = _value(run, at, node, "priority")
    if value is None:
        return PRIORITY
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= 100:
        raise _wrong(node, "priority")
    return int(value)


def _wrong(node: Node, name: str) -> Failed:
    text = node.formulas[name].text
    return Failed(
        "user_task_invalid", f"“{text}”的结果不能用于{LABELS[name]}", f"'{text}' gives nothing that fits the {name}"
    )


LABELS = {
    "candidate_groups": "候选角色",
    "candidate_users": "候选人",
    "organisation": "机构",
    "assignee": "办理人",
    "follow_up": "开始时间",
    "due": "到期时间",
    "until": "截止时间",
    "priority": "优先级",
}
