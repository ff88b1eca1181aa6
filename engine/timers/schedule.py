"""A timer's first due moment and the ones that follow, counted from the last due moment and never from the firing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.clock import CHINA
from engine.timers.cycles import parse_cycle
from engine.timers.durations import parse_duration
from engine.timers.faults import TimerFault
from engine.timers.instants import instant, zone_of
from engine.timers.workdays import is_workday, roll_forward


@dataclass(frozen=True, slots=True)
class Due:
    """`remaining`: how many occurrences follow this one; None without end. `cycle` None: it happens once.

    `day`: the day of the month that a cycle of months comes back to.
    """

    due: datetime
    occurrence: int = 1
    cycle: str | None = None
    remaining: int | None = 0
    day: int | None = None


def check(sort: str, text: str, zone_name: str | None = None, calendar_id: str | None = None) -> None:
    """Raises TimerFault when the literal can never be due."""
    first_due(sort, text, datetime(2026, 1, 1, tzinfo=CHINA), zone_name, calendar_id)
    if sort == "duration" and text.strip().startswith("-"):
        raise TimerFault(f"时长“{text}”是负的", f"the duration '{text}' is negative")


def first_due(sort: str, text: str, now: datetime, zone_name: str | None = None, calendar_id: str | None = None) -> Due:
    """When a timer that begins to run now is due first. `sort`: date | duration | cycle. Raises TimerFault."""
    zone = zone_of(zone_name)
    if calendar_id is not None:
        is_workday(calendar_id, now.date())  # refuses an unknown calendar at once
    if sort == "date":
        moment = instant(text, zone)
        return Due(moment if calendar_id is None else roll_forward(calendar_id, moment))
    if sort == "duration":
        return Due(parse_duration(text).after(now, zone, calendar_id))
    if sort != "cycle":
        raise TimerFault(f"未知的定时类型 {sort}", f"unknown sort of timer {sort}")
    cycle = parse_cycle(text, zone)
    remaining = None if cycle.repetitions is None else cycle.repetitions - 1
    day = cycle.day_of_month(now, zone)
    return Due(cycle.first(now, zone, calendar_id), cycle=text, remaining=remaining, day=day)


def next_due(
    last: Due, now: datetime, misfire: str, zone_name: str | None = None, calendar_id: str | None = None
) -> Due | None:
    """The occurrence after `last`, which fires now; None when there is none.

    Occurrences that passed unseen count as had. `fire_all` still gives each of them its turn; `fire_once` and `skip`
    go on with the first that lies after now.
    """
    if last.cycle is None:
        return None
    zone = zone_of(zone_name)
    cycle = parse_cycle(last.cycle, zone)
    due, occurrence, remaining = last.due, last.occurrence, last.remaining
    if misfire != "fire_all" and now > due:
        passed = cycle.passed(due, now, remaining)
        due, occurrence, remaining = passed.due, occurrence + passed.count, passed.remaining
    while remaining is None or remaining > 0:
        due, occurrence = cycle.after(due, zone, calendar_id, last.day), occurrence + 1
        remaining = None if remaining is None else remaining - 1
        if misfire == "fire_all" or due > now:
            return Due(due, occurrence, last.cycle, remaining, last.day)
    return None
