"""Working days of mainland China: weekends, national holidays and the days worked in exchange (journey G-14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import chinese_calendar

IsWorkingDay = Callable[[date], bool]


def is_working_day(day: date) -> bool:
    """By the State Council's yearly notice; a year whose notice is not yet known counts Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_working_days(start: date, count: int, is_working: IsWorkingDay = is_working_day) -> date:
    """The last day of a limit of `count` working days; the day of the event is not counted.

    >>> add_working_days(date(2024, 9, 30), 1)    # 1-7 October 2024 are holidays
    datetime.date(2024, 10, 8)
    """
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= is_working(day)
    return day
