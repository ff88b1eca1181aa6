"""Dates, times, durations: conversion and calendar functions. No clock is read: `now` comes in with the evaluation."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from engine.feel.builtins.registry import builtin
from engine.feel.errors import Fail
from engine.feel.meter import Run
from engine.feel.operators import equal
from engine.feel.temporal import (
    HOUR,
    MAX_OFFSET,
    MINUTE,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    Time,
    YearsDuration,
    from_python,
    is_date,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
    to_days,
    weekday,
    zone_info,
)
from engine.feel.values import integer
from engine.timers.workdays import add_workdays

MOST_WORKING_DAYS = 1000  # about four years, counted one by one
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@builtin("date", "from: string|date|date and time", weight=24)
def date(run: Run, value: Any) -> Date:
    if isinstance(value, Date):
        return value
    if isinstance(value, DateTime):
        return value.date
    found = parse_date(value)
    if found is None:
        raise Fail(f"“{value[:40]}”不是日期（YYYY-MM-DD）", f"{value[:40]!r} is not a date (YYYY-MM-DD)")
    return found


@builtin("date", "year: number, month: number, day: number", weight=24)
def date_of(run: Run, year: Any, month: Any, day: Any) -> Date:
    parts = integer(year), integer(month), integer(day)
    if None in parts or not is_date(*parts):  # type: ignore[arg-type]
        raise Fail("没有这一天", "there is no such day")
    return Date(*parts)  # type: ignore[arg-type]


@builtin("time", "from: string|time|date|date and time", weight=24)
def time(run: Run, value: Any) -> Time:
    if isinstance(value, Time):
        return value
    if isinstance(value, DateTime):
        return value.time
    if isinstance(value, Date):
        return Time(0, 0)
    found = parse_time(value)
    if found is None:
        raise Fail(f"“{value[:40]}”不是时间（HH:MM:SS）", f"{value[:40]!r} is not a time (HH:MM:SS)")
    return found


@builtin("time", "hour: number, minute: number, second: number, offset?: days and time duration|null", weight=24)
def time_of(run: Run, hour: Any, minute: Any, second: Any, offset: DaysDuration | None = None) -> Time:
    hours, minutes = integer(hour), integer(minute)
    if hours is None or minutes is None or not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= second < 60):
        raise Fail("没有这个时间", "there is no such time")
    east = None
    if offset is not None:
        east = int(offset.nanos / SECOND)
        if abs(east) > MAX_OFFSET:
            raise Fail("时区偏移过大", "the offset is too large")
    return Time(hours * HOUR + minutes * MINUTE + int(Decimal(second).scaleb(9)), east)


@builtin("date and time", "from: string|date|date and time", weight=24)
def date_and_time(run: Run, value: Any) -> DateTime:
    if isinstance(value, DateTime):
        return value
    if isinstance(value, Date):
        return DateTime(value, Time(0))
    found = parse_date_time(value)
    if found is None:
        raise Fail(f"“{value[:40]}”不是日期时间", f"{value[:40]!r} is not a date and time")
    return found


@builtin("date and time", "date: date|date and time, time: time", weight=24)
def date_and_time_of(run: Run, day: Any, clock: Time) -> DateTime:
    return DateTime(day.date if isinstance(day, DateTime) else day, clock)


@builtin(
    "date and time",
    "year: number, month: number, day: number, hour: number, minute: number, second: number, "
    "offset?: days and time duration|null",
    weight=24,
)
def date_and_time_of_parts(run: Run, year: Any, month: Any, day: Any, *clock: Any) -> DateTime:
    return DateTime(date_of(run, year, month, day), time_of(run, *clock))


@builtin(
    "date and time",
    "year: number, month: number, day: number, hour: number, minute: number, second: number, timezone: string",
    weight=24,
)
def date_and_time_in_zone(
    run: Run, year: Any, month: Any, day: Any, hour: Any, minute: Any, second: Any, zone: str
) -> DateTime:
    if zone_info(zone) is None:
        raise Fail(f"没有时区“{zone[:40]}”", f"there is no time zone {zone[:40]!r}")
    return DateTime(date_of(run, year, month, day), Time(time_of(run, hour, minute, second).nanos, None, zone))


@builtin("duration", "from: string|days and time duration|years and months duration", weight=24)
def duration(run: Run, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = parse_duration(value)
    if found is None:
        raise Fail(f"“{value[:40]}”不是时长（如 P3D、P1Y2M）", f"{value[:40]!r} is not a duration (P3D, P1Y2M)")
    return found


@builtin("years and months duration", "from: date|date and time, to: date|date and time", weight=24)
def years_and_months_duration(run: Run, start: Any, end: Any) -> YearsDuration:
    first = start.date if isinstance(start, DateTime) else start
    last = end.date if isinstance(end, DateTime) else end
    months = (last.year - first.year) * 12 + last.month - first.month
    later, earlier = (last.day, first.day)
    if months > 0 and later < earlier:
        months -= 1
    elif months < 0 and later > earlier:
        months += 1
    return YearsDuration(months)


@builtin("now", "")
def now(run: Run) -> DateTime:
    if run.now is None:
        raise Fail("求值时没有给出当前时间", "the evaluation was given no time")
    return from_python(run.now)


@builtin("today", "")
def today(run: Run) -> Date:
    return now(run).date


def _day(value: Any) -> Date:
    return value.date if isinstance(value, DateTime) else value


@builtin("add working days", "from: date|date and time, days: number", weight=24)
def add_working_days(run: Run, start: Any, days: Decimal) -> Date:
    """Ours, beside the standard's: `days` working days of China after `start`, which is not counted itself."""
    count, day = integer(days), _day(start)
    if count is None or abs(count) > MOST_WORKING_DAYS:
        raise Fail("工作日数应为整数，且不超过 1000", "working days are counted in whole days, at most 1000")
    try:
        found = add_workdays("cn-workdays", datetime.date(day.year, day.month, day.day), count)
    except (ValueError, OverflowError) as error:
        raise Fail("日期超出可计算的年份", "the date lies outside the years that can be counted") from error
    return Date(found.year, found.month, found.day)


@builtin("day of year", "date: date|date and time")
def day_of_year(run: Run, value: Any) -> Decimal:
    day = _day(value)
    return Decimal(to_days(day) - to_days(Date(day.year, 1, 1)) + 1)


@builtin("day of week", "date: date|date and time")
def day_of_week(run: Run, value: Any) -> str:
    return WEEKDAYS[weekday(_day(value)) - 1]


@builtin("month of year", "date: date|date and time")
def month_of_year(run: Run, value: Any) -> str:
    return MONTHS[_day(value).month - 1]


@builtin("week of year", "date: date|date and time")
def week_of_year(run: Run, value: Any) -> Decimal:
    """ISO 8601: week 1 holds the year's first Thursday."""
    day = _day(value)
    thursday = to_days(day) - weekday(day) + 4
    year = day.year
    for candidate in (year + 1, year, year - 1):
        begins = to_days(Date(candidate, 1, 1))
        if thursday >= begins:
            return Decimal((thursday - begins) // 7 + 1)
    raise AssertionError("a Thursday lies in some year")


@builtin("is", "value1?: any, value2?: any")
def same(run: Run, first: Any = None, second: Any = None) -> bool:
    """The same value of the same kind: unlike `=`, two spellings of one instant differ."""
    if isinstance(first, DateTime | Time | Date) or isinstance(second, DateTime | Time | Date):
        return type(first) is type(second) and first == second
    return equal(first, second, run) is True
