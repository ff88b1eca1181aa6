"""What stands behind a dot, what can be iterated, the n-th item of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from engine.feel.meter import Run
from engine.feel.temporal import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    Time,
    YearsDuration,
    from_days,
    offset_of,
    seconds_of,
    time_offset,
    to_days,
    weekday,
)
from engine.feel.values import Range, Unequal, integer, is_number


def member(value: Any, name: str) -> tuple[bool, Any]:
    """(is there one, the value): an entry of a context, a property of a temporal value or a range."""
    kind = type(value)
    if kind is dict:
        return name in value, value.get(name)
    reader = PROPERTIES.get(kind, {}).get(name)
    return (False, None) if reader is None else (True, reader(value))


def pick(items: list[Any], index: Any, run: Run, position: int) -> Any:
    """The item at that place, counted from 1, or from -1 at the end; null beyond."""
    place = integer(index)
    if place is not None and 1 <= abs(place) <= len(items):
        return items[place - 1 if place > 0 else place]
    return run.note(position, f"列表没有第 {index} 项", f"the list has no item {index}")


def iterate(value: Any, run: Run) -> Iterable[Any] | None:
    """The items of a list, the whole numbers or days of a range; a single value is the list of itself."""
    if type(value) is list:
        return value
    if type(value) is Range:
        return _steps(value, run)
    return None if value is None else [value]


def _steps(interval: Range, run: Run) -> Iterable[Any] | None:
    low, high = _place(interval.start), _place(interval.end)
    if low is None or high is None or is_number(interval.start) is not is_number(interval.end):
        return None
    backwards = low > high
    if backwards and interval.unary != "..":
        return None  # only `for i in 3..1` counts down; [3..1] holds nothing
    if backwards:
        low += 0 if interval.start_included else -1
        high -= 0 if interval.end_included else -1
    else:
        low += 0 if interval.start_included else 1
        high -= 0 if interval.end_included else 1
    places = range(low, high - 1, -1) if backwards else range(low, high + 1)
    run.charge_list(min(len(places), 1 << 40))
    if type(interval.start) is Date:
        return (from_days(place) for place in places)
    return (Decimal(place) for place in places)


def _place(value: Any) -> int | None:
    if type(value) is Date:
        return to_days(value)
    return integer(value) if is_number(value) else None


def _offset(seconds: int | None) -> DaysDuration | None:
    return None if seconds is None else DaysDuration(seconds * SECOND)


def _part(size: int, modulus: int) -> Callable[[DaysDuration], Decimal]:
    """One field of a duration, with the sign of the whole."""

    def read(value: DaysDuration) -> Decimal:
        part = abs(value.nanos) % modulus // size if modulus else abs(value.nanos) // size
        return Decimal(-part if value.nanos < 0 else part)

    return read


def _seconds(value: DaysDuration) -> Decimal:
    part = seconds_of(abs(value.nanos) % MINUTE)
    return -part if value.nanos < 0 else part


def _months(value: YearsDuration, whole: bool) -> Decimal:
    size = abs(value.months) // 12 if whole else abs(value.months) % 12
    return Decimal(-size if value.months < 0 else size)


def _of_date(read: Callable[[Any], Any], value: DateTime) -> Any:
    return read(value.date)


def _of_time(read: Callable[[Any], Any], value: DateTime) -> Any:
    return read(value.time)


_DATE: dict[str, Callable[[Any], Any]] = {
    "year": lambda d: Decimal(d.year),
    "month": lambda d: Decimal(d.month),
    "day": lambda d: Decimal(d.day),
    "weekday": lambda d: Decimal(weekday(d)),
}
_TIME: dict[str, Callable[[Any], Any]] = {
    "hour": lambda t: Decimal(t.nanos // HOUR),
    "minute": lambda t: Decimal(t.nanos // MINUTE % 60),
    "second": lambda t: seconds_of(t.nanos % MINUTE),
    "time offset": lambda t: _offset(time_offset(t)),
    "timezone": lambda t: t.zone,
}
PROPERTIES: dict[type, dict[str, Callable[[Any], Any]]] = {
    Date: {
        **_DATE,
        "hour": lambda d: Decimal(0),
        "minute": lambda d: Decimal(0),
        "second": lambda d: Decimal(0),
        "time offset": lambda d: DaysDuration(0),
        "timezone": lambda d: None,
    },
    Time: _TIME,
    DateTime: {
        **{name: partial(_of_date, read) for name, read in _DATE.items()},
        **{name: partial(_of_time, read) for name, read in _TIME.items()},
        "time offset": lambda v: _offset(offset_of(v)),
    },
    DaysDuration: {
        "days": _part(DAY, 0),
        "hours": _part(HOUR, DAY),
        "minutes": _part(MINUTE, HOUR),
        "seconds": _seconds,
    },
    YearsDuration: {"years": lambda v: _months(v, True), "months": lambda v: _months(v, False)},
    Range: {
        "start": lambda r: r.start,
        "end": lambda r: r.end,
        "start included": lambda r: r.start_included,
        "end included": lambda r: r.end_included,
    },
    Unequal: {
        "start": lambda r: None,
        "end": lambda r: None,
        "start included": lambda r: False,
        "end included": lambda r: False,
    },
}
