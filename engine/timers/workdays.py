"""Working days of China: the State Council's holidays and make-up Saturdays, as far as they are published.

A year whose list is not published yet counts Monday to Friday; `known_years` tells which years are certain.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import chinese_calendar

from engine.timers.faults import TimerFault

CALENDARS = frozenset({"cn-workdays"})
ONE_DAY = timedelta(days=1)


def known_years() -> range:
    """The years whose holidays are in the list."""
    years = [day.year for day in chinese_calendar.constants.holidays]
    return range(min(years), max(years) + 1)


def is_workday(calendar_id: str, day: date) -> bool:
    """Whether people work on that day. Raises TimerFault for a calendar that does not exist."""
    if calendar_id not in CALENDARS:
        raise TimerFault(f"未知的日历 {calendar_id}", f"unknown calendar {calendar_id}")
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_workdays(calendar_id: str, day: date, count: int) -> date:
    """`count` working days after `day` (before it, when negative); the day itself is not counted."""
    step = ONE_DAY if count > 0 else -ONE_DAY
    left = abs(count)
    while left:
        day += step
        left -= is_workday(calendar_id, day)
    return day


def roll_forward(calendar_id: str, moment: datetime) -> datetime:
    """The same time of day on the next working day, or `moment` itself when it lies on one."""
    while not is_workday(calendar_id, moment.date()):
        moment += ONE_DAY
    return moment
