"""The log of reviews, and the problems they have in common: the catalogue for the half-yearly session (XF-43)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from engine.errors import Text
from workflows.forms import forms_on_disk
from workflows.indicators.noted import Noted
from workflows.indicators.periods import Period
from workflows.people.model import Principal
from workflows.services import Services
from workflows.store import imports as import_store
from workflows.store import reviews as store

KINDS = {
    "near_miss_review": Text(zh="危重孕产妇评审", en="Near-miss review"),
    "death_review": Text(zh="孕产妇死亡评审", en="Maternal death review"),
    "newborn_death_review": Text(zh="新生儿死亡评审", en="Newborn death review"),
}
COUNTY = ("county", "city")
HALF_YEAR = timedelta(days=183)
MOST_LESSONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    kind: str
    pregnancy_id: str
    organisation: str
    reviewed_on: date
    level: str
    convener: str | None
    departments: Sequence[str]
    cells: Sequence[str]
    avoidable: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A cell of the twelve-cell table, and in how many reviews it was named."""

    cell: str
    name: Text
    reviews: int


def log(services: Services, conn: Any, period: Period, by: Principal) -> list[Review]:
    """Oldest first, of the caller's institutions."""
    return [Review(**row) for row in store.log(conn, services.region_id, period.first, period.last, by.organisations)]


def problems(found: Sequence[Review]) -> list[Problem]:
    """Those that were named, the most frequent first."""
    counted = Counter(cell for review in found for cell in set(review.cells))
    return [
        Problem(cell=cell, name=cells()[cell], reviews=count)
        for cell, count in sorted(counted.items(), key=lambda one: (-one[1], one[0]))
        if cell in cells()
    ]


def lessons(services: Services, conn: Any, organisation: str, on: date) -> str | None:
    """What the last half-year's reviews of an institution had in common, in words; None where there were none."""
    rows = store.log(conn, services.region_id, on - HALF_YEAR, on, [organisation])
    named = problems([Review(**row) for row in rows])[:MOST_LESSONS]
    return "；".join(f"{one.name.zh}（{one.reviews}）" for one in named) or None


@cache
def cells() -> dict[str, Text]:
    item = forms_on_disk()["near-miss"].by_link_id["problem_cells"]
    return {option.code: option.text for option in item.options}


def noted(services: Services, conn: Any, period: Period, by: Principal) -> Noted:
    """What of a quarter's score the institutions' records show."""
    found = log(services, conn, period, by)
    births = import_store.reconciled(conn, services.region_id, period.first, period.last)
    return Noted(
        duties=store.duties(conn, services.region_id, period.first, period.last),
        measures=store.measures(conn, services.region_id, period.first, period.last),
        births_without_case=int(births["unknown"]),
        births_registered=int(births["registered"]),
        facility_reviews=sum(one.level == "facility" for one in found),
        county_reviews=sum(one.level in COUNTY for one in found),
        review_lines=tuple(
            f"{one.reviewed_on} {KINDS[one.kind].zh} {one.convener or ''}（{'、'.join(one.departments)}）"
            for one in found
        ),
    )
