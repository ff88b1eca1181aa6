"""AC-01, AC-12, AC-14: the ordinary course, from registration to closure."""

from datetime import date, datetime, timedelta

import pytest

from engine.clock import CHINA
from tests.bpmn.conftest import begin


def registered(on=date(2026, 1, 5), **given):
    woman = begin("pregnancy_journey", {}, on)
    dates = {"lmp": "2025-11-03", "edd": "2026-08-10", "edd_basis": "lmp", **given}
    woman.complete("task_register", registered_on=on.isoformat(), **dates)
    woman.complete(
        "task_first_visit", visit_on=on.isoformat(), early_registration=given.get("early_registration", True)
    )
    return woman


def screened_negative(**given):
    woman = registered(**given)
    woman.complete("task_screen", screening_codes=[], screening_unknown=[], screened_on="2026-01-05")
    return woman


def test_ac01_a_healthy_woman_is_green_without_grading_and_reports_nothing():
    woman = screened_negative()

    assert woman.variables["colour"] == "green"
    assert woman.open() == ["task_antenatal_visit", "task_record_delivery"]
    assert "call_risk_report" not in woman.visited


def test_ac01_she_is_called_once_in_each_window_of_the_package():
    woman, windows = screened_negative(), []

    while "task_antenatal_visit" in woman.open():
        task = woman.task("task_antenatal_visit").data
        windows.append((task["window_from"][:10], task["until"][:10]))
        woman.advance(date.fromisoformat(task["window_from"][:10]))
        woman.complete("task_antenatal_visit", visit_on=woman.now.date().isoformat())

    assert windows == [
        ("2026-02-23", "2026-03-29"),
        ("2026-03-30", "2026-04-26"),
        ("2026-05-18", "2026-07-19"),
        ("2026-07-20", "2026-08-16"),
    ]
    assert len(woman.variables.get("visits")) == 1  # the rest stands in the open visit loop until she has given birth


def test_the_whole_course_of_a_green_woman_ends_recovered():
    woman = screened_negative()
    woman.advance(date(2026, 8, 9))
    woman.message(
        "message_delivered", {"delivered_on": "2026-08-09", "fetuses": [{"order": 1, "outcome": "live_birth"}]}
    )

    assert woman.open() == ["task_record_discharge"]
    woman.advance(date(2026, 8, 12))
    woman.complete("task_record_discharge", discharged_at="2026-08-12T10:00:00+08:00")

    assert woman.due("task_home_visit").date() == date(2026, 8, 19)
    woman.complete("task_home_visit", visited_on="2026-08-14", needs_referral=False)

    check = woman.task("task_check_42d").data
    assert (check["window_from"][:10], check["due"][:10], check["until"][:10]) == (
        "2026-09-20",
        "2026-09-20",
        "2026-10-04",
    )
    woman.advance(date(2026, 9, 20))
    woman.complete("task_check_42d", recovered=True)

    assert woman.open() == ["task_close_case"]
    woman.complete("task_close_case")
    assert (woman.status, woman.state.ended_at) == ("completed", ["end_closed"])
    assert (woman.variables["end_code"], woman.variables["stage"]) == ("closed.recovered", "closed")


def test_the_midwife_may_record_the_birth_herself_at_any_time():
    woman = screened_negative()
    task = woman.task("task_record_delivery").data

    assert (task["window_from"][:10], task["candidate_roles"]) == ("2026-07-20", ["R-MIDW", "R-OB"])
    woman.advance(date(2026, 7, 1))
    woman.complete("task_record_delivery", delivered_on="2026-07-01", fetuses=[{"order": 1, "outcome": "live_birth"}])

    assert woman.open() == ["task_record_discharge"]


def test_a_birth_message_without_outcomes_asks_the_ward_for_the_record():
    woman = screened_negative()

    woman.message("message_delivered", {"delivered_on": "2026-08-09"})

    assert woman.open() == ["task_complete_delivery"]


def test_ac16_twins_of_whom_one_lives_keep_the_mothers_follow_up():
    woman = screened_negative()
    twins = [{"order": 1, "outcome": "live_birth"}, {"order": 2, "outcome": "stillbirth_iufd"}]

    woman.message("message_delivered", {"delivered_on": "2026-08-09", "fetuses": twins})

    assert woman.open() == ["task_record_discharge"]
    assert woman.sent.count("message_births_recorded") == 1  # which children it opens: newborns_one_lives.yaml
    woman.message("message_discharged", {"discharged_at": "2026-08-12T10:00:00+08:00"})
    assert (woman.variables["outcome"], woman.status) == ("mixed", "active")
    assert woman.open() == ["task_home_visit"] and woman.due("task_home_visit").date() == date(2026, 8, 19)


def test_ac17_a_stillbirth_is_visited_and_checked_like_every_birth_and_closes_as_one():
    woman = screened_negative()
    woman.advance(date(2026, 6, 8))
    woman.message(
        "message_delivered", {"delivered_on": "2026-06-08", "fetuses": [{"order": 1, "outcome": "stillbirth_iufd"}]}
    )
    woman.message("message_discharged", {"discharged_at": "2026-06-10T10:00:00+08:00"})

    assert woman.open() == ["task_home_visit"]
    woman.complete("task_home_visit")
    woman.advance(date(2026, 7, 20))
    woman.complete("task_check_42d", recovered=True)
    woman.complete("task_close_case")
    assert woman.variables["end_code"] == "ended.stillbirth"


def test_ac12_late_registration_gets_every_service():
    woman = screened_negative(early_registration=False)

    assert woman.variables["early_registration"] is False
    assert "task_antenatal_visit" in woman.open()


def test_ac14_a_due_date_by_ultrasound_moves_every_window():
    woman = screened_negative(lmp=None, edd="2026-08-03", edd_basis="us")

    assert woman.variables["edd_basis"] == "us"
    assert woman.task("task_antenatal_visit").data["window_from"][:10] == "2026-02-16"


def test_missing_tests_are_asked_for_within_14_days_and_then_filed():
    woman = registered()
    woman.complete("task_screen", screening_codes=[], screening_unknown=["S-6.4"], screened_on="2026-01-05")

    assert woman.due("task_complete_screening").date() == date(2026, 1, 19)
    woman.complete("task_complete_screening", screening_codes=[], screening_unknown=["S-6.4"], screened_on="2026-01-10")
    assert woman.variables["screening"] == "negative"


def test_dates_are_those_of_china_although_the_servers_clock_is_utc():
    woman = begin("pregnancy_journey", {})
    woman.now = datetime(2026, 1, 5, 23, 30, tzinfo=CHINA).astimezone(tz=None) + timedelta(hours=7)  # 06:30 on the 6th

    woman.complete("task_register", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp")

    assert woman.due("task_first_visit").date() == date(2026, 1, 13)


@pytest.mark.parametrize("element", ["task_register", "task_first_visit", "task_screen"])
def test_the_township_does_the_beginning(element):
    woman = begin("pregnancy_journey", {})
    if element != "task_register":
        woman.complete("task_register", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp")
    if element == "task_screen":
        woman.complete("task_first_visit", visit_on="2026-01-05")

    task = woman.task(element).data
    assert (task["candidate_roles"], task["organisation"]) == (["R-MCHW"], "org-twn-1")
