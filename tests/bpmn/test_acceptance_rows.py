"""AC-10, AC-19, AC-24, AC-26, AC-32: acceptance scenarios on the diagrams alone, as their rows read."""

from datetime import date, datetime, timedelta

import pytest

from tests.bpmn.conftest import begin
from tests.bpmn.test_green_woman import screened_negative
from tests.bpmn.test_risk import graded
from workflows import routing, tables
from workflows.forms import example_answers, forms_on_disk
from workflows.regions import load_pack

DEAD = {"ended_on": "2026-01-06"}


def test_ac10_a_red_woman_who_refuses_is_evaluated_signed_for_followed_closely_and_not_closed():
    woman = graded("R-1.1.1")
    transfer = begin("referral", {"urgency": "planned"})
    transfer.complete("task_request_transfer", urgency="planned", transportable=True, transfer_refused=True)
    assert transfer.state.ended_at == ["end_declined"]  # she signed, and nobody is asked to receive her

    assert woman.task("task_assess_suitability").data["candidate_roles"] == ["R-OB-AC"]
    woman.complete("task_assess_suitability", conclusion="unsuitable", decision="declines", senior_signatures=1)
    assert "task_intensify" in woman.open()
    woman.complete("task_intensify")

    assert woman.status == "active" and woman.variables["suitability"]["decision"] == "declines"
    assert {"task_antenatal_visit", "task_report_risk", "task_open_case_file"} <= set(woman.open())
    assert woman.due("task_antenatal_visit").date() == date(2026, 1, 12)  # red: every seven days


def test_ac19_a_death_after_birth_stops_every_reminder():
    woman = screened_negative()
    born = {"delivered_on": "2026-01-05", "fetuses": [{"order": 1, "outcome": "live_birth"}]}
    woman.message("message_delivered", born)
    woman.message("message_discharged", {"discharged_at": "2026-01-08T10:00:00+08:00"})
    woman.advance(date(2026, 1, 25))  # the twentieth day after birth

    woman.message("message_end_reported", {"end_code": "ended.maternal_death", "ended_on": "2026-01-25"})

    assert woman.open() == ["task_close_case"] and woman.timers() == {}
    assert "message_maternal_death" in woman.sent


@pytest.mark.parametrize(("pack", "phone"), [("cn-xf-2022", None), ("cn-cq-2022", timedelta(hours=24))])
def test_ac19_the_national_two_days_drive_the_notice_and_the_reviews_have_their_own_clocks(pack, phone):
    review = begin("death_review", {**DEAD, "policy": load_pack(pack).policy()}, date(2026, 1, 6))

    assert review.due("task_report_death").date() == date(2026, 1, 8)  # of 5 working days and 2 days the stricter
    asked = [wait for wait in review.open() if "phone" in wait]
    assert bool(asked) == (phone is not None)
    if asked:
        assert review.due(asked[0]) - review.now <= phone
        review.complete(asked[0])
    review.complete("task_report_death")
    assert review.due("task_facility_death_review").date() == date(2026, 2, 3)  # 20 working days from the 6th
    review.complete("task_facility_death_review", rectify=False, notice_wanted=False, action_items=[])
    assert review.due("task_county_death_review").date() == date(2026, 3, 6)  # two months


def test_ac24_thirty_four_minutes_from_decision_to_delivery_are_reviewed():
    woman = begin("emergency_caesarean", {})
    at = woman.now
    woman.complete("task_decide_caesarean", cs_decision_at=at.isoformat())

    woman.advance(timedelta(minutes=20))
    assert "task_warn_ddi" in woman.open()
    woman.complete("task_record_caesarean", ddi_minutes=34)

    assert "task_review_ddi" in woman.open()


@pytest.mark.parametrize(("category", "minutes"), [("emergency", 34), ("elective", None)])
def test_ac24_from_decision_to_delivery_an_emergency_has_minutes_and_an_elective_caesarean_none(category, minutes):
    stamps = {"cs_decision_at": "2026-01-05T10:00:00+08:00", "delivered_at": "2026-01-05T10:34:00+08:00"}
    given = {**example_answers("delivery"), **stamps, "delivery_mode": "cs", "cs_category": category}

    shown = forms_on_disk()["delivery"].evaluate(given, date(2026, 1, 5))

    assert shown["calculated"].get("ddi_minutes") == minutes


def test_ac26_a_floating_unregistered_woman_is_focus_with_a_plan_at_the_orange_interval_and_green():
    woman = begin("pregnancy_journey", {"policy": load_pack("cn-cq-2022").policy()})
    woman.complete(
        "task_register", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp", registered_on="2026-01-05",
        social_factors=["mobile", "unregistered"], special_disease="none",
    )  # fmt: skip
    woman.complete("task_first_visit", visit_on="2026-01-05")
    woman.complete("task_screen", screening_codes=[], screening_unknown=[], screened_on="2026-01-05")

    assert (woman.variables["focus"], woman.variables["colour"]) == (True, "green")
    assert "task_focus_register" in woman.open()
    assert (woman.open().count("task_open_case_file"), woman.variables["case_file"]) == (1, "open")
    orange = graded("O-1.2")
    assert woman.due("task_antenatal_visit").date() == orange.due("task_antenatal_visit").date()
    woman.complete("task_focus_register", focus_support=False)
    woman.advance(date(2026, 5, 20))  # 28 weeks: the plan for the delivery
    assert any("plan" in task for task in woman.open())


def test_a_focus_woman_who_turns_orange_keeps_the_one_file_she_has():
    woman = begin("pregnancy_journey", {"policy": load_pack("cn-cq-2022").policy()})
    woman.complete(
        "task_register", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp", registered_on="2026-01-05",
        social_factors=["poor"], special_disease="none",
    )  # fmt: skip
    woman.complete("task_first_visit", visit_on="2026-01-05")
    woman.complete("task_screen", screening_codes=[], screening_unknown=[], screened_on="2026-01-05")
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=["O-1.2"])

    assert woman.open().count("task_open_case_file") == 1 and "task_report_risk" in woman.open()


def test_where_the_region_keeps_her_own_colour_a_focus_woman_has_no_file():
    policy = load_pack("cn-cq-2022").policy()
    woman = begin("pregnancy_journey", {"policy": {**policy, "focus": {**policy["focus"], "treat_as": "own_colour"}}})
    woman.complete(
        "task_register", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp", registered_on="2026-01-05",
        social_factors=["poor"], special_disease="none",
    )  # fmt: skip

    assert woman.variables["focus"] is True and "task_open_case_file" not in woman.open()
    assert woman.variables.get("case_file") is None


@pytest.mark.parametrize("flagged", [True, False])
def test_ac32_a_carrier_with_a_normal_liver_is_pre_ticked_and_purple_as_the_region_says(flagged):
    policy = {**load_pack("cn-baseline").policy(), "hbv_carrier_purple": flagged}
    facts = {"hbsag": "pos", "liver": "normal", "age": 26}

    shown = tables.grading_criteria(facts, policy, date(2026, 1, 5))

    assert "Y-2.3" in shown
    assert tables.aggregate(shown, policy, date(2026, 1, 5))["purple"] is flagged


def test_ac32_the_child_gets_immunoglobulin_within_twelve_hours_in_either_case():
    born = datetime.fromisoformat("2026-01-05T06:00:00+08:00")
    child = begin("pmtct_child", {"infections": ["hbv"], "born_at": born.isoformat()})

    assert child.due("task_pmtct_child_hbig") - born == timedelta(hours=12)


@pytest.mark.parametrize("flagged", [True, False])
def test_ac32_the_infection_is_told_on_whether_or_not_her_label_is_purple(flagged):
    policy = {**load_pack("cn-baseline").policy(), "hbv_carrier_purple": flagged}
    facts = {"hbsag": "pos", "liver": "normal", "age": 26, "policy": policy}

    told = routing.BY_FORM["risk-grading"]({"y_2_3": True}, facts, date(2026, 1, 5))

    assert told["infections"] == ["hbv"]  # what the child's twelve hours hang on
