"""AC-02, AC-04 to AC-09: screening positive, grading, report, case file, re-assessment."""

from datetime import date, timedelta

import pytest

from tests.bpmn.conftest import begin
from tests.bpmn.test_green_woman import registered, screened_negative
from workflows import tables
from workflows.regions import load_pack

POLICY = load_pack("cn-baseline").policy()


def positive(*codes, **given):
    woman = registered(**given)
    woman.complete("task_screen", screening_codes=list(codes), screening_unknown=[], screened_on="2026-01-05")
    return woman


def graded(*criteria):
    woman = positive("S-1.1")
    woman.complete("task_refer_positive")
    woman.complete("task_grade", criteria=list(criteria))
    woman.complete("task_return_slip")
    return woman


def test_ac02_a_birth_interval_alone_is_positive_and_may_be_graded_green():
    woman = positive("S-2.1")
    woman.complete("task_refer_positive")

    assert woman.due("task_grade").date() == date(2026, 1, 19)
    woman.complete("task_grade", criteria=[])
    woman.complete("task_return_slip")

    assert woman.variables["colour"] == "green"
    assert woman.open() == ["task_antenatal_visit", "task_record_delivery"]
    assert "end_referral_answered" in woman.visited


def test_ac02_without_an_answer_the_township_traces_after_14_days_and_the_county_7_days_later():
    woman = positive("S-2.1")
    woman.complete("task_refer_positive")

    woman.advance(date(2026, 1, 18))
    assert "task_trace_referral" not in woman.open()
    woman.advance(date(2026, 1, 19))
    assert "task_trace_referral" in woman.open()
    woman.advance(date(2026, 1, 26))
    assert "task_trace_referral_county" in woman.open()

    woman.complete("task_grade", criteria=[])
    woman.complete("task_return_slip")
    assert woman.open() == ["task_antenatal_visit", "task_record_delivery"]


def test_a_positive_woman_is_looked_after_while_she_waits_for_her_grading():
    assert positive("S-2.1").open() == ["task_antenatal_visit", "task_record_delivery", "task_refer_positive"]


def test_first_contact_in_a_hospital_is_graded_there_without_a_slip():
    woman = begin("pregnancy_journey", {"first_contact": "hospital"})
    woman.complete("task_register", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp")
    woman.complete("task_first_visit", visit_on="2026-01-05")
    woman.complete("task_screen", screening_codes=["S-1.1"], screening_unknown=[], screened_on="2026-01-05")

    assert "task_grade" in woman.open()
    assert "task_refer_positive" not in woman.open()


def test_ac04_orange_is_reported_within_three_days_of_the_minute_and_gets_a_case_file():
    woman = positive("S-1.1", "S-1.3")
    woman.complete("task_refer_positive")
    woman.advance(timedelta(hours=5, minutes=17))
    woman.complete("task_grade", criteria=["Y-1.1", "O-1.2"])

    assert woman.variables["colour"] == "orange"
    assert woman.due("task_report_risk") - woman.now == timedelta(days=3)
    assert "task_open_case_file" in woman.open()
    assert woman.variables["case_file"] == "open"
    assert woman.task("task_report_risk").data["organisation"] == "org-hospital"


def test_ac04_the_report_is_urged_at_half_time_called_at_its_breach_and_acknowledged_by_the_county():
    woman = graded("O-1.2")

    woman.advance(timedelta(hours=35))
    assert "task_urge_report" not in woman.open()
    woman.advance(timedelta(hours=1))
    assert "task_urge_report" in woman.open()
    woman.advance(timedelta(hours=36))
    assert woman.task("task_county_calls_report").data["candidate_roles"] == ["R-PM-F"]

    woman.complete("task_report_risk")
    assert not {"task_urge_report", "task_county_calls_report"} & set(woman.open())
    woman.complete("task_acknowledge_report")
    assert "task_acknowledge_report" not in woman.open()


def test_the_county_system_may_acknowledge_by_message():
    woman = graded("O-1.2")
    woman.complete("task_report_risk")

    woman.message("message_report_acknowledged")

    assert "task_acknowledge_report" not in woman.open()


def test_ac04_the_officer_meets_her_within_14_days_and_the_file_follows_to_the_42nd_day():
    woman = graded("O-1.2")
    woman.complete("task_open_case_file")

    assert woman.due("task_meet_face_to_face") - woman.now == timedelta(days=14)
    assert woman.due("task_follow_case_file").date() == date(2026, 9, 21)


def test_ac04_her_visits_come_every_14_days_at_the_hospital():
    woman = graded("O-1.2")

    visit = woman.task("task_antenatal_visit").data
    assert (visit["due"][:10], visit["organisation"]) == ("2026-01-19", "org-hospital")
    assert visit["candidate_roles"] == ["R-OB", "R-MIDW"]


def test_ac04_the_whole_course_of_an_orange_woman_ends_recovered_with_her_file_closed():
    woman = graded("Y-1.1", "O-1.2")
    for task in ("task_report_risk", "task_acknowledge_report", "task_open_case_file", "task_meet_face_to_face"):
        woman.complete(task)
    woman.now = woman.now.replace(month=8, day=1)
    woman.message(
        "message_delivered", {"delivered_on": "2026-08-01", "fetuses": [{"order": 1, "outcome": "live_birth"}]}
    )
    woman.message("message_discharged", {"discharged_at": "2026-08-04T09:00:00+08:00"})

    assert woman.due("task_home_visit").date() == date(2026, 8, 7)  # high risk: three days after going home (7.3)
    woman.complete("task_home_visit")
    assert woman.due("task_check_42d").date() == date(2026, 9, 12)
    woman.advance(date(2026, 9, 12))
    woman.complete("task_check_42d", recovered=True)

    assert woman.open() == ["task_close_case"]
    assert woman.variables["case_file"] == "closed"
    woman.complete("task_close_case")
    assert (woman.status, woman.variables["end_code"]) == ("completed", "closed.recovered")


def test_ac06_red_and_purple_stand_beside_each_other_and_red_is_reported_in_24_hours():
    woman = graded("R-1.1.1", "P-1")

    assert (woman.variables["colour"], woman.variables["purple"]) == ("red", True)
    assert woman.due("task_report_risk") - woman.now == timedelta(hours=24)


def test_ac05_purple_alone_stays_green_beneath_and_opens_a_file_without_a_report():
    woman = graded("P-1")

    assert (woman.variables["colour"], woman.variables["purple"]) == ("green", True)
    assert "task_open_case_file" in woman.open()
    assert "task_report_risk" not in woman.open()
    assert woman.task("task_antenatal_visit").data["organisation"] == "org-hospital"


@pytest.mark.parametrize(
    "facts, colour",
    [
        ({"hb": 60}, "orange"),
        ({"hb": 61}, "yellow"),
        ({"hb": 40}, "red"),
        ({"plt": 30}, "orange"),
        ({"plt": 29}, "red"),
    ],
)
def test_ac07_ac08_the_touching_bands_go_to_the_higher_colour(facts, colour):
    criteria = tables.grading_criteria(facts, POLICY, date(2026, 1, 5))

    assert graded(*criteria).variables["colour"] == colour


def test_ac09_red_supersedes_an_orange_report_that_was_not_sent_and_both_stay_in_the_history():
    woman = graded("O-1.2")
    woman.advance(timedelta(days=2))
    woman.message("message_diagnosis_received", {"text": "肺动脉高压"})
    woman.complete("task_grade", criteria=["O-1.2", "R-1.1.1"])

    assert woman.open().count("task_report_risk") == 1
    assert woman.due("task_report_risk") - woman.now == timedelta(hours=24)
    assert [row["colour"] for row in woman.variables["gradings"]] == ["orange", "red"]
    assert woman.open().count("task_open_case_file") == 1


def test_confirming_orange_again_starts_no_new_clock():
    woman = graded("O-1.2")
    due = woman.due("task_report_risk")
    woman.advance(timedelta(days=1))
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=["O-1.2"])

    assert (woman.open().count("task_report_risk"), woman.due("task_report_risk")) == (1, due)


def test_a_result_that_reaches_a_higher_colour_asks_for_grading_once():
    woman = screened_negative()

    woman.message("message_observation_received", {"facts": {"hb": 120}})
    assert "task_grade" not in woman.open()
    woman.message("message_observation_received", {"facts": {"hb": 55}})
    woman.message("message_observation_received", {"facts": {"hb": 54}})
    assert woman.open().count("task_grade") == 1

    woman.complete("task_grade", criteria=["O-2.6.2"])
    assert woman.task("task_antenatal_visit").data["due"][:10] == "2026-01-19"


def test_a_danger_sign_at_a_visit_asks_for_grading():
    woman = screened_negative()
    woman.advance(date(2026, 2, 23))

    woman.complete("task_antenatal_visit", visit_on="2026-02-23", visit_colour="green", visit_urgent=True)

    assert "task_grade" in woman.open()


def test_the_responsible_doctor_may_close_the_file_with_a_reason_and_a_later_orange_opens_it_again():
    woman = graded("O-2.6.2")
    woman.complete("task_open_case_file")
    woman.complete("task_follow_case_file", closing_reason="贫血纠正")

    assert woman.variables["case_file"] == "closed"
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=["Y-1.1"])
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=["O-1.1"])
    assert "task_open_case_file" in woman.open()


def test_a_rise_found_at_the_home_visit_asks_the_hospital_and_the_visit_is_done():
    woman = screened_negative()
    woman.message(
        "message_delivered", {"delivered_on": "2026-01-05", "fetuses": [{"order": 1, "outcome": "live_birth"}]}
    )
    woman.message("message_discharged", {"discharged_at": "2026-01-08T10:00:00+08:00"})

    woman.complete("task_home_visit", visit_colour="orange", needs_referral=False)

    assert {"task_grade", "task_check_42d"} <= set(woman.open())
    assert "task_home_visit" not in woman.open()


def test_ac33_a_result_that_comes_late_is_due_from_the_day_it_was_measured():
    woman = screened_negative()
    woman.advance(timedelta(days=3))
    measured = woman.now - timedelta(days=2)

    woman.message("message_observation_received", {"facts": {"hb": 55}, "observed_at": measured.isoformat()})
    assert woman.due("task_grade") == measured + timedelta(hours=24)

    woman.complete("task_grade", criteria=["O-2.6.2"])
    woman.message("message_observation_received", {"facts": {"hb": 35}})
    assert woman.due("task_grade") == woman.now + timedelta(hours=24)


OBSERVED = "message_observation_received"


@pytest.mark.parametrize(
    "facts, code",
    [
        ({"sbp": 140, "dbp": 88}, "A-1"),
        ({"sbp": 132, "dbp": 90}, "A-1"),
        ({"urine_protein": "2+"}, "A-3"),
        ({"hb": 69}, "A-4"),
        ({"sbp": 141, "dbp": 85, "hb": "not-performed"}, "A-1"),
    ],
)
def test_an_urgent_result_asks_for_grading_whoever_measured_it(facts, code):
    """D-1: any A-x of level urgent or emergency, though it names no higher colour."""
    woman = graded("Y-2.6.2")

    woman.message(OBSERVED, {"facts": facts})

    assert "task_grade" in woman.open() and woman.variables["colour"] == "yellow"
    assert code in [one["code"] for one in woman.variables["raised_by"]]


@pytest.mark.parametrize(
    "facts", [{"sbp": 139, "dbp": 89}, {"urine_protein": "1+"}, {"urine_protein": "negative"}, {"hb": 105}, {}]
)
def test_a_result_that_is_only_to_be_watched_asks_for_none(facts):
    woman = graded("Y-2.6.2")

    woman.message(OBSERVED, {"facts": facts})

    assert "task_grade" not in woman.open() and woman.variables.get("raised_by") is None


@pytest.mark.parametrize("measured, again", [("2026-03-20", False), ("2026-03-30", True)])
def test_high_pressure_is_a_yellow_criterion_from_20_weeks_on_by_the_day_it_was_measured(measured, again):
    """Y-3.5 counts from 20+0 on; where no finding is of a level that raises, it is what asks for the grading."""
    quiet = {**POLICY, "visit_raise": {"levels": [], "classified_abnormal": True}}
    woman = begin("pregnancy_journey", {"policy": quiet})
    woman.complete("task_register", registered_on="2026-01-05", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp")
    woman.complete("task_first_visit", visit_on="2026-01-05", early_registration=True)
    woman.complete("task_screen", screening_codes=[], screening_unknown=[], screened_on="2026-01-05")
    woman.advance(date(2026, 3, 30))  # 21+0; on 20 March she was at 19+4

    woman.message(OBSERVED, {"facts": {"sbp": 150, "dbp": 95}, "observed_at": f"{measured}T09:00:00+08:00"})

    assert ("task_grade" in woman.open()) is again


def test_a_fever_after_the_birth_is_a_finding_of_those_days():
    woman = screened_negative()
    woman.message(
        "message_delivered", {"delivered_on": "2026-01-05", "fetuses": [{"order": 1, "outcome": "live_birth"}]}
    )
    woman.message("message_discharged", {"discharged_at": "2026-01-08T10:00:00+08:00"})

    woman.message(OBSERVED, {"facts": {"temperature": 38}})

    assert [one["code"] for one in woman.variables["raised_by"]] == ["A-22"] and "task_grade" in woman.open()


NOTE = "task_note_downgrade"


def graded_again(woman, *criteria, after=timedelta(days=1)):
    woman.advance(after)
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=list(criteria))
    return woman


@pytest.mark.parametrize("first, then", [("R-1.1.1", "O-1.1"), ("O-1.2", "Y-1.1"), ("O-1.2", None), ("R-1.6.4", None)])
def test_d6_a_fall_from_a_colour_that_is_reported_is_told_within_three_days(first, then):
    woman = graded(first)
    woman.complete("task_report_risk")
    woman.complete("task_acknowledge_report")

    graded_again(woman, *([then] if then else []))

    assert woman.due(NOTE) - woman.now == timedelta(days=3)
    assert woman.task(NOTE).data["candidate_roles"] == ["R-OB"] and "task_report_risk" not in woman.open()
    woman.complete(NOTE)
    assert woman.task("task_acknowledge_downgrade").data["candidate_roles"] == ["R-PM-F"]
    assert woman.due("task_acknowledge_downgrade") - woman.now == timedelta(days=2)
    woman.complete("task_acknowledge_downgrade")
    assert "task_open_case_file" in woman.open(), "the file is closed by the doctor alone"


@pytest.mark.parametrize("first, then", [("Y-1.1", None), ("Y-1.1", "Y-1.2"), ("O-1.1", "O-1.2"), ("O-1.1", "R-1.6.4")])
def test_d6_nothing_is_noted_where_no_reported_colour_falls(first, then):
    assert NOTE not in graded_again(graded(first), *([then] if then else [])).open()


def test_d6_the_same_result_confirmed_asks_for_no_second_note_and_a_rise_takes_it_away():
    woman = graded_again(graded("R-1.1.1"), "O-1.1")
    due = woman.due(NOTE)

    graded_again(woman, "O-1.1", "O-1.2")
    assert (woman.open().count(NOTE), woman.due(NOTE)) == (1, due)

    graded_again(woman, "R-1.6.4")
    assert NOTE not in woman.open() and woman.open().count("task_report_risk") == 1


def test_d6_a_second_fall_takes_the_place_of_the_first():
    woman = graded_again(graded_again(graded("R-1.1.1"), "O-1.1"), "Y-1.1")

    assert woman.open().count(NOTE) == 1 and woman.due(NOTE) - woman.now == timedelta(days=3)


def test_d6_where_purple_is_reported_its_end_is_noted():
    policy = {**POLICY, "report_colours": ["orange", "red", "purple"]}
    woman = begin("pregnancy_journey", {"policy": policy, "first_contact": "hospital"})
    woman.complete("task_register", registered_on="2026-01-05", lmp="2025-11-03", edd="2026-08-10", edd_basis="lmp")
    woman.complete("task_first_visit", visit_on="2026-01-05", early_registration=True)
    woman.complete("task_screen", screening_codes=["S-1.1"], screening_unknown=[], screened_on="2026-01-05")
    woman.complete("task_grade", criteria=["P-1", "Y-1.1"])
    assert NOTE not in woman.open()

    graded_again(woman, "Y-1.1")

    assert woman.open().count(NOTE) == 1
