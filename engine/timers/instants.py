"""ISO 8601 texts as instants. Without a zone they are Chinese civil time, wherever the server stands (F6)."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.clock import CHINA
from engine.timers.faults import TimerFault


def instant(text: str, zone: ZoneInfo = CHINA) -> datetime:
    """The aware moment that `text` means; a date alone is its first moment. Raises TimerFault."""
    return _read(text, zone, time(0, 0))


def end_of(text: str, zone: ZoneInfo = CHINA) -> datetime:
    """Like `instant`, but a date alone is its last second: a deadline given as a day ends with that day."""
    return _read(text, zone, time(23, 59, 59))


def zone_of(name: str | None) -> ZoneInfo:
    """An IANA zone; None is China. Raises TimerFault."""
    if name is None:
        return CHINA
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TimerFault(f"未知的时区 {name}", f"unknown time zone {name}") from None


def _read(text: str, zone: ZoneInfo, time_of_day: time) -> datetime:
    bare, name = text, None
    if text.endswith("]") and "@" not in text and "[" in text:
        bare, _, rest = text.partition("[")
        name = rest[:-1]
    elif "@" in text:
        bare, _, name = text.partition("@")
    if name:
        zone = zone_of(name)
    try:
        if len(bare) == 10:
            return datetime.combine(date.fromisoformat(bare), time_of_day, zone)
        moment = datetime.fromisoformat(bare)
    except ValueError:
        raise TimerFault(f"“{text}”不是 ISO 8601 日期或时间", f"'{text}' is no ISO 8601 date or date-time") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
