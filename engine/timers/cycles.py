"""What repeats: `R3/PT10H`, `R/2026-01-01T08:00:00+08:00/P1W`, `0 8 * * MON-FRI` and its form with seconds first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from croniter import croniter
from croniter.croniter import CroniterError

from engine.timers.durations import Duration, parse_duration
from engine.timers.faults import TimerFault
from engine.timers.instants import instant

SHORTEST = timedelta(seconds=60)  # a faster cycle is a mistake and would starve the rest (F4)
MOST = 10_000  # bounded repetitions
MACROS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}


@dataclass(frozen=True, slots=True)
class Passed:
    """How far a cycle got unseen: the moment it stands at, how many occurrences that was, how many are left."""

    due: datetime
    count: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Cycle:
    """`repetitions` None: for ever. Either `interval` (with an optional `start`) or `cron`."""

    repetitions: int | None
    start: datetime | None = None
    interval: Duration | None = None
    cron: str | None = None

    def first(self, now: datetime, zone: ZoneInfo, calendar_id: str | None) -> datetime:
        """The first occurrence for a timer that begins to run now."""
        if self.start is not None:
            return self.start
        return self.after(now, zone, calendar_id)

    def day_of_month(self, now: datetime, zone: ZoneInfo) -> int | None:
        """The day that a cycle of months aims at; None for other cycles."""
        if self.interval is None or not self.interval.months:
            return None
        return (self.start or now).astimezone(zone).day

    def after(
        self, moment: datetime, zone: ZoneInfo, calendar_id: str | None, day_of_month: int | None = None
    ) -> datetime:
        """The occurrence that follows the one at `moment`."""
        if self.interval is not None:
            return self.interval.after(moment, zone, calendar_id, day_of_month)
        return _next_of_cron(self.cron or "", moment, zone)

    def passed(self, due: datetime, now: datetime, remaining: int | None) -> Passed:
        """Skip what lies between `due` and `now` in one leap where the length is constant: years then cost nothing."""
        if self.cron is not None:
            return Passed(now, 0, remaining)
        if self.interval is None or self.interval.months or self.interval.days:
            return Passed(due, 0, remaining)
        count = (now - due) // self.interval.exact
        count = count if remaining is None else min(count, remaining)
        return Passed(due + count * self.interval.exact, count, None if remaining is None else remaining - count)


@lru_cache(maxsize=1_000)
def parse_cycle(text: str, zone: ZoneInfo) -> Cycle:
    """Raises TimerFault: unreadable, faster than a minute, more than ten thousand times."""
    text = text.strip()
    return _interval(text, zone) if text.startswith("R") else _cron(text, zone)


def _interval(text: str, zone: ZoneInfo) -> Cycle:
    head, *rest = text.split("/")
    count = head[1:]
    if (count and not count.isdigit()) or not 1 <= len(rest) <= 2:
        raise _unreadable(text)
    repetitions = int(count) if count else None
    if repetitions is not None and not 1 <= repetitions <= MOST:
        raise TimerFault(f"重复次数须在 1 到 {MOST} 之间", f"repetitions must be between 1 and {MOST}")
    start = instant(rest[0], zone) if len(rest) == 2 and rest[0] else None
    interval = parse_duration(rest[-1])
    if interval.shortest < SHORTEST:
        raise _too_fast(text)
    return Cycle(repetitions, start=start, interval=interval)


def _cron(text: str, zone: ZoneInfo) -> Cycle:
    cron = MACROS.get(text, text)
    if len(cron.split()) == 5:
        cron = f"0 {cron}"
    if len(cron.split()) != 6:
        raise _unreadable(text)
    try:
        walk = croniter(cron, datetime(2026, 1, 1), second_at_beginning=True)
        occurrences = [walk.get_next(datetime) for _ in range(3)]
    except (CroniterError, ValueError, KeyError):
        raise _unreadable(text) from None
    if min(b - a for a, b in pairwise(occurrences)) < SHORTEST:
        raise _too_fast(text)
    return Cycle(None, cron=cron)


def _next_of_cron(cron: str, moment: datetime, zone: ZoneInfo) -> datetime:
    wall = moment.astimezone(zone).replace(tzinfo=None)
    following: datetime = croniter(cron, wall, second_at_beginning=True).get_next(datetime)
    due = following.replace(tzinfo=zone)
    # an hour that the wall shows twice: the second one, when the first is over
    return due if due.astimezone(UTC) > moment.astimezone(UTC) else due.replace(fold=1)


def _unreadable(text: str) -> TimerFault:
    return TimerFault(f"“{text}”不是 ISO 8601 周期或 cron 表达式", f"'{text}' is neither an ISO 8601 cycle nor cron")


def _too_fast(text: str) -> TimerFault:
    return TimerFault(f"周期“{text}”短于 60 秒", f"the cycle '{text}' is shorter than 60 seconds")
