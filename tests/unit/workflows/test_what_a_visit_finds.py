"""D8: which finding of a visit asks for a new assessment; the levels are a parameter of the pack."""

from datetime import date

from workflows import tables
from workflows.journey import derive, prefill
from workflows.regions import load_pack

ON = date(2026, 3, 8)
POLICY = load_pack("cn-baseline").policy()
EDD = {"edd_final": "2026-08-10"}  # 17+6 on that day
QUIET = {"visit_date": "2026-03-08", "danger_signs": ["none"], "classification": "normal"}


def asks(said, policy=POLICY, colour="green"):
    return tables.evaluate("visit_raise", {**said, "colour": colour, "purple": False, "policy": policy}, ON)


def visit(**answers):
    return derive("anc-visit", {**QUIET, **answers}, EDD, ON)


def test_a_blood_pressure_of_150_over_90_before_twenty_weeks_asks_for_an_assessment():
    said = visit(sbp=150, dbp=90)

    assert (said["visit_colour"], [row["code"] for row in said["visit_findings"]]) == ("green", ["A-1"])
    assert asks(said) is True


def test_a_visit_classified_abnormal_asks_for_an_assessment_and_a_quiet_one_does_not():
    assert asks(visit(sbp=116, dbp=72, classification="abnormal")) is True
    assert asks(visit(sbp=116, dbp=72)) is False


def test_the_clinician_sets_which_levels_ask():
    emergencies = {**POLICY, "visit_raise": {"levels": ["emergency"], "classified_abnormal": False}}

    assert asks(visit(sbp=150, dbp=90, classification="abnormal"), emergencies) is False
    assert asks(visit(sbp=162, dbp=90), emergencies) is True


def test_a_warning_alone_does_not():
    assert asks(visit(urine_protein="1+")) is False


def test_what_an_earlier_visit_found_is_not_found_again():
    said = derive("anc-visit", {**QUIET, "sbp": 116, "dbp": 72}, {**EDD, "sbp": 150, "hb": 65}, ON)

    assert said["visit_findings"] == []


def test_of_twins_the_slower_heart_counts():
    assert [row["code"] for row in visit(fhr=[146, 104])["visit_findings"]] == ["A-9"]


def test_nobody_waits_where_no_fetal_heart_is_heard():
    found = visit(fetal_heart_absent=True)["visit_findings"]

    assert [(row["code"], row["level"]) for row in found] == [("A-9", "emergency")]


def test_the_doctor_who_assesses_sees_what_was_found():
    raised = {"raised_by": [{"code": "A-1", "level": "urgent", "text": "血压 ≥140/90 mmHg"}]}

    assert prefill("risk-grading", {}, {"policy": POLICY, **raised}, ON)["raised_by"] == ["A-1 血压 ≥140/90 mmHg"]


def test_fever_at_the_home_visit_is_found():
    said = derive("postnatal-visit", {"temperature": 38, "postpartum_days": 6, "risk_recheck": "green"}, {}, ON)

    assert [row["code"] for row in said["visit_findings"]] == ["A-22"]


def test_a_death_found_at_the_home_visit_is_the_end():
    said = derive("postnatal-visit", {"contact": "died", "death_date": "2026-03-07", "death_cause": "肺栓塞"}, {}, ON)

    assert (said["end_code"], said["ended_on"], said["contact_reason"]) == (
        "ended.maternal_death",
        "2026-03-07",
        "肺栓塞",
    )
