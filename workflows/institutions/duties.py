"""The duties of an institution, from the table beside this file and the values of the region's pack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.errors import Text
from workflows.indicators import calendar
from workflows.indicators.periods import Period
from workflows.regions import Pack

FILE = Path(__file__).parent / "duties.yaml"
EVIDENCE = frozenset(
    {"minutes", "drill", "attendance", "cases", "checklist", "counters", "return", "report"}
)  # what the form of a duty may ask for
QUARTER = 3  # months; where a source counts works a year, they are noted each quarter [default]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """`first`: when it is due next. `once`: there is no period after it. `fixed_day`: the source names the day, else it
    is the last day of each interval of the calendar year, by us. `source`, `mark`: as the pack has them."""

    code: str
    key: str
    name: Text
    roles: tuple[str, ...]
    evidence: str
    first: date
    every_months: int
    once: bool
    fixed_day: bool
    source: str
    mark: str

    def variables(self) -> dict[str, Any]:
        """As the diagram reads it."""
        return {
            "code": self.code,
            "name": {
                "zh": self.name.zh,
                "en": self.name.en.partition("（")[0],
            },  # what it is about is the pack's Chinese
            "roles": list(self.roles),
            "every_months": self.every_months,
            "once": self.once,
            "day_of_month": self.first.day if self.fixed_day else None,
            "source": f"[{self.mark}] {self.source}",
        }

    def opened(self) -> dict[str, Any]:
        """As the calendar hands it to its first period."""
        return {"duty": self.variables(), "due": self.first.isoformat(), "evidence": self.evidence}


def duties_of(kind: str, pack: Pack, on: date) -> list[Duty]:
    """What an institution of this kind owes after that day, in the order of the table."""
    return [duty for row in table() if kind in row["at"] for duty in _duties(row, pack, on)]


@cache
def table() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def _duties(row: dict[str, Any], pack: Pack, on: date) -> list[Duty]:
    """One, or one for each day of the year that the source names; none where the region does not ask for it."""
    every = calendar.row_of(row["key"])
    ahead = Period("", on + timedelta(days=1), date(on.year + 1, on.month, min(on.day, 28)))
    due = calendar.dates_of(pack, row["key"], ahead)
    if not due:
        return []
    days = {day.strftime("%m%d"): day for day in reversed(due)} if every["every"] == "dates" else {"": due[0]}
    return [_duty(row, every, pack, day, suffix) for suffix, day in sorted(days.items(), key=lambda one: one[1])]


def _duty(row: dict[str, Any], every: dict[str, Any], pack: Pack, first: date, suffix: str) -> Duty:
    source = pack.source(row["key"])
    return Duty(
        code=f"{row['code']}-{suffix}" if suffix else row["code"],
        key=row["key"],
        name=calendar.name_of(pack, row["key"]),
        roles=tuple(row["roles"]),
        evidence=row["evidence"],
        first=first,
        every_months=_months(every["every"], pack.value(row["key"])),
        once=every["every"] == "once",
        fixed_day=every["every"] in ("day_of_month", "yearly", "dates", "once"),
        source=source.text,
        mark=source.mark,
    )


def _months(every: str, value: Any) -> int:
    """How long a period is."""
    if every in ("yearly", "dates", "once"):
        return 12
    if every == "months":
        return int(value)
    if every == "per_year":
        return max(1, 12 // int(value))
    return QUARTER if every in ("quarter_end", "works") else calendar.YEAR if every == "at_least" else 1
