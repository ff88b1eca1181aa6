"""ISO 8601 durations. Months and years go by the calendar: 31 January and a month is the last of February (F7)."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.clock import CHINA
from engine.timers.faults import TimerFault
from engine.timers.workdays import add_workdays, roll_forward

LONGEST = timedelta(days=3653)  # ten years: no deadline is further off (F5)
LONGEST_MONTHS = 120
PATTERN = re.compile(
    r"(?P<sign>-)?P(?:(?P<years>\d{1,6})Y)?(?:(?P<months>\d{1,6})M)?(?:(?P<weeks>\d{1,9}(?:\.\d{1,6})?)W)?"
    r"(?:(?P<days>\d{1,9}(?:\.\d{1,6})?)D)?(?P<time>T(?:(?P<hours>\d{1,9}(?:\.\d{1,6})?)H)?"
    r"(?:(?P<minutes>\d{1,9}(?:\.\d{1,6})?)M)?(?:(?P<seconds>\d{1,12}(?:\.\d{1,6})?)S)?)?"
)
SIZES = {"weeks": 7 * 86_400, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
CLOCK_PARTS = ("hours", "minutes", "seconds")


@dataclass(frozen=True, slots=True)
class Duration:
    """Calendar months, civil days and exact time, added in this order."""

    months: int
    days: int
    exact: timedelta

    def after(
        self, moment: datetime, zone: ZoneInfo = CHINA, calendar_id: str | None = None, day_of_month: int | None = None
    ) -> datetime:
        """The moment this long after `moment`: days and months keep the time on the wall of `zone`.

        With a calendar, days are working days and a moment on a day off moves to the next working day. `day_of_month`
        is the one that months aim at, that of `moment` by default: a cycle that began on the 31st comes back to it.
        """
        local = moment.astimezone(zone)
        wall = local.replace(tzinfo=None)
        if self.months:
            wall = datetime.combine(_add_months(wall.date(), self.months, day_of_month or wall.day), wall.time())
        if calendar_id is not None and self.days:
            wall = datetime.combine(add_workdays(calendar_id, wall.date(), self.days), wall.time())
        elif self.days:
            wall += timedelta(days=self.days)
        moved = local if not (self.months or self.days) else wall.replace(tzinfo=zone, fold=local.fold)
        due = (moved.astimezone(UTC) + self.exact).astimezone(zone)
        return due if calendar_id is None else roll_forward(calendar_id, due)

    @property
    def shortest(self) -> timedelta:
        """The least real time that it can take."""
        return timedelta(days=28 * self.months + self.days) + self.exact


@lru_cache(maxsize=1_000)
def parse_duration(text: str) -> Duration:
    """Raises TimerFault: not ISO 8601, longer than ten years, fractions of a year or month."""
    found = PATTERN.fullmatch(text.strip())
    parts = {} if found is None else {name: part for name, part in found.groupdict().items() if part and name in _UNITS}
    if found is None or not parts or (found["time"] and not any(found[name] for name in CLOCK_PARTS)):
        raise TimerFault(
            f"“{text}”不是 ISO 8601 时长，应如 P7D（7 天）、PT12H（12 小时）",
            f"'{text}' is no ISO 8601 duration such as P7D (7 days) or PT12H (12 hours)",
        )
    months = 12 * int(parts.get("years", 0)) + int(parts.get("months", 0))
    seconds = sum(float(part) * SIZES[name] for name, part in parts.items() if name in SIZES)
    if months > LONGEST_MONTHS or seconds + months * 30.4 * 86_400 > LONGEST.total_seconds():
        raise TimerFault(f"“{text}”超过十年", f"'{text}' is longer than ten years")
    days, exact = _days_and_rest(parts)
    sign = -1 if found["sign"] else 1
    return Duration(sign * months, sign * days, sign * exact)


_UNITS = frozenset(SIZES) | {"years", "months"}


def _days_and_rest(parts: dict[str, str]) -> tuple[int, timedelta]:
    whole = 7 * float(parts.get("weeks", 0)) + float(parts.get("days", 0))
    exact = timedelta(seconds=sum(float(parts.get(name, 0)) * SIZES[name] for name in CLOCK_PARTS))
    return int(whole), exact + timedelta(days=whole - int(whole))


def _add_months(day: date, months: int, wanted: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise TimerFault("日期超出范围", "the date is out of range")
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(wanted, last))
