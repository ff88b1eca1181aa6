"""AC-18, AC-21, AC-22: what was missed finds its owner, and every way a course can end."""

from datetime import date, timedelta

import pytest

from tests.bpmn.conftest import begin
from tests.bpmn.test_green_woman import screened_negative
from tests.bpmn.test_risk import graded

END = "message_end_reported"


def delivered(on="2026-08-09"):
    woman = screened_negative()
    woman.advance(date.fromisoformat(on))
    woman.message("message_delivered", {"delivered_on": on, "fetuses": [{"order": 1, "outcome": "live_birth"}]})
    return woman


def discharged():
    woman = delivered()
    woman.message("message_discharged", {"discharged_at": "2026-08-12T10:00:00+08:00"})
    return woman


def test_three_days_after_a_missed_window_the_village_doctor_begins_and_the_visit_stays_open():
    woman = screened_negative()

    woman.advance(date(2026, 3, 31))
    assert "task_trace_village" not in woman.open()
    woman.advance(date(2026, 4, 1))
    assert woman.open() == ["task_antenatal_visit", "task_record_delivery", "task_trace_village"]
    assert woman.task("task_trace_village").data["candidate_roles"] == ["R-VDOC"]


def test_each_step_of_the_ladder_keeps_the_earlier_one_open():
    woman = screened_negative()
    woman.advance(date(2026, 4, 1))

    woman.advance(timedelta(days=1))
    assert {"task_trace_village", "task_trace_township"} <= set(woman.open())
    woman.advance(timedelta(days=3))
    assert {"task_trace_village", "task_trace_township", "task_trace_county"} <= set(woman.open())

    woman.complete("task_trace_village", contact="not_reached")
    assert woman.open().count("task_trace_township") == 1


def test_a_woman_who_turns_up_ends_the_tracing():
    woman = screened_negative()
    woman.advance(date(2026, 4, 1))

    woman.complete("task_antenatal_visit", visit_on="2026-04-01")

    assert woman.open() == ["task_antenatal_visit", "task_record_delivery"]


def test_a_woman_who_was_reached_and_still_does_not_come_is_traced_again_after_seven_days():
    woman = screened_negative()
    woman.advance(date(2026, 4, 1))
    woman.complete("task_trace_village", contact="reached")
    assert "task_trace_village" not in woman.open()

    woman.advance(timedelta(days=7))

    assert "task_trace_village" in woman.open()


def test_a_red_woman_is_traced_the_same_day_and_reaches_the_county_within_24_hours():
    woman = graded("R-1.1.1")
    woman.advance(date(2026, 1, 15))  # the weekly visit of 12 January, and three days
    assert "task_trace_village" in woman.open()

    woman.advance(timedelta(hours=24))

    assert "task_trace_county" in woman.open()


def test_only_people_declare_a_woman_lost_and_the_county_records_why():
    woman = screened_negative()
    woman.advance(date(2026, 4, 1))
    woman.advance(date(2027, 4, 1))
    assert woman.status == "active"

    woman.complete("task_trace_county", contact="not_reached", contact_reason="电话停机，查无此人")
    woman.complete("task_close_case")
    assert woman.open() == ["task_list_lost"]
    woman.complete("task_list_lost")

    assert (woman.status, woman.variables["end_code"]) == ("completed", "lost")


def test_ac21_without_a_birth_message_seven_days_after_the_due_date_the_township_asks():
    woman = screened_negative()

    woman.advance(date(2026, 8, 16))
    assert "task_trace_outcome" not in woman.open()
    woman.advance(date(2026, 8, 17))
    assert woman.task("task_trace_outcome").data["candidate_roles"] == ["R-MCHW"]

    woman.complete("task_trace_outcome", contact="reached")
    woman.advance(timedelta(days=7))
    assert "task_trace_outcome" in woman.open()


def test_ac21_a_birth_found_by_tracing_moves_the_case_on():
    woman = screened_negative()
    woman.advance(date(2026, 8, 17))

    woman.complete("task_trace_outcome", contact="delivered", delivered_on="2026-08-11")

    assert woman.open() == ["task_complete_delivery"]


def test_without_discharge_information_the_township_asks_after_seven_days():
    woman = delivered()

    woman.advance(date(2026, 8, 16))
    assert woman.open() == ["task_record_discharge", "task_trace_discharge"]
    woman.complete("task_trace_discharge", contact="delivered", discharged_at="2026-08-12")

    assert woman.due("task_home_visit").date() == date(2026, 8, 19)


def test_an_overdue_home_visit_goes_to_the_county_officer_and_stays_open():
    woman = discharged()

    woman.advance(date(2026, 8, 20))

    assert woman.open() == ["task_home_visit", "task_trace_home_visit"]
    assert woman.task("task_trace_home_visit").data["candidate_roles"] == ["R-PM-F"]


def test_a_home_visit_that_never_happened_does_not_hold_up_the_42_day_check():
    woman = discharged()

    woman.advance(date(2026, 9, 20))

    assert woman.open() == ["task_check_42d"]


def test_a_home_visit_with_an_abnormal_finding_is_referred_and_followed():
    woman = discharged()

    woman.complete("task_home_visit", needs_referral=True)

    assert woman.open() == ["task_refer_after_visit"]
    woman.complete("task_refer_after_visit")
    assert woman.open() == ["task_check_42d"]


def test_nobody_comes_to_the_42_day_check_by_day_56():
    woman = discharged()
    woman.complete("task_home_visit")

    woman.advance(date(2026, 10, 3))
    assert woman.open() == ["task_check_42d"]
    woman.advance(date(2026, 10, 4))
    assert woman.open() == ["task_check_42d", "task_trace_village"]


def test_ac22_not_recovered_is_referred_and_checked_again_while_the_case_stays_open():
    woman = discharged()
    woman.complete("task_home_visit")
    woman.advance(date(2026, 9, 20))
    woman.complete("task_check_42d", recovered=False)

    assert (woman.open(), woman.status) == (["task_refer_postnatal"], "active")
    woman.complete("task_refer_postnatal")
    assert woman.due("task_check_42d").date() == date(2026, 10, 4)
    woman.complete("task_check_42d", recovered=True)
    woman.complete("task_close_case")
    assert woman.variables["end_code"] == "closed.recovered"


def test_ac18_an_abortion_ends_the_course_at_once_and_leaves_contraception_to_do():
    woman = screened_negative()

    woman.message(END, {"end_code": "ended.abortion", "reason": "自然流产", "ended_on": "2026-01-12"})

    assert woman.open() == ["task_close_case"]
    assert (woman.variables["end_code"], woman.variables["ended_on"]) == ("ended.abortion", "2026-01-12")
    woman.complete("task_close_case")
    assert woman.open() == ["task_contraception"]
    woman.complete("task_contraception")
    assert woman.status == "completed"


def test_ac18_a_high_risk_woman_leaves_the_case_file_and_is_followed_for_42_days():
    woman = graded("O-1.2")
    woman.complete("task_open_case_file")

    woman.message(END, {"end_code": "ended.abortion", "ended_on": "2026-01-12"})
    assert woman.variables["case_file"] == "closed"
    woman.complete("task_close_case")
    woman.complete("task_contraception")

    assert woman.open() == ["task_follow_after_abortion"]
    assert woman.due("task_follow_after_abortion").date() == date(2026, 2, 23)


def test_a_death_stops_everything_the_same_minute_and_is_reported_within_two_days():
    woman = graded("R-1.1.1")

    woman.message(END, {"end_code": "ended.maternal_death", "ended_on": "2026-01-06"})

    assert woman.open() == ["task_close_case"]
    assert "message_maternal_death" in woman.sent  # begins its report and review
    assert woman.timers() == {}

    review = begin("death_review", {"ended_on": "2026-01-06"}, date(2026, 1, 6))
    assert review.due("task_report_death").date() == date(2026, 1, 8)


@pytest.mark.parametrize("code", ["moved.out", "void"])
def test_a_transfer_or_a_void_waits_for_a_second_person_while_care_goes_on(code):
    woman = screened_negative()
    woman.message(END, {"end_code": code})

    assert woman.open() == ["task_antenatal_visit", "task_confirm_end", "task_record_delivery"]
    assert woman.due("task_confirm_end").date() == date(2026, 1, 19)
    woman.complete("task_confirm_end", confirmed=True)
    woman.complete("task_close_case")
    assert (woman.status, woman.variables["end_code"]) == ("completed", code)


def test_a_transfer_that_nobody_accepts_stays_with_the_sender():
    woman = screened_negative()
    woman.message(END, {"end_code": "moved.out"})

    woman.complete("task_confirm_end", confirmed=False)

    assert woman.open() == ["task_antenatal_visit", "task_record_delivery"]
    assert woman.variables.get("end_code") is None


def test_a_refusal_ends_the_course():
    woman = screened_negative()

    woman.message(END, {"end_code": "refused", "reason": "签字拒绝"})
    assert woman.open() == ["task_close_case"]
    woman.complete("task_close_case")

    assert (woman.status, woman.variables["end_code"]) == ("completed", "refused")


def test_no_timer_ever_closes_a_case():
    woman = graded("O-1.2")

    woman.advance(timedelta(days=3 * 365))

    assert woman.status == "active"
    assert "task_trace_county" in woman.open()


def test_the_home_visit_belongs_to_the_place_of_rest_when_one_is_given():
    home, rest = delivered(), delivered()

    home.message("message_discharged", {"discharged_at": "2026-08-12T10:00:00+08:00"})
    rest.message(
        "message_discharged", {"discharged_at": "2026-08-12T10:00:00+08:00", "postpartum_organisation": "org-twn-2"}
    )

    assert home.task("task_home_visit").data["organisation"] == "org-twn-1"
    assert rest.task("task_home_visit").data["organisation"] == "org-twn-2"


def test_ac15_a_confirmed_new_due_date_moves_every_open_window_and_timer_that_hangs_on_it():
    woman = screened_negative()
    before = woman.timers()
    woman.message("message_redating_proposed", {"edd_proposed": "2026-08-16", "proposed_basis": "us"})
    assert woman.variables["edd"] == "2026-08-10"  # nothing moves until a doctor confirms
    assert woman.task("task_confirm_edd").data["candidate_roles"] == ["R-OB"]

    woman.complete("task_confirm_edd", redated=True, confirmed_edd="2026-08-16", confirmed_basis="us")

    moved = woman.timers()
    six_days = timedelta(days=6)
    assert woman.variables["edd"] == "2026-08-16"
    assert moved["timer_window_missed"] - before["timer_window_missed"] == six_days
    assert moved["timer_outcome_missing"] - before["timer_outcome_missing"] == six_days
    assert woman.due("task_record_delivery").date() == date(2026, 8, 16)
    assert [row["edd"] for row in woman.variables["datings"]] == ["2026-08-10", "2026-08-16"]


DIED = {"end_code": "ended.maternal_death", "ended_on": "2026-08-11", "contact_reason": "羊水栓塞"}


def test_a_woman_who_died_in_the_ward_ends_her_case_and_nobody_is_sent_to_visit_her():
    woman = delivered()

    woman.complete("task_record_discharge", discharged_at="2026-08-11T03:10:00+08:00", condition="died", **DIED)

    assert woman.open() == ["task_close_case"]
    assert (woman.variables["end_code"], woman.variables["ended_on"]) == ("ended.maternal_death", "2026-08-11")
    assert "message_maternal_death" in woman.sent
    assert "message_discharge_told" not in woman.sent  # no township is told to expect her
    assert "message_mother_home" in woman.sent  # the child is visited all the same


def test_a_death_learnt_at_the_42_day_check_counts_from_its_own_day():
    woman = discharged()
    woman.complete("task_home_visit", needs_referral=False)
    woman.advance(date(2026, 9, 25))

    woman.complete("task_check_42d", recovered=False, **{**DIED, "ended_on": "2026-09-13"})

    assert (woman.variables["end_code"], woman.variables["ended_on"]) == ("ended.maternal_death", "2026-09-13")
    assert "message_maternal_death" in woman.sent
