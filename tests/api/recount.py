"""The indicators counted a second time, by other means: from the events of the history, woman by woman, in Python.
No variable of a case is read, so that a slip in the SQL and one here are unlikely to be the same."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from engine.clock import CHINA

EARLY = timedelta(days=90)  # 12+6
HIGH = {"orange", "red"}


class Woman:
    """What the history tells of one pregnancy: when each task was done, and what the messages brought."""

    def __init__(self) -> None:
        self.done: dict[str, list[datetime]] = defaultdict(list)
        self.begun: set[str] = set()
        self.heard: dict[str, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)

    def first(self, element: str) -> date | None:
        return self.done[element][0].astimezone(CHINA).date() if self.done[element] else None

    @property
    def delivered(self) -> bool:
        return bool(self.heard["event_delivered"] or self.done["task_record_delivery"])

    @property
    def graded(self) -> list[dict[str, Any]]:
        return [payload for _, payload in self.heard["start_graded"]]


def women_of(conn: Any, region_id: str) -> list[Woman]:
    """From the table itself."""
    told = conn.execute(
        "SELECT h.instance_id, h.at, h.element_id, h.event, h.detail FROM history h"
        " JOIN instance i ON i.region_id = h.region_id AND i.id = h.instance_id"
        " WHERE h.region_id = %s AND i.definition_key = 'pregnancy_journey'"
        " ORDER BY h.instance_id, h.revision, h.ordinal",
        [region_id],
    ).fetchall()
    women: dict[Any, Woman] = defaultdict(Woman)
    for instance_id, at, element, event, detail in told:
        if event == "completed":
            women[instance_id].done[element].append(at)
        elif event == "entered":
            women[instance_id].begun.add(element)
        elif event == "received":
            women[instance_id].heard[element].append((at, detail or {}))
        else:
            women[instance_id]
    return list(women.values())


def recount(women: list[Woman]) -> dict[str, tuple[int, int]]:
    """Numerator and denominator over everything that ever happened; births are single."""
    born = [w for w in women if w.delivered]
    registered = [w for w in women if w.done["task_register"]]
    referred = [w for w in women if w.done["task_refer_positive"]]
    high = [
        w for w in women if "task_open_case_file" in w.begun
    ]  # asked for, done or not: she is high-risk from then on
    return {
        "I-06": (sum(len(w.done["task_first_visit"] + w.done["task_antenatal_visit"]) >= 5 for w in born), len(born)),
        "I-07": (sum(bool(w.done["task_home_visit"]) for w in born), len(born)),
        "I-08": (sum(bool(w.done["task_check_42d"]) for w in born), len(born)),
        "I-10": (sum(bool(w.done["task_screen"]) for w in registered), len(registered)),
        "I-11": (sum(_graded_in_time(w) for w in referred), len(referred)),
        "I-12": (len(high), len(high)),
        "I-15": (sum(bool(w.done["task_meet_face_to_face"]) for w in high), len(high)),
    }


def _graded_in_time(woman: Woman) -> bool:
    screened, graded = woman.first("task_screen"), woman.first("task_grade")
    return screened is not None and graded is not None and graded <= screened + timedelta(days=14)
