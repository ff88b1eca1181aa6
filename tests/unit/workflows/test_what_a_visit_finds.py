"""D8: which finding of a visit asks for a new assessment; the levels are a parameter of the pack."""

from datetime import date
from decimal import Decimal

import pytest

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


@pytest.mark.parametrize(
    ("answers", "code", "level"),
    [
        ({"spo2": 94}, "A-15", "emergency"),
        ({"bile_acid": 10}, "A-16", "urgent"),
        ({"epds": 13, "epds_self_harm": 0}, "A-20", "urgent"),
        ({"epds": 4, "epds_self_harm": 1}, "A-20", "emergency"),
        ({"weight": 60, "weight_gain": Decimal("0.9")}, "A-12", "info"),  # 17+6: 1.25 kg at the least by then
    ],
)
def test_an_antenatal_visit_finds_oxygen_bile_acid_mood_and_too_little_weight(answers, code, level):
    before = {**EDD, "height": 160, "prepregnancy_weight": Decimal("59.1")}

    found = derive("anc-visit", {**QUIET, **answers}, before, ON)["visit_findings"]

    assert [(row["code"], row["level"]) for row in found] == [(code, level)]


def test_the_weight_gain_of_twins_is_measured_by_no_range_and_the_user_is_told_so():
    facts = {"edd_final": "2026-08-10", "prepregnancy_weight": 59, "height": 160, "policy": POLICY}
    answers = {"visit_date": ON.isoformat(), "weight": 60, "weight_gain": Decimal(1)}

    one, twins = (
        [row["text"] for row in derive("anc-visit", answers, {**facts, "fetus_count": n}, ON)["visit_findings"]]
        for n in (1, 2)
    )

    assert one == ["增重低于本孕周应有的下限（本地设定）：膳食指导"]
    assert twins == ["多胎妊娠：来源未给出增重范围，不按单胎范围判断"]


def test_the_cut_off_of_the_epds_is_that_of_the_region():
    local = {**POLICY, "findings": {**POLICY["findings"], "epds_cutoff": 10}}

    assert visit(epds=10, epds_self_harm=0)["visit_findings"] == []
    said = derive("anc-visit", {**QUIET, "epds": 10, "epds_self_harm": 0}, {**EDD, "policy": local}, ON)
    assert [row["code"] for row in said["visit_findings"]] == ["A-20"]


WELL = {"visit_date": "2026-03-08", "postpartum_days": 42, "classification": "recovered", "disposition": "close"}


@pytest.mark.parametrize(
    ("form", "answers", "codes"),
    [
        (form, answers, codes)
        for form in ("postnatal-visit", "postnatal-42d")
        for answers, codes in (
            ({"calf": "abnormal"}, ["A-22"]),
            ({"epds": 14, "epds_self_harm": 0}, ["A-20"]),
            ({"epds": 3, "epds_self_harm": 2}, ["A-20"]),
            ({"spo2": 93}, ["A-15"]),
            ({"sbp": 150, "dbp": 84}, ["A-1", "A-22"]),
        )
    ],
)
def test_what_is_found_after_the_birth_asks_for_an_assessment_and_is_referred(form, answers, codes):
    said = derive(form, {**WELL, "contact": "met", **answers}, {}, ON)

    assert [row["code"] for row in said["visit_findings"]] == codes
    assert (asks(said), said["needs_referral"]) == (True, True)


def test_a_woman_who_is_well_on_the_42nd_day_is_neither_graded_nor_referred():
    said = derive("postnatal-42d", {**WELL, "contact": "met", "sbp": 118, "dbp": 74, "epds": 6}, {}, ON)

    assert (said["visit_findings"], asks(said), said["needs_referral"], said["recovered"]) == ([], False, False, True)


def test_who_died_before_the_42nd_day_has_no_findings():
    said = derive("postnatal-42d", {"contact": "died", "death_date": "2026-03-07", "sbp": 170}, {}, ON)

    assert (said["visit_findings"], said["needs_referral"]) == ([], False)


def test_a_death_found_at_the_home_visit_is_the_end():
    said = derive("postnatal-visit", {"contact": "died", "death_date": "2026-03-07", "death_cause": "肺栓塞"}, {}, ON)

    assert (said["end_code"], said["ended_on"], said["contact_reason"]) == (
        "ended.maternal_death",
        "2026-03-07",
        "肺栓塞",
    )
