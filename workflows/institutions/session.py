"""A review session counts when it was one: a chair, who was there, an expert where the county reviews (seed:002 12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Fault, Incorrect, Text

FORMS = frozenset({"near-miss", "death-review", "newborn-death-review"})
RECORDS = "task_near_miss_record"  # the case put together before the session
DEPARTMENTS = 3  # that take part at least [default]: no source gives a number


def require(values: Mapping[str, Any]) -> None:
    """Raises Incorrect, a fault for each thing that the session lacks."""
    rows = [row for row in values.get("session") or () if row.get("attendee_signed") is True]
    chairs = [row for row in rows if row.get("attendee_post") == "chair"]
    departments = {str(row.get("attendee_department")).strip() for row in rows}
    experts = [row for row in rows if row.get("attendee_post") == "expert"]
    faults = []
    if len(chairs) != 1:
        faults.append(_fault("应有且只有一名已签到的主席", "there is one chair who signed in, and no other"))
    if len(departments) < DEPARTMENTS:
        faults.append(
            _fault(f"已签到的科室不足 {DEPARTMENTS} 个", f"fewer than {DEPARTMENTS} departments have signed in")
        )
    if values.get("review_level") in ("county", "city") and not experts:
        faults.append(
            _fault("县级及以上评审须有外院或上级专家签到", "from the county up an expert from outside signs in")
        )
    if faults:
        raise Incorrect("评审会签到不齐", "the session is not complete", code="session", faults=faults)


def _fault(zh: str, en: str) -> Fault:
    return Fault(path="session", message=Text(zh=zh, en=en))
