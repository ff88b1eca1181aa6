"""When something is due: ISO 8601 dates, durations and cycles, cron, working days, zones. Pure; no clock is read."""

from engine.timers.durations import Duration, parse_duration
from engine.timers.faults import TimerFault
from engine.timers.instants import end_of, instant
from engine.timers.jitter import jitter
from engine.timers.schedule import Due, check, first_due, next_due
from engine.timers.workdays import CALENDARS, is_workday, known_years

__all__ = [
    "CALENDARS",
    "Due",
    "Duration",
    "TimerFault",
    "check",
    "end_of",
    "first_due",
    "instant",
    "is_workday",
    "jitter",
    "known_years",
    "next_due",
    "parse_duration",
]
