"""From the rules that matched to the answer of the table."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.dmn.errors import DecisionError
from engine.feel.meter import Run
from engine.feel.operators import NUMERIC, add, equal, order
from engine.feel.values import NUMBERS

Row = Any  # the output of one rule: a value, or a context of values
Ranks = Callable[[Row], tuple[int, ...]]


def _names(rules: list[int]) -> tuple[str, str]:
    return "、".join(map(str, rules)), ", ".join(map(str, rules))


def unique(place: str, rules: list[int], rows: list[Row], run: Run) -> Any:
    """Raises DecisionError when several rules match."""
    if len(rules) > 1:
        zh, en = _names(rules)
        raise DecisionError(
            f"决策表“{place}”要求唯一匹配，但规则 {zh} 同时匹配",
            f"table {place!r} allows one rule to match, but rules {en} do",
        )
    return rows[0]


def any_of(place: str, rules: list[int], rows: list[Row], run: Run) -> Any:
    """Raises DecisionError when the rules that match answer differently."""
    for row in rows[1:]:
        if equal(row, rows[0], run) is not True and row is not rows[0]:
            zh, en = _names(rules)
            raise DecisionError(
                f"决策表“{place}”中规则 {zh} 同时匹配但输出不同",
                f"rules {en} of table {place!r} match with different outputs",
            )
    return rows[0]


def by_priority(rows: list[Row], ranks: Ranks) -> list[Row]:
    """In the order in which the output values are listed; stable."""
    return sorted(rows, key=ranks)


def aggregate(kind: str, rows: list[Row], run: Run) -> Any:
    """SUM, MIN, MAX, COUNT of single outputs; null when they cannot be added or compared."""
    if kind == "COUNT":
        return Decimal(len(rows))
    values = [next(iter(row.values())) if isinstance(row, dict) and len(row) == 1 else row for row in rows]
    result = values[0]
    if kind == "SUM":
        for value in values[1:]:
            both = type(result) in NUMERIC and type(value) in NUMERIC
            result = NUMBERS.add(Decimal(result), Decimal(value)) if both else add(result, value)
            if result is None:
                return None
        return result
    wanted = -1 if kind == "MIN" else 1
    for value in values:
        sign = order(value, result)
        if sign is None:
            return None
        if sign == wanted:
            result = value
    return result
