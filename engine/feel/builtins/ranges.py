"""How points and ranges lie to each other (Allen's relations), and the range that a text means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.feel import syntax
from engine.feel.builtins.registry import builtin
from engine.feel.errors import Fail, FeelSyntaxError
from engine.feel.meter import Run, Scope
from engine.feel.operators import order
from engine.feel.values import Range

POINT = "number|string|date|time|date and time|days and time duration|years and months duration"
Relation = Callable[[Any, Any], bool]


class _Bound:
    """The start or end of a range, or a point seen as both. `edge` -1 and +1 stand for no bound."""

    __slots__ = ("closed", "edge", "value")

    def __init__(self, value: Any, closed: bool, edge: int) -> None:
        self.value, self.closed, self.edge = value, closed, edge


def _start(item: Range) -> _Bound:
    return _Bound(item.start, item.start_included, -1 if item.unary and item.start is None else 0)


def _end(item: Range) -> _Bound:
    return _Bound(item.end, item.end_included, 1 if item.unary and item.end is None else 0)


def _point(value: Any) -> _Bound:
    return _Bound(value, True, 0)


def _sign(a: _Bound, b: _Bound) -> int:
    if a.edge or b.edge:
        return (a.edge > b.edge) - (a.edge < b.edge)
    sign = order(a.value, b.value)
    if sign is None:
        raise Fail("两端不可比较", "the ends cannot be compared")
    return sign


def _before_point_point(a: Any, b: Any) -> bool:
    return _sign(_point(a), _point(b)) < 0


def _before_point_range(a: Any, b: Range) -> bool:
    sign = _sign(_point(a), _start(b))
    return sign < 0 or (sign == 0 and not b.start_included)


def _before_range_point(a: Range, b: Any) -> bool:
    sign = _sign(_end(a), _point(b))
    return sign < 0 or (sign == 0 and not a.end_included)


def _before_range_range(a: Range, b: Range) -> bool:
    sign = _sign(_end(a), _start(b))
    return sign < 0 or (sign == 0 and not (a.end_included and b.start_included))


def _meets(a: Range, b: Range) -> bool:
    return a.end_included and b.start_included and _sign(_end(a), _start(b)) == 0


def _touches(a: Range, b: Range) -> bool:
    """Does `a` reach into `b` from the left?"""
    sign = _sign(_end(a), _start(b))
    return sign > 0 or (sign == 0 and a.end_included and b.start_included)


def _overlaps(a: Range, b: Range) -> bool:
    return _touches(a, b) and _touches(b, a)


def _overlaps_before(a: Range, b: Range) -> bool:
    start, end = _sign(_start(a), _start(b)), _sign(_end(a), _end(b))
    starts_first = start < 0 or (start == 0 and a.start_included and not b.start_included)
    ends_first = end < 0 or (end == 0 and (not a.end_included or b.end_included))
    return starts_first and ends_first and _touches(a, b)


def _finishes_point(a: Any, b: Range) -> bool:
    return b.end_included and _sign(_point(a), _end(b)) == 0


def _finishes_range(a: Range, b: Range) -> bool:
    return _sign(_end(a), _end(b)) == 0 and a.end_included == b.end_included and _starts_within(a, b)


def _starts_within(a: Range, b: Range) -> bool:
    sign = _sign(_start(a), _start(b))
    return sign > 0 or (sign == 0 and (b.start_included or not a.start_included))


def _ends_within(a: Range, b: Range) -> bool:
    sign = _sign(_end(a), _end(b))
    return sign < 0 or (sign == 0 and (b.end_included or not a.end_included))


def _during_point(a: Any, b: Range) -> bool:
    low, high = _sign(_point(a), _start(b)), _sign(_point(a), _end(b))
    return (low > 0 or (low == 0 and b.start_included)) and (high < 0 or (high == 0 and b.end_included))


def _during_range(a: Range, b: Range) -> bool:
    return _starts_within(a, b) and _ends_within(a, b)


def _starts_point(a: Any, b: Range) -> bool:
    return b.start_included and _sign(_point(a), _start(b)) == 0


def _starts_range(a: Range, b: Range) -> bool:
    return _sign(_start(a), _start(b)) == 0 and a.start_included == b.start_included and _ends_within(a, b)


def _coincides_points(a: Any, b: Any) -> bool:
    return _sign(_point(a), _point(b)) == 0


def _coincides_ranges(a: Range, b: Range) -> bool:
    return (
        (a.start_included, a.end_included) == (b.start_included, b.end_included)
        and _sign(_start(a), _start(b)) == 0
        and _sign(_end(a), _end(b)) == 0
    )


def _declare(name: str, signature: str, relation: Relation, swapped: bool = False) -> None:
    @builtin(name, signature, weight=8)
    def function(run: Run, first: Any, second: Any) -> bool:
        return relation(second, first) if swapped else relation(first, second)


_PP = f"point1: {POINT}, point2: {POINT}"
_PR = f"point: {POINT}, range: range"
_RP = f"range: range, point: {POINT}"
_RR = "range1: range, range2: range"
for _name, _signature, _relation, _swapped in (
    ("before", _PP, _before_point_point, False),
    ("before", _PR, _before_point_range, False),
    ("before", _RP, _before_range_point, False),
    ("before", _RR, _before_range_range, False),
    ("after", _PP, _before_point_point, True),
    ("after", _PR, _before_range_point, True),
    ("after", _RP, _before_point_range, True),
    ("after", _RR, _before_range_range, True),
    ("meets", _RR, _meets, False),
    ("met by", _RR, _meets, True),
    ("overlaps", _RR, _overlaps, False),
    ("overlaps before", _RR, _overlaps_before, False),
    ("overlaps after", _RR, _overlaps_before, True),
    ("finishes", _PR, _finishes_point, False),
    ("finishes", _RR, _finishes_range, False),
    ("finished by", _RP, _finishes_point, True),
    ("finished by", _RR, _finishes_range, True),
    ("includes", _RP, _during_point, True),
    ("includes", _RR, _during_range, True),
    ("during", _PR, _during_point, False),
    ("during", _RR, _during_range, False),
    ("starts", _PR, _starts_point, False),
    ("starts", _RR, _starts_range, False),
    ("started by", _RP, _starts_point, True),
    ("started by", _RR, _starts_range, True),
    ("coincides", _PP, _coincides_points, False),
    ("coincides", _RR, _coincides_ranges, False),
):
    _declare(_name, _signature, _relation, _swapped)


@builtin("range", "from: string", weight=300)
def range_from(run: Run, text: str) -> Range:
    """The range that a text writes with literal ends, one of which may be missing: "[1..3]", "[18..)"."""
    text = text.strip()
    low, dots, high = text[1:-1].partition("..")
    if not dots or text[0] not in "[(]" or text[-1] not in "])[":
        raise Fail(f"“{text[:40]}”不是区间", f"{text[:40]!r} is not a range")
    start, end = _literal(run, low), _literal(run, high)
    if start is None and end is None:
        raise Fail("区间两端都没有值", "the range has no end at all")
    if start is not None and end is not None and order(start, end) not in (-1, 0):
        raise Fail("区间起点在终点之后", "the range ends before it starts")
    return Range(start, end, text[0] == "[", text[-1] == "]", "..")


def _literal(run: Run, text: str) -> Any:
    """The value of an end: a literal, or `date("…")` and its like; nothing for none."""
    from engine.feel.expressions import Dialect

    run.charge(len(text))
    if not text.strip():
        return None
    try:
        expression = Dialect().expression(text)
    except FeelSyntaxError:
        raise Fail(f"“{text[:40]}”无法识别", f"{text[:40]!r} cannot be read") from None
    if not _is_literal(expression.node):
        raise Fail("区间两端应为字面值", "the ends should be literals")
    value = expression.closure(Scope({}, None, run))
    if value is None or order(value, value) is None:
        raise Fail("区间两端应可比较", "the ends should be ordered values")
    return value


def _is_literal(node: syntax.Node) -> bool:
    if isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name):
        known = node.function.name in ("date", "time", "date and time", "duration")
        return known and all(isinstance(argument, syntax.Literal) for argument in node.arguments)
    return isinstance(node, syntax.Literal)
