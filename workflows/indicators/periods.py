"""The periods that are reported on: a year, a quarter, a month, the statistical year of the national return."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from engine.errors import Incorrect

_YEAR, _QUARTER, _MONTH = re.compile(r"(\d{4})"), re.compile(r"(\d{4})Q([1-4])"), re.compile(r"(\d{4})-(\d{2})")
_STATISTICAL = re.compile(r"S(\d{4})")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Period:
    """Both days belong to it, as calendar days in China."""

    text: str
    first: date
    last: date

    @property
    def is_quarter(self) -> bool:
        return _QUARTER.fullmatch(self.text) is not None


def read_period(text: str) -> Period:
    """`2026`, `2026Q3`, `2026-07`, `S2026` (October 2025 to September 2026 [src:S26]), `2026-07-01/2026-07-15`.
    Raises Incorrect."""
    try:
        return _read(text)
    except ValueError:
        raise Incorrect(
            f"时期“{text[:30]}”无法理解：如 2026、2026Q3、2026-07、S2026（统计年度）、2026-07-01/2026-07-15",
            f"period '{text[:30]}': give 2026, 2026Q3, 2026-07, S2026 (statistical year) or 2026-07-01/2026-07-15",
            code="period",
        ) from None


def quarter_of(on: date) -> Period:
    """The quarter in which a day lies."""
    return read_period(f"{on.year:04}Q{(on.month - 1) // 3 + 1}")


def _read(text: str) -> Period:
    if found := _YEAR.fullmatch(text):
        return Period(text, date(int(found[1]), 1, 1), date(int(found[1]), 12, 31))
    if found := _QUARTER.fullmatch(text):
        return Period(text, *_months(int(found[1]), int(found[2]) * 3 - 2, 3))
    if found := _MONTH.fullmatch(text):
        return Period(text, *_months(int(found[1]), int(found[2]), 1))
    if found := _STATISTICAL.fullmatch(text):
        return Period(text, date(int(found[1]) - 1, 10, 1), date(int(found[1]), 9, 30))
    if found := _DAYS.fullmatch(text):
        first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        if first <= last:
            return Period(text, first, last)
    raise ValueError(text)


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    after = month + count
    following = date(year + (after - 1) // 12, (after - 1) % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)
