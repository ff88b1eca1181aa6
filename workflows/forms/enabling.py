"""`enableWhen` as R4 says, and `enableWhenExpression`: is this item asked at all?"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from workflows.forms.items import Condition, Item

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


_SIMPLE = frozenset({str, bool})


def holds(item: Item, environment: Mapping[str, Any]) -> bool:
    """Conditions are joined by `any` or `all`; the expression, if there is one, must be true besides."""
    conditions = item.conditions
    if len(conditions) == 1:
        if not _met(conditions[0], environment):
            return False
    elif conditions:
        found = [_met(condition, environment) for condition in conditions]
        if not (any(found) if item.any_condition else all(found)):
            return False
    return item.enabled_by is None or item.enabled_by.is_true(environment)


def condition_of(item: Item) -> Callable[[Mapping[str, Any]], bool]:
    """`holds` of this item. Most have one condition, that one answer is one word, which needs no further look."""
    if len(item.conditions) != 1 or item.enabled_by is not None:
        return lambda environment: holds(item, environment)
    (condition,) = item.conditions
    question, wanted, kind = condition.question, condition.answer, type(condition.answer)
    if condition.operator != "=" or kind not in _SIMPLE:
        return lambda environment: _met(condition, environment)

    def is_said(environment: Mapping[str, Any]) -> bool:
        value = environment.get(question)
        if type(value) is kind:
            return bool(value == wanted)
        return type(value) not in _SIMPLE and _met(condition, environment)

    return is_said


def _met(condition: Condition, environment: Mapping[str, Any]) -> bool:
    value = environment.get(condition.question)
    if condition.operator == "=" and type(value) in _SIMPLE:  # as most are
        return type(value) is type(condition.answer) and bool(value == condition.answer)
    answers = value if isinstance(value, list) else [] if value is None else [value]
    if condition.operator == "exists":
        return bool(answers) is condition.answer
    if condition.operator == "!=":
        return condition.answer not in answers
    compare = _COMPARE[condition.operator]
    return any(_comparable(answer, condition.answer) and compare(answer, condition.answer) for answer in answers)


def _comparable(answer: Any, wanted: Any) -> bool:
    if isinstance(answer, bool) or isinstance(wanted, bool):
        return isinstance(answer, bool) and isinstance(wanted, bool)
    return isinstance(answer, str) == isinstance(wanted, str)
