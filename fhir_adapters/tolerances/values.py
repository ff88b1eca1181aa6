"""Times and numbers as Chinese hospital systems write them, to FHIR's. None for what cannot be read with certainty."""

from __future__ import annotations

import re
from decimal import Decimal

ZONE_OF_CHINA = "+08:00"
_DAY = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_CLOCK = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?"
_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})?"
_PLAIN = re.compile(f"{_DAY}T{_CLOCK}{_ZONE}")
_BLANK = re.compile(f"{_DAY} {_CLOCK}{_ZONE}")
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def without_zone(text: str) -> str | None:
    """`2026-05-20T09:31` -> `2026-05-20T09:31:00+08:00`. A zone that is there stays."""
    found = _PLAIN.fullmatch(text)
    return _written(*found.groups()) if found else None


def compact(text: str) -> str | None:
    """`2026-05-20 09:31:00` and `20260520093100` -> `2026-05-20T09:31:00+08:00`; `20260520` -> `2026-05-20`."""
    if found := _BLANK.fullmatch(text):
        return _written(*found.groups())
    found = _DIGITS.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    return _written(year, month, day, hour, minute, second, None, None)


def _written(
    year: str,
    month: str,
    day: str,
    hour: str,
    minute: str,
    second: str | None,
    fraction: str | None,
    zone: str | None,
) -> str:
    return f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{fraction or ''}{zone or ZONE_OF_CHINA}"


def number(text: str) -> int | Decimal | None:
    """`"6.70"` -> 6.70, with its digits."""
    found = _NUMBER.fullmatch(text)
    if found is None or len(text) > 40:
        return None
    return Decimal(text) if found[2] else int(text)
