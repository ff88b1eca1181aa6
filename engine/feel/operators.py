"""Comparison and arithmetic between values of any two kinds. None answers what has no answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from engine.feel.meter import Run
from engine.feel.temporal import (
    DAY,
    MAX_MONTHS,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    Time,
    YearsDuration,
    add_months,
    at_midnight,
    from_days,
    instant,
    local_nanos,
    shift,
    time_offset,
    to_days,
)
from engine.feel.values import NUMBERS, Function, Range, Unequal

NUMERIC = (Decimal, int)


# --- equality --------------------------------------------------------------------------------------------------------


def equal(a: Any, b: Any, run: Run) -> bool | None:
    """`a = b`. Null when the kinds differ (and neither is null)."""
    kind, other = type(a), type(b)
    if kind is other:
        simple = _SAME.get(kind)
        return a == b if simple is None else simple(a, b, run)
    if a is None or b is None:
        return False
    if kind in NUMERIC and other in NUMERIC:
        return bool(a == b)
    if kind is Date and other is DateTime:
        return equal(at_midnight(a), b, run)
    if kind is DateTime and other is Date:
        return equal(a, at_midnight(b), run)
    return None


def _lists(a: list[Any], b: list[Any], run: Run) -> bool | None:
    if len(a) != len(b):
        return False
    run.charge(len(a) + 4)
    return _all(equal(x, y, run) for x, y in zip(a, b))


def _contexts(a: dict[str, Any], b: dict[str, Any], run: Run) -> bool | None:
    if a.keys() != b.keys():
        return False
    run.charge(2 * len(a) + 4)
    return _all(equal(value, b[name], run) for name, value in a.items())


def _all(answers: Any) -> bool | None:
    result: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = False  # elements of different kinds are simply not the same
    return result


def _written(interval: Range) -> str:
    """How it was written, where that makes another value of it."""
    return "" if interval.unary == ".." else interval.unary


def _ranges(a: Range, b: Range, run: Run) -> bool | None:
    if (a.start_included, a.end_included, _written(a)) != (b.start_included, b.end_included, _written(b)):
        return False
    return _all((equal(a.start, b.start, run), equal(a.end, b.end, run)))


def _date_times(a: DateTime, b: DateTime, run: Run) -> bool:
    """To the second, as the standard's test kit has it; the order of two values is exact."""
    left, right = instant(a), instant(b)
    if left is None and right is None:
        return local_nanos(a) // SECOND == local_nanos(b) // SECOND
    return left is not None and right is not None and left // SECOND == right // SECOND


def _times(a: Time, b: Time, run: Run) -> bool:
    left, right = time_offset(a), time_offset(b)
    if left is None or right is None:
        return left == right and a.nanos // SECOND == b.nanos // SECOND
    return a.nanos // SECOND - left == b.nanos // SECOND - right


_SAME: dict[type, Callable[[Any, Any, Run], bool | None]] = {
    list: _lists,
    dict: _contexts,
    Range: _ranges,
    Unequal: lambda a, b, run: equal(a.value, b.value, run),
    DateTime: _date_times,
    Time: _times,
    Function: lambda a, b, run: a is b or (a.bind is not None and a.name == b.name),
}


# --- order -----------------------------------------------------------------------------------------------------------


def order(a: Any, b: Any) -> int | None:
    """-1, 0, 1; None when the two cannot be ordered."""
    kind, other = type(a), type(b)
    if kind is other:
        if kind in _ORDERED:
            return -1 if a < b else 1 if a > b else 0
        keys = _KEYS.get(kind)
        if keys is None:
            return None
        pair = keys(a, b)
        if pair is None:
            return None
        return -1 if pair[0] < pair[1] else 1 if pair[0] > pair[1] else 0
    if kind in NUMERIC and other in NUMERIC:
        return -1 if a < b else 1 if a > b else 0
    if kind is Date and other is DateTime:
        return order(at_midnight(a), b)
    if kind is DateTime and other is Date:
        return order(a, at_midnight(b))
    return None


def _date_time_keys(a: DateTime, b: DateTime) -> tuple[int, int] | None:
    left, right = instant(a), instant(b)
    if left is None and right is None:
        return local_nanos(a), local_nanos(b)
    return None if left is None or right is None else (left, right)


def _time_keys(a: Time, b: Time) -> tuple[int, int] | None:
    left, right = time_offset(a), time_offset(b)
    if left is None and right is None:
        return a.nanos, b.nanos
    return None if left is None or right is None else (a.nanos - left * SECOND, b.nanos - right * SECOND)


_ORDERED = frozenset((Decimal, int, str, Date, DaysDuration, YearsDuration))
_KEYS: dict[type, Callable[[Any, Any], tuple[int, int] | None]] = {DateTime: _date_time_keys, Time: _time_keys}


def in_range(value: Any, interval: Range) -> bool | None:
    """Null when the value cannot be compared with the bounds, or a bound is null."""
    if interval.unary:
        start = interval.start is None or _after(value, interval.start, interval.start_included)
        end = interval.end is None or _before(value, interval.end, interval.end_included)
    else:
        start = _after(value, interval.start, interval.start_included)
        end = _before(value, interval.end, interval.end_included)
    if start is None or end is None:
        return None
    return start and end


def _after(value: Any, start: Any, included: bool) -> bool | None:
    sign = order(value, start)
    return None if sign is None else sign > 0 or (included and sign == 0)


def _before(value: Any, end: Any, included: bool) -> bool | None:
    sign = order(value, end)
    return None if sign is None else sign < 0 or (included and sign == 0)


# --- arithmetic ------------------------------------------------------------------------------------------------------


def add(a: Any, b: Any) -> Any:
    kind, other = type(a), type(b)
    if kind is str and other is str:
        return a + b
    rule = _ADD.get((kind, other))
    if rule is not None:
        return rule(a, b)
    rule = _ADD.get((other, kind))
    return None if rule is None else rule(b, a)


def subtract(a: Any, b: Any) -> Any:
    rule = _SUBTRACT.get((type(a), type(b)))
    return None if rule is None else rule(a, b)


def multiply(a: Any, b: Any) -> Any:
    if type(a) in NUMERIC and type(b) in (DaysDuration, YearsDuration):
        a, b = b, a
    if type(b) not in NUMERIC:
        return None
    if type(a) is DaysDuration:
        return _days(NUMBERS.multiply(Decimal(a.nanos), b))
    if type(a) is YearsDuration:
        return _months(NUMBERS.multiply(Decimal(a.months), b))
    return None


def divide(a: Any, b: Any) -> Any:
    if type(b) in NUMERIC and b != 0:
        if type(a) is DaysDuration:
            return _days(NUMBERS.divide(Decimal(a.nanos), b))
        if type(a) is YearsDuration:
            return _months(NUMBERS.divide(Decimal(a.months), b))
    if type(a) is type(b) and type(a) in (DaysDuration, YearsDuration) and b[0] != 0:
        return NUMBERS.divide(Decimal(a[0]), Decimal(b[0]))
    return None


def power(a: Any, b: Any) -> Any:
    if type(a) not in NUMERIC or type(b) not in NUMERIC:
        return None
    try:
        return NUMBERS.power(Decimal(a), Decimal(b))
    except DecimalException:
        return None


def negate(a: Any) -> Any:
    if type(a) in NUMERIC:
        return NUMBERS.minus(Decimal(a))
    if type(a) in (DaysDuration, YearsDuration):
        return type(a)(-a[0])
    return None


def _days(nanos: Decimal) -> DaysDuration | None:
    return DaysDuration(int(nanos)) if nanos.adjusted() < 34 else None


def _months(months: Decimal) -> YearsDuration | None:
    return YearsDuration(int(months)) if abs(months) <= MAX_MONTHS else None


def _sum_of_months(a: YearsDuration, b: YearsDuration) -> YearsDuration | None:
    total = a.months + b.months
    return YearsDuration(total) if abs(total) <= MAX_MONTHS else None


def _date_and_months(a: Date | DateTime, b: YearsDuration) -> Any:
    if isinstance(a, DateTime):
        moved = add_months(a.date, b.months)
        return None if moved is None else DateTime(moved, a.time)
    return add_months(a, b.months)


def _date_and_days(a: Date, b: DaysDuration) -> Date | None:
    return from_days((to_days(a) * DAY + b.nanos) // DAY)


def _time_and_days(a: Time, b: DaysDuration) -> Time:
    return Time((a.nanos + b.nanos) % DAY, a.offset, a.zone)


def _between(a: DateTime, b: DateTime) -> DaysDuration | None:
    pair = _date_time_keys(a, b)
    return None if pair is None else DaysDuration(pair[0] - pair[1])


def _between_times(a: Time, b: Time) -> DaysDuration | None:
    pair = _time_keys(a, b)
    return None if pair is None else DaysDuration(pair[0] - pair[1])


_ADD: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (YearsDuration, YearsDuration): _sum_of_months,
    (DaysDuration, DaysDuration): lambda a, b: DaysDuration(a.nanos + b.nanos),
    (Date, YearsDuration): _date_and_months,
    (DateTime, YearsDuration): _date_and_months,
    (Date, DaysDuration): _date_and_days,
    (DateTime, DaysDuration): lambda a, b: shift(a, b.nanos),
    (Time, DaysDuration): _time_and_days,
}
_SUBTRACT: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (YearsDuration, YearsDuration): lambda a, b: _sum_of_months(a, YearsDuration(-b.months)),
    (DaysDuration, DaysDuration): lambda a, b: DaysDuration(a.nanos - b.nanos),
    (Date, YearsDuration): lambda a, b: _date_and_months(a, YearsDuration(-b.months)),
    (DateTime, YearsDuration): lambda a, b: _date_and_months(a, YearsDuration(-b.months)),
    (Date, DaysDuration): lambda a, b: _date_and_days(a, DaysDuration(-b.nanos)),
    (DateTime, DaysDuration): lambda a, b: shift(a, -b.nanos),
    (Time, DaysDuration): lambda a, b: _time_and_days(a, DaysDuration(-b.nanos)),
    (Date, Date): lambda a, b: DaysDuration((to_days(a) - to_days(b)) * DAY),
    (DateTime, DateTime): _between,
    (Date, DateTime): lambda a, b: _between(at_midnight(a), b),
    (DateTime, Date): lambda a, b: _between(a, at_midnight(b)),
    (Time, Time): _between_times,
}
