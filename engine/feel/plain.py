"""Between FEEL values and the plain data that variables are stored as."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.feel.meter import Run
from engine.feel.temporal import SECOND, Date, DateTime, DaysDuration, Time, YearsDuration, from_python
from engine.feel.text import string_of
from engine.feel.values import NUMBERS, Function

_TEMPORAL = (Date, Time, DateTime, DaysDuration, YearsDuration)


def to_plain(value: Any) -> Any:
    """None bool int Decimal str list dict. Temporal values and ranges become their text; functions null.

    Raises FeelError "budget" when the value is too large or too deep.
    """
    return _to_plain(value, Run())


def _to_plain(value: Any, run: Run) -> Any:
    if value is None or isinstance(value, int):  # bool is one
        return value
    if isinstance(value, str):
        run.charge_string(len(value))
        return value
    run.charge(3)
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and value.adjusted() < 40
        return int(value) if whole else value
    if isinstance(value, list):
        run.charge_list(len(value) + 6)
        run.enter()
        items = [_to_plain(item, run) for item in value]
        run.depth -= 1
        return items
    if isinstance(value, dict):
        run.charge_list(len(value) + 6)
        run.enter()
        entries = {name: _to_plain(item, run) for name, item in value.items()}
        run.depth -= 1
        return entries
    if isinstance(value, _TEMPORAL):
        return str(value)
    return None if isinstance(value, Function) else string_of(value, run)


def from_plain(value: Any) -> Any:
    """Plain data as FEEL values: the same, and Python's own temporal kinds and floats become those of FEEL."""
    return _from_plain(value, 0)


def _from_plain(value: Any, depth: int) -> Any:
    if depth > 64:
        raise ValueError("nested more than 64 deep")
    if isinstance(value, float):
        return NUMBERS.create_decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, list):
        return [_from_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {name: _from_plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, datetime):
        return from_python(value)
    if isinstance(value, date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, time):
        offset = value.utcoffset()
        nanos = ((value.hour * 60 + value.minute) * 60 + value.second) * SECOND + value.microsecond * 1000
        return Time(nanos, None if offset is None else int(offset.total_seconds()))
    if isinstance(value, timedelta):
        return DaysDuration(((value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds) * 1000)
    return value
