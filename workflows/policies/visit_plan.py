"""The package's visit windows as dates, and which of them a visit fills (journey P08, §3 G-10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from workflows.policies.gestational_age import PREGNANCY_LENGTH, days_pregnant


@dataclass(frozen=True, slots=True)
class Window:
    """First and last calendar day on which a visit counts for package slot `slot`."""

    slot: int
    opens_on: date
    closes_on: date
    visited: bool = False


def windows(edd: date, package: Sequence[Mapping[str, Any]], visited_on: Iterable[date] = ()) -> tuple[Window, ...]:
    """Every window of the package; `package` rows give slot, from_days, until_days (completed days of pregnancy)."""
    start, done = edd - PREGNANCY_LENGTH, tuple(visited_on)
    plan = []
    for row in package:
        opens, closes = start + timedelta(days=int(row["from_days"])), start + timedelta(days=int(row["until_days"]))
        plan.append(Window(int(row["slot"]), opens, closes, any(opens <= day <= closes for day in done)))
    return tuple(plan)


def slot_of(edd: date, visited_on: date, package: Sequence[Mapping[str, Any]]) -> int | None:
    """The package slot that a visit fills; None in a gap such as 13+0 to 15+6, where it is recorded and fills none."""
    days = days_pregnant(edd, visited_on)
    return next((int(row["slot"]) for row in package if row["from_days"] <= days <= row["until_days"]), None)
