"""When something is due: ISO 8601 dates, durations and cycles, cron, working days, zones. Pure; no clock is read."""

from engine.timers.durations import Duration, parse_duration
from engine.timers.faults import TimerFault
from engine.timers.instants import end_of, instant
from engine.timers.jitter import jitter
from engine.timers.schedule import Due, check, first_due, next_due
from engine.timers.workdays import (
    CALENDARS,
    HOLIDAYS_AHEAD,
    YearOfHolidays,
    is_workday,
    known_until,
    known_years,
    learn,
    shipped_years,
)

__all__ = [
    "CALENDARS",
    "HOLIDAYS_AHEAD",
    "Due",
    "Duration",
    "TimerFault",
    "YearOfHolidays",
    "check",
    "end_of",
    "first_due",
    "instant",
    "is_workday",
    "jitter",
    "known_until",
    "known_years",
    "learn",
    "next_due",
    "parse_duration",
    "shipped_years",
]
