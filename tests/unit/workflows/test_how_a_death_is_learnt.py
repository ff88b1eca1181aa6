"""Whoever writes down that she died ends the case, from the day of the death: the clocks of its review begin there."""

from datetime import date

import pytest

from workflows.journey import derive
from workflows.regions import load_pack

ON = date(2026, 1, 20)
FACTS = {"policy": load_pack("cn-baseline").policy(), "edd_final": "2026-08-10"}
DIED = "ended.maternal_death"
HEARD = {"contact": "died", "death_date": "2026-01-12", "death_cause": "感染"}


@pytest.mark.parametrize(
    ("form", "answers", "day", "reason"),
    [
        (
            "discharge",
            {"discharged_at": "2026-01-18T03:10:00+08:00", "condition": "died", "diagnosis": "羊水栓塞"},
            "2026-01-18",
            "羊水栓塞",
        ),
        ("anc-visit", {"contact": "died", "death_date": "2026-01-12", "death_cause": "车祸"}, "2026-01-12", "车祸"),
        (
            "postnatal-visit",
            {"contact": "died", "death_date": "2026-01-13", "death_cause": "感染"},
            "2026-01-13",
            "感染",
        ),
        ("postnatal-42d", {"contact": "died", "death_date": "2026-01-14", "death_cause": "感染"}, "2026-01-14", "感染"),
    ],
)
def test_the_end_is_the_day_of_the_death_and_not_that_of_the_form(form, answers, day, reason):
    said = derive(form, answers, FACTS, ON)

    assert (said["end_code"], said["ended_on"], said["contact_reason"]) == (DIED, day, reason)


def test_who_leaves_alive_has_no_end():
    said = derive("discharge", {"discharged_at": "2026-01-18T10:00:00+08:00", "condition": "recovered"}, FACTS, ON)

    assert "end_code" not in said


def test_a_newborn_who_dies_in_a_rescue_is_not_the_mother():
    said = derive("rescue-record", {"rescue_cause": "asphyxia", "rescue_result": "died"}, FACTS, ON)

    assert "end_code" not in said
