"""What a cell lets through, when that can be known without running it: values and intervals of one kind.

The dispatch of a table and the search for overlaps and gaps both stand on this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.feel import syntax
from engine.feel.compile import Compiler
from engine.feel.meter import Run, Scope
from engine.feel.operators import order
from engine.feel.values import kind_of

ORDERED = frozenset(("number", "date", "days and time duration", "years and months duration"))
_MAKERS = frozenset(("date", "time", "date and time", "duration"))
UNKNOWN = object()


@dataclass(frozen=True)
class Interval:
    """None: no bound on that side."""

    low: Any
    low_closed: bool
    high: Any
    high_closed: bool


@dataclass(frozen=True)
class StaticCell:
    """Lets a value of `kind` through when it lies in one of the intervals, or is one of the values; or in none."""

    kind: str
    intervals: tuple[Interval, ...]
    values: tuple[Any, ...]
    negated: bool


def static_cell(node: syntax.Tests) -> StaticCell | None:
    """None: the cell reads variables or mixes kinds, so only running it tells."""
    parts: list[tuple[bool, Any]] = []
    for test, reads_input in zip(node.tests, node.uses_input):
        if reads_input or not _parts(test, parts):
            return None
    if not parts:
        return None
    kinds = {
        kind_of(value.low if value.low is not None else value.high) if isinstance(value, Interval) else kind_of(value)
        for _, value in parts
    }
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    excluded = {unlike for unlike, _ in parts}
    if len(excluded) != 1 or (True in excluded and len(parts) > 1):
        return None
    negated = node.negated is not (True in excluded)
    intervals, values = [], []
    for _, value in parts:
        if isinstance(value, Interval):
            intervals.append(value)
        elif kind in ORDERED:
            intervals.append(Interval(value, True, value, True))
        else:
            values.append(value)
    if intervals and kind not in ORDERED:
        return None
    if not intervals and kind not in ("string", "boolean", "null"):
        return None
    return StaticCell(kind, tuple(intervals), tuple(values), negated)


def _parts(test: syntax.Node, parts: list[tuple[bool, Any]]) -> bool:
    """Adds (is it `!=`, value or interval); False when the test is not static."""
    if isinstance(test, syntax.RangeOf):
        return _interval(test, parts)
    if isinstance(test, syntax.ListOf):
        return bool(test.items) and all(
            not isinstance(item, syntax.ListOf) and _parts(item, parts) for item in test.items
        )
    unlike = isinstance(test, syntax.Unlike)
    value = fold(test.operand if isinstance(test, syntax.Like | syntax.Unlike) else test)
    if value is UNKNOWN or isinstance(value, list | dict):
        return False
    parts.append((unlike, value))
    return True


def _interval(test: syntax.RangeOf, parts: list[tuple[bool, Any]]) -> bool:
    low = None if test.start is None else fold(test.start)
    high = None if test.end is None else fold(test.end)
    if low is UNKNOWN or high is UNKNOWN:
        return False
    if (test.start is not None and low is None) or (test.end is not None and high is None):
        return False
    if low is not None and high is not None and order(low, high) is None:
        return False
    parts.append((False, Interval(low, test.start_included, high, test.end_included)))
    return True


def fold(node: syntax.Node) -> Any:
    """The value of a literal, or of `date("…")` and its like; `UNKNOWN` for everything else."""
    if isinstance(node, syntax.Literal):
        return node.value
    if (
        isinstance(node, syntax.Call)
        and isinstance(node.function, syntax.Name)
        and node.function.name in _MAKERS
        and node.names is None
        and all(isinstance(argument, syntax.Literal) for argument in node.arguments)
    ):
        return Compiler().compile(node)(Scope({}, None, Run()))
    return UNKNOWN
