"""Working days of China: the State Council's holidays and make-up Saturdays, as far as they are published.

A year whose list is not known counts Monday to Friday: what is counted beyond `known_until` is provisional, and whoever
shows it says so. An installation adds a year by `learn`, once, as the process starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import chinese_calendar

from engine.timers.faults import TimerFault

CALENDARS = frozenset({"cn-workdays"})
ONE_DAY = timedelta(days=1)
HOLIDAYS_AHEAD = 60  # days before the end of what is known at which people are told; notices come out in November


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfHolidays:
    """A year as the State Council's notice gives it: the days off, and the days at a weekend that are worked."""

    year: int
    off: frozenset[date]
    worked: frozenset[date]


@dataclass(slots=True)
class _Added:
    years: frozenset[int] = frozenset()
    days: dict[date, bool] = field(default_factory=dict)


_added = _Added()


def learn(years: Iterable[YearOfHolidays]) -> None:
    """These years beside the shipped ones, and in place of what was learnt before. A notice may also name days of the
    year before it (the New Year's Eve of a long New Year): the later notice counts."""
    found = sorted(years, key=lambda one: one.year)
    _added.years = frozenset(one.year for one in found)
    _added.days = {day: worked for one in found for worked in (False, True) for day in (one.off, one.worked)[worked]}


def shipped_years() -> range:
    """The years whose holidays come with the installation."""
    years = [day.year for day in chinese_calendar.constants.holidays]
    return range(min(years), max(years) + 1)


def known_years() -> range:
    """The years whose holidays are known, without a gap."""
    shipped = shipped_years()
    stop = shipped.stop
    while stop in _added.years:
        stop += 1
    return range(shipped.start, stop)


def known_until() -> date:
    """The last day of which it is known whether people work; beyond it Monday to Friday is assumed."""
    return date(known_years().stop - 1, 12, 31)


def is_workday(calendar_id: str, day: date) -> bool:
    """Whether people work on that day. Raises TimerFault for a calendar that does not exist."""
    if calendar_id not in CALENDARS:
        raise TimerFault(f"未知的日历 {calendar_id}", f"unknown calendar {calendar_id}")
    if (told := _added.days.get(day)) is not None:
        return told
    if day.year in _added.years:
        return day.weekday() < 5
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
