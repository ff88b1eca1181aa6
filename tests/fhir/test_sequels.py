"""What is stored already follows what is done later: it is amended in the same step."""

from __future__ import annotations

import pytest

from engine.contracts import Actor, PublishMessage
from tests.fhir.fhir_kit import WOMAN
from tests.fhir.test_by_form import about
from tests.fhir.test_projection import complete

DIED = {
    "end_code": "ended.maternal_death",
    "ended_on": "2026-01-05",
    "death_cause": "产后出血",
    "born_before_death": False,
}
DOCTOR = Actor(kind="person", id="doctor")


@pytest.fixture
def graded(hospital):
    """A woman whom the doctor has graded, and whose case file is open."""
    woman = hospital.brings_in()
    complete(hospital, woman, "task_register", "nurse", id_no=WOMAN, lmp="2025-10-20")
    complete(hospital, woman, "task_first_visit", "nurse", sbp=146, dbp=94)
    complete(hospital, woman, "task_screen", "nurse", s_2_1="yes", s_7_1_5="yes")
    complete(hospital, woman, "task_grade", "doctor")
    complete(hospital, woman, "task_open_case_file", "doctor", responsible_doctor="甲")
    return woman


def graded_again(hospital, woman, **answers):
    """A visit finds something; the doctor grades her anew. Answers what was found, before she did."""
    complete(hospital, woman, "task_antenatal_visit", "doctor", sbp=150, dbp=96)
    found = about(hospital, "DetectedIssue", woman, "doctor")
    [element] = [name for name in woman.open_tasks() if name.endswith("task_grade")]
    complete(hospital, woman, element, "doctor", **answers)
    return found


def reported_dead(hospital, woman):
    payload = {"end_code": DIED["end_code"], "ended_on": DIED["ended_on"], "reason": None}
    message = PublishMessage(name="message_end_reported", key=woman.pregnancy_id, payload=payload)
    hospital.services.engine.execute(message, by=DOCTOR)


def status_of(hospital, type_, woman):
    return {one["id"].partition(".")[0]: one["status"] for one in about(hospital, type_, woman, "doctor")}


def test_a_grading_makes_findings_final_and_stops_the_report_that_the_next_one_answers(hospital, graded):
    complete(hospital, graded, "task_report_risk", "doctor")
    [first] = about(hospital, "Communication", graded, "doctor")

    [found] = [one for one in graded_again(hospital, graded, r_1_1_1=True) if one["status"] == "preliminary"]
    issues = about(hospital, "DetectedIssue", graded, "doctor")  # of the first visit and of this one
    [issue] = [one for one in issues if one["id"] == found["id"]]
    [stopped] = about(hospital, "Communication", graded, "doctor")
    complete(hospital, graded, "task_report_risk", "doctor")

    assert len(issues) == 2 and {one["status"] for one in issues} == {"final"}
    assert issue["code"]["coding"][0]["code"] == "A-1"
    assert (first["status"], stopped["status"], stopped["id"]) == ("completed", "stopped", first["id"])
    assert stopped["statusReason"]["text"]
    [second] = [one for one in about(hospital, "Communication", graded, "doctor") if one["id"] != first["id"]]
    assert second["status"] == "completed"
    assert second["inResponseTo"] == [{"reference": f"Communication/{first['id']}"}]


def test_a_report_that_the_county_has_taken_up_stays_completed(hospital, graded):
    complete(hospital, graded, "task_report_risk", "doctor")
    complete(hospital, graded, "task_acknowledge_report", "officer")

    graded_again(hospital, graded, r_1_1_1=True)
    complete(hospital, graded, "task_report_risk", "doctor")

    told = about(hospital, "Communication", graded, "doctor")
    assert {one["status"] for one in told} == {"completed"} and not [one for one in told if "inResponseTo" in one]


def test_a_maternal_death_is_on_the_patient_at_once_and_what_belonged_to_the_case_ends_with_it(hospital, graded):
    assert status_of(hospital, "CareTeam", graded) == {"team": "active"}
    reported_dead(hospital, graded)
    at_once = hospital.get(f"/{graded.subject}").json
    complete(hospital, graded, "task_report_death", "doctor", died_at="2026-01-05T06:40:00+08:00")
    complete(hospital, graded, "task_close_case", "nurse", **DIED)

    then = hospital.get(f"/{graded.subject}").json
    assert (at_once["deceasedDateTime"], then["deceasedDateTime"]) == ("2026-01-05", "2026-01-05T06:40:00+08:00")
    assert then["meta"]["source"].endswith("/source/his-demo")  # it is still the hospital's
    assert {**then, "meta": 0} == {**at_once, "meta": 0, "deceasedDateTime": then["deceasedDateTime"]}
    assert [one["id"] for one in hospital.search("/Patient?deceased=true")] == [graded.patient_id]
    assert hospital.put(f"/{graded.subject}", {**then, "active": True}).status_code == 200  # who may change it
    [team] = about(hospital, "CareTeam", graded, "doctor")
    assert (team["status"], team["period"]["end"]) == ("inactive", "2026-01-05T08:00:00+08:00")
    assert status_of(hospital, "CarePlan", graded)["high-risk-case"] == "revoked"
    assert [one["status"] for one in about(hospital, "Flag", graded, "doctor")] == ["inactive"]


def test_a_case_file_that_the_doctor_closes_takes_its_team_with_it(hospital, graded):
    complete(hospital, graded, "task_follow_case_file", "doctor", closing_date="2026-01-05", closing_reason="降级")

    assert status_of(hospital, "CareTeam", graded) == {"team": "inactive"}
    assert status_of(hospital, "CarePlan", graded)["high-risk-case"] == "completed"
