"""While a death is reviewed the record stands as it was: no correction until the review is over (P19 [default])."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.errors import Conflict
from engine.store import reads

REVIEWS = ("death_review", "newborn_death_review")
OPEN = ("active", "suspended")


def require_unlocked(conn: Any, region_id: str, pregnancies: Iterable[str]) -> None:
    """Raises Conflict."""
    for pregnancy_id in pregnancies:
        for review in REVIEWS:
            found = reads.instance_by_business_key(conn, region_id, review, pregnancy_id)
            if found is not None and found.status in OPEN:
                raise Conflict(
                    "死亡评审进行中，病历封存，不能更正",
                    "a death is being reviewed: the record is locked and nothing of it is corrected",
                    code="evidence-locked",
                )
