"""Dates, times, both durations: what FEEL needs and `datetime` lacks (years beyond 9999, nanoseconds, zoned times)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

SECOND = 1_000_000_000  # everything below a day is counted in nanoseconds
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
MAX_YEAR = 999_999_999
MAX_OFFSET = 18 * 3600
MAX_MONTHS = 12 * MAX_YEAR * 2


class Date(NamedTuple):
    year: int
    month: int
    day: int

    def __str__(self) -> str:
        return f"{'-' if self.year < 0 else ''}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


class Time(NamedTuple):
    """A time of day; `offset` in seconds or `zone` by name, or neither (local)."""

    nanos: int  # since midnight
    offset: int | None = None
    zone: str | None = None

    def __str__(self) -> str:
        seconds, nanos = divmod(self.nanos, SECOND)
        text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        if nanos:
            text += f".{nanos:09d}".rstrip("0")
        return text + offset_text(self.offset, self.zone)


class DateTime(NamedTuple):
    date: Date
    time: Time

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"


class DaysDuration(NamedTuple):
    nanos: int

    def __str__(self) -> str:
        size = abs(self.nanos)
        days, rest = divmod(size, DAY)
        hours, rest = divmod(rest, HOUR)
        minutes, rest = divmod(rest, MINUTE)
        seconds, nanos = divmod(rest, SECOND)
        text = f"{days}D" if days else ""
        clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        if nanos:
            clock += f"{seconds}.{nanos:09d}".rstrip("0") + "S"
        elif seconds:
            clock += f"{seconds}S"
        if not text and not clock:
            return "PT0S"
        return ("-" if self.nanos < 0 else "") + "P" + text + (f"T{clock}" if clock else "")


class YearsDuration(NamedTuple):
    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (text or "0M")


def offset_text(offset: int | None, zone: str | None) -> str:
    if zone is not None:
        return f"@{zone}"
    if offset is None:
        return ""
    if offset == 0:
        return "Z"
    size = abs(offset)
    text = f"{'-' if offset < 0 else '+'}{size // 3600:02d}:{size // 60 % 60:02d}"
    return text + (f":{size % 60:02d}" if size % 60 else "")


# --- the calendar: proleptic Gregorian, any year ---------------------------------------------------------------------


def days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def is_date(year: int, month: int, day: int) -> bool:
    return abs(year) <= MAX_YEAR and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)


def to_days(date: Date) -> int:
    """Days since 1970-01-01."""
    year = date.year - (date.month <= 2)
    era, of_era = divmod(year, 400)
    of_year = (153 * ((date.month + 9) % 12) + 2) // 5 + date.day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def from_days(days: int) -> Date | None:
    """The date so many days after 1970-01-01; None beyond the years FEEL knows."""
    era, of_era = divmod(days + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year = year_of_era + era * 400 + (month <= 2)
    return Date(year, month, day) if abs(year) <= MAX_YEAR else None


def add_months(date: Date, months: int) -> Date | None:
    """The same day so many months on, or the last day of that month."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if abs(year) > MAX_YEAR:
        return None
    return Date(year, month + 1, min(date.day, days_in_month(year, month + 1)))


def weekday(date: Date) -> int:
    """Monday is 1."""
    return (to_days(date) + 3) % 7 + 1


# --- zones -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=600)
def zone_info(name: str) -> ZoneInfo | None:
    """None: no such zone."""
    return ZoneInfo(name) if name in _zone_names() else None


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_offset(zone: str, local_nanos: int) -> int:
    """Seconds east of Greenwich at that local time (nanoseconds since 1970). Far years use the rules of a like year."""
    moment = _moment(local_nanos).replace(tzinfo=zone_info(zone))
    return _seconds_east(moment)


def _offset_at(zone: str, utc_nanos: int) -> int:
    """The same for an instant in UTC."""
    return _seconds_east(_moment(utc_nanos).replace(tzinfo=UTC).astimezone(zone_info(zone)))


def _moment(nanos: int) -> datetime:
    days, rest = divmod(nanos, DAY)
    date = from_days(days) or Date(2000, 1, 1)
    year = date.year if 2 <= date.year <= 9998 else 2000 + date.year % 400
    return datetime(year, date.month, date.day, rest // HOUR, rest // MINUTE % 60, rest // SECOND % 60)


def _seconds_east(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def local_nanos(value: DateTime) -> int:
    return to_days(value.date) * DAY + value.time.nanos


def offset_of(value: DateTime) -> int | None:
    """Seconds east of Greenwich; None for local times."""
    if value.time.zone is not None:
        return zone_offset(value.time.zone, local_nanos(value))
    return value.time.offset


def instant(value: DateTime) -> int | None:
    """Nanoseconds since 1970 in UTC; None for local times."""
    offset = offset_of(value)
    return None if offset is None else local_nanos(value) - offset * SECOND


def time_offset(value: Time) -> int | None:
    """Seconds east of Greenwich; a zone without a date has the offset of its winter of 1970, by convention."""
    if value.zone is not None:
        return zone_offset(value.zone, value.nanos)
    return value.offset


def at_midnight(date: Date) -> DateTime:
    """A date as the instant at which it begins, in UTC (the conversion of the standard)."""
    return DateTime(date, Time(0, 0))


def shift(value: DateTime, nanos: int) -> DateTime | None:
    """So much later on the clock of its offset; a zoned value keeps its zone and follows its rules."""
    time = value.time
    total = local_nanos(value) + nanos
    if time.zone is not None:
        utc = local_nanos(value) - zone_offset(time.zone, local_nanos(value)) * SECOND + nanos
        total = utc + _offset_at(time.zone, utc) * SECOND
    days, rest = divmod(total, DAY)
    date = from_days(days)
    return None if date is None else DateTime(date, Time(rest, time.offset, time.zone))


# --- reading ---------------------------------------------------------------------------------------------------------

_DATE = r"(-?(?:[0-9]{4}|[1-9][0-9]{4,8}))-([0-9]{2})-([0-9]{2})"
_TIME = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:(Z|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)|@([A-Za-z0-9_+\-/]+))?"
_DATE_TEXT = re.compile(_DATE)
_TIME_TEXT = re.compile("T?" + _TIME)
_DATE_TIME_TEXT = re.compile(_DATE + "T" + _TIME)
_DURATION = re.compile(
    r"(-)?P(?:(\d{1,12})Y)?(?:(\d{1,12})M)?(?:(\d{1,14})D)?(T(?:(\d{1,16})H)?(?:(\d{1,17})M)?(?:(\d{1,18})(\.\d*)?S)?)?"
)


def parse_date(text: str) -> Date | None:
    found = _DATE_TEXT.fullmatch(text)
    return _date(*found.groups()) if found else None


def parse_time(text: str) -> Time | None:
    found = _TIME_TEXT.fullmatch(text)
    return _time(*found.groups()) if found else None


def parse_date_time(text: str) -> DateTime | None:
    """A date alone is its midnight, local."""
    found = _DATE_TIME_TEXT.fullmatch(text)
    if found is None:
        date = parse_date(text)
        return None if date is None else DateTime(date, Time(0))
    groups = found.groups()
    date, time = _date(*groups[:3]), _time(*groups[3:])
    if date is None or time is None:
        return None
    if groups[3] == "24":  # the end of a day is the beginning of the next
        next_day = from_days(to_days(date) + 1)
        return None if next_day is None else DateTime(next_day, time)
    return DateTime(date, time)


def parse_duration(text: str) -> DaysDuration | YearsDuration | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    sign, years, months, days, clock, hours, minutes, seconds, fraction = found.groups()
    if years or months:
        if days or clock is not None:
            return None
        total = int(years or 0) * 12 + int(months or 0)
        return YearsDuration(-total if sign else total) if total <= MAX_MONTHS else None
    if clock == "T" or not (days or clock):
        return None
    nanos = int(days or 0) * DAY + int(hours or 0) * HOUR + int(minutes or 0) * MINUTE + int(seconds or 0) * SECOND
    if fraction:
        nanos += int((fraction[1:10]).ljust(9, "0"))
    return DaysDuration(-nanos if sign else nanos)


def _date(year: str, month: str, day: str) -> Date | None:
    numbers = int(year), int(month), int(day)
    return Date(*numbers) if is_date(*numbers) else None


def _time(hour: str, minute: str, second: str, fraction: str, offset: str, zone: str) -> Time | None:
    hours, minutes, seconds = int(hour), int(minute), int(second)
    if hours == 24 and minutes == seconds == 0 and not fraction:
        hours = 0
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    nanos = (hours * 3600 + minutes * 60 + seconds) * SECOND
    if fraction:
        nanos += int(fraction[1:10].ljust(9, "0"))
    if zone is not None:
        return Time(nanos, None, zone) if zone_info(zone) else None
    if offset is None:
        return Time(nanos)
    seconds_east = _offset(offset)
    return None if seconds_east is None else Time(nanos, seconds_east)


def _offset(text: str) -> int | None:
    if text == "Z":
        return 0
    parts = [int(part) for part in text[1:].split(":")]
    if any(part > 59 for part in parts[1:]):
        return None
    size = parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)
    if size > MAX_OFFSET:
        return None
    return -size if text[0] == "-" else size


def from_python(value: datetime) -> DateTime:
    """An aware or naive datetime; a zone with a name keeps it."""
    nanos = ((value.hour * 60 + value.minute) * 60 + value.second) * SECOND + value.microsecond * 1000
    offset, zone = value.utcoffset(), getattr(value.tzinfo, "key", None)
    if value.tzinfo is UTC or zone == "UTC":
        zone = None
    east = None if offset is None or zone else int(offset.total_seconds())
    return DateTime(Date(value.year, value.month, value.day), Time(nanos, east, zone))


def seconds_of(nanos: int) -> Decimal:
    """Nanoseconds as seconds, exact."""
    return Decimal(nanos).scaleb(-9).normalize() if nanos % SECOND else Decimal(nanos // SECOND)
