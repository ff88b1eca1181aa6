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


def test_what_a_call_learns_is_dated_by_the_death_and_not_by_the_call():
    said = derive("tracing", {"contact_result": "died", "death_date": "2026-01-12", "reason": "车祸"}, FACTS, ON)

    assert (said["end_code"], said["ended_on"]) == (DIED, "2026-01-12")


@pytest.mark.parametrize(
    ("outcome", "day", "code"),
    [
        ("died", "2026-01-12", DIED),
        ("ended", "2026-01-12", "ended.abortion"),
        ("ended", "2026-05-18", "ended.stillbirth"),  # 28+0: G-11
        ("ended", "2026-05-17", "ended.abortion"),
    ],
)
def test_the_result_of_a_referral_ends_the_case_on_the_day_it_happened(outcome, day, code):
    told = {"transfer_outcome": outcome, "happened_on": day, "result_on": "2026-05-20", "diagnosis": "子痫"}

    said = derive("transfer-result", told, FACTS, date(2026, 5, 20))

    assert (said["end_code"], said["ended_on"], said["contact_reason"]) == (code, day, "子痫")


def test_a_birth_at_the_receiving_centre_is_told_to_the_case_and_ends_nothing():
    told = {"transfer_outcome": "delivered", "happened_on": "2026-01-12", "result_on": "2026-01-13"}

    said = derive("transfer-result", told, FACTS, ON)

    assert said == {"transfer_result": "delivered", "delivered_there_on": "2026-01-12"}
