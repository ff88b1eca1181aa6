"""How each FHIR primitive is written (R4 2.24): the JSON type it takes and the pattern of its text."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_DATE = r"([0-9]{4})(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
PATTERNS = {
    "code": re.compile(r"[^\s]+(\s[^\s]+)*"),
    "id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "date": re.compile(_DATE),
    "dateTime": re.compile(f"{_DATE}|{_DAY}T{_TIME}{_ZONE}"),
    "instant": re.compile(f"{_DAY}T{_TIME}{_ZONE}"),
    "time": re.compile(_TIME),
    "uri": re.compile(r"\S+"),
    "url": re.compile(r"\S+"),
    "canonical": re.compile(r"\S+"),
    "oid": re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
    "uuid": re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "string": re.compile(r"[\s\S]*\S[\s\S]*"),
    "markdown": re.compile(r"[\s\S]*\S[\s\S]*"),
}
FORM = {
    "boolean": "true | false",
    "decimal": "JSON number of at most 18 digits",
    "integer": "JSON integer of 32 bits",
    "positiveInt": "JSON integer from 1",
    "unsignedInt": "JSON integer from 0",
    "date": "YYYY, YYYY-MM or YYYY-MM-DD",
    "dateTime": "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz",
    "instant": "YYYY-MM-DDThh:mm:ss+zz:zz",
    "base64Binary": "base64 without white space",
    "id": "A-Z a-z 0-9 - . , 1 to 64 characters",
}
PRIMITIVES = frozenset({*PATTERNS, *FORM, "xhtml"})
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # R4 says should not; XML has no way to say them
MAX_TEXT = 1_000_000
MAX_DIGITS = 18
_NARRATIVE = re.compile(r"<\s*(script|iframe|object|embed|form|input|style|link|base)\b|\son\w+\s*=|javascript:", re.I)


def fits(kind: str, value: Any) -> bool:
    """Whether the value is a well-written primitive of this kind."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "positiveInt", "unsignedInt"):
        low = {"integer": -(2**31), "positiveInt": 1, "unsignedInt": 0}[kind]
        return isinstance(value, int) and not isinstance(value, bool) and low <= value < 2**31
    if kind == "decimal":
        return _is_decimal(value)
    if not isinstance(value, str) or len(value) > MAX_TEXT or UNWRITABLE.search(value):
        return False
    if kind == "base64Binary":
        return _is_base64(value)
    if kind == "xhtml":
        return value.lstrip().startswith("<div") and not _NARRATIVE.search(value)
    pattern = PATTERNS[kind]
    return pattern.fullmatch(value) is not None and (kind not in ("date", "dateTime", "instant") or _exists(value))


def _is_decimal(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    digits = Decimal(value).as_tuple()
    return len(digits.digits) <= MAX_DIGITS and abs(int(digits.exponent)) <= MAX_DIGITS


def _is_base64(value: str) -> bool:
    try:
        return bool(value) and bool(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False


def _exists(text: str) -> bool:
    """The day is in the calendar: the pattern lets 30 February through."""
    try:
        if len(text) >= 10:
            date.fromisoformat(text[:10])
        if "T" in text:
            datetime.fromisoformat(text.replace(":60", ":59", 1) if ":60" in text[:19] else text)
        return int(text[:4]) > 0
    except ValueError:
        return False
