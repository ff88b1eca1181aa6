"""A deadline of working days beyond the last known holidays bears a mark, and no other does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from engine.clock import CHINA
from engine.timers import known_until
from web.windows import window_in_state

LAST = datetime.combine(known_until(), datetime.min.time(), CHINA).replace(hour=23, minute=59)


@dataclass(frozen=True)
class Asked:
    element_id: str
    due_at: datetime | None
    state: str = "created"
    window_from: datetime | None = None
    until_at: datetime | None = None


@pytest.mark.parametrize(
    "task, is_marked",
    [
        (Asked("task_facility_death_review", LAST + timedelta(days=1)), True),
        (Asked("task_facility_death_review", LAST), False),
        (Asked("task_facility_death_review", LAST + timedelta(days=1), state="completed"), False),
        (Asked("task_facility_death_review", None), False),
        (Asked("task_county_death_review", LAST + timedelta(days=1)), False),
    ],
)
def test_the_mark_of_a_deadline(task, is_marked):
    found = window_in_state(task, LAST - timedelta(days=20)).holidays_end

    assert found == (known_until() if is_marked else None)
