"""Moments, numbers and identity numbers as Chinese hospital systems write them (§9.4): read or refused."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation

from fhir_adapters.dates import BEIJING

_PACKED = re.compile(r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:\.\d{1,4})?)?)?)?)?([+-]\d{4})?")
_SPACED = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2})[::](\d{2})(?:[::](\d{2})(?:\.\d{1,6})?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,8})?")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def moment(text: str) -> str:
    """`20260520093100`, `2026-05-20 09:31`, `2026/5/20` as FHIR writes it; Beijing's time where no zone is given.
    Raises ValueError."""
    text = text.strip()
    found = _PACKED.fullmatch(text) or _SPACED.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, zone = found.groups()
    if day is None:
        if month is None:
            raise ValueError(text)  # a year alone says too little of anything that is measured
        datetime(int(year), int(month), 1)
        return f"{year}-{int(month):02}"
    if hour is None:
        return datetime(int(year), int(month), int(day)).date().isoformat()
    at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=_zone(zone))
    return at.astimezone(BEIJING).isoformat()


def _zone(text: str | None) -> timezone:
    if not text:
        return BEIJING
    found = datetime.strptime("+0000" if text == "Z" else text.replace(":", ""), "%z").tzinfo
    assert isinstance(found, timezone)
    return found


def day(text: str) -> str:
    """The calendar day alone. Raises ValueError."""
    found = moment(text)
    if len(found) < 10:
        raise ValueError(text)
    return found[:10]


def number(text: str) -> Decimal:
    """With the digits that were written. Raises ValueError."""
    text = text.strip().replace("．", ".")
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def is_id_card(text: str) -> bool:
    """18 characters whose last is right (GB 11643, MOD 11-2)."""
    text = text.strip().upper()
    if not re.fullmatch(r"\d{17}[\dX]", text):
        return False
    return "10X98765432"[sum(int(d) * w for d, w in zip(text, _WEIGHTS)) % 11] == text[17]
