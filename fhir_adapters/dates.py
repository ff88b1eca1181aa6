"""FHIR dates and times as the intervals they cover: a date without a time is a day where the woman lives."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache

from engine.clock import CHINA

BEIJING = timezone(timedelta(hours=8))
FIRST = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
LAST = datetime.fromisoformat("9999-12-30T00:00:00+00:00")


@lru_cache(maxsize=1 << 10)
def interval(text: str) -> tuple[datetime, datetime] | None:
    """First and last moment of the text's precision, in +08:00 where it has no zone; None for what is no date."""
    try:
        if len(text) == 4:
            start = datetime(int(text), 1, 1, tzinfo=CHINA)
            return start, start.replace(year=start.year + 1) - timedelta(microseconds=1)
        if len(text) == 7:
            start = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=CHINA)
            after = (start + timedelta(days=32)).replace(day=1)
            return start, after - timedelta(microseconds=1)
        if len(text) == 10:
            start = datetime.fromisoformat(text).replace(tzinfo=CHINA)
            return start, start + timedelta(days=1, microseconds=-1)
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
        width = timedelta(0) if "." in text else timedelta(seconds=1, microseconds=-1)
        if len(text.partition("T")[2].partition("+")[0].rstrip("Z")) == 5:  # no seconds: a minute
            width = timedelta(minutes=1, microseconds=-1)
        return moment, moment + width
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1 << 10)  # the same few moments of one step, in all its resources
def local_text(moment: datetime) -> str:
    """An instant as this product writes it: +08:00, whole seconds where there are no fractions."""
    local = moment.astimezone(CHINA)
    offset = local.utcoffset()
    has_odd_seconds = offset is not None and offset.seconds % 60 != 0  # before 1901 Shanghai kept its own sun
    return (moment.astimezone(BEIJING) if has_odd_seconds else local).isoformat()
