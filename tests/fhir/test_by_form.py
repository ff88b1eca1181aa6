"""What forms say beside their measurements is there when the step is done, for those who may know it."""

from __future__ import annotations

import pytest

from engine.contracts import ActivateInstance, Actor, ClaimUserTask, SaveDraft, SuspendInstance
from tests.fhir.fhir_kit import WOMAN
from tests.fhir.test_projection import complete


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


def about(hospital, type_, woman, who="nurse", more=""):
    return hospital.search(f"/{type_}?patient={woman.patient_id}{more}", who)


def test_a_visit_window_is_proposed_and_kept(hospital, woman):
    complete(hospital, woman, "task_register", "nurse", id_no=WOMAN, lmp="2025-10-20")
    [proposed] = about(hospital, "Appointment", woman)

    complete(hospital, woman, "task_first_visit", "nurse")

    assert proposed["status"] == "proposed" and "start" not in proposed and proposed["requestedPeriod"]
    first = hospital.get(f"/Appointment/{proposed['id']}", "nurse").json
    assert first["status"] == "fulfilled" and first["start"] == "2026-01-05T08:00:00+08:00"
    assert first["meta"]["versionId"] == "2"


def test_a_grading_says_who_signed_it_by_which_table_from_which_sheet(hospital, woman):
    complete(hospital, woman, "task_register", "nurse", id_no=WOMAN, lmp="2025-10-20")
    complete(hospital, woman, "task_first_visit", "nurse")
    complete(hospital, woman, "task_screen", "nurse", s_2_1="yes")
    element = next(name for name in woman.open_tasks() if name.endswith("task_grade"))
    task = complete(hospital, woman, element, "doctor")

    [graded] = about(hospital, "RiskAssessment", woman, "doctor", "&identifier:missing=false")
    [said] = hospital.search(f"/Provenance?target=RiskAssessment/{graded['id']}", "doctor")
    along = hospital.search(f"/RiskAssessment?_id={graded['id']}&_revinclude=Provenance:target", "doctor")
    assert said["id"] in {one["id"] for one in along if one["resourceType"] == "Provenance"}
    assert said in hospital.search(f"/Provenance?target:RiskAssessment._id={graded['id']}", "doctor")

    assert [agent["type"]["coding"][0]["code"] for agent in said["agent"]] == ["assembler", "verifier"]
    assert said["agent"][1]["who"] == hospital.get(f"/QuestionnaireResponse/{task.id}", "doctor").json["author"]
    assert said["entity"][0]["what"]["reference"] == f"QuestionnaireResponse/{task.id}"
    assert "PlanDefinition/decision-risk-grading-result" in said["policy"][0]
    assert said in about(hospital, "Provenance", woman, "doctor")
    assert about(hospital, "Provenance", woman, "village") == []


def test_a_suspended_case_rests_and_goes_on(hospital, woman):
    plan = about(hospital, "CarePlan", woman)[0]
    [task_id] = [str(task.id) for task in woman.open_tasks().values()]
    key = {"instance_id": next(iter(woman.open_tasks().values())).instance_id}
    engine, by = hospital.services.engine, Actor(kind="person", id="it")

    before = hospital.get(f"/Task/{task_id}", "nurse").json
    engine.execute(SuspendInstance(**key), by=by)
    resting = hospital.get(f"/CarePlan/{plan['id']}", "nurse").json["status"]
    task = hospital.get(f"/Task/{task_id}", "nurse").json
    engine.execute(ActivateInstance(**key), by=by)

    assert resting == "on-hold"
    assert (task["status"], bool(task["statusReason"]["text"])) == ("on-hold", True)
    assert {**hospital.get(f"/Task/{task_id}", "nurse").json, "meta": 0} == {**before, "meta": 0}
    assert hospital.get(f"/CarePlan/{plan['id']}", "nurse").json["status"] == "active"
    assert hospital.get(f"/EpisodeOfCare/{woman.pregnancy_id}", "nurse").json["status"] == "active"


@pytest.mark.parametrize("done, status", [("claim", "accepted"), ("draft", "in-progress")])
def test_what_somebody_had_begun_is_begun_again_when_the_case_goes_on(hospital, woman, done, status):
    [task] = woman.open_tasks().values()
    engine, by = hospital.services.engine, Actor(kind="person", id="nurse")
    begin = ClaimUserTask(user_task_id=task.id, assignee="nurse")
    engine.execute(begin if done == "claim" else SaveDraft(user_task_id=task.id, draft={"lmp": "2025-10-20"}), by=by)

    engine.execute(SuspendInstance(instance_id=task.instance_id), by=by)
    resting = hospital.get(f"/Task/{task.id}", "nurse").json["status"]
    engine.execute(ActivateInstance(instance_id=task.instance_id), by=by)

    assert (resting, hospital.get(f"/Task/{task.id}", "nurse").json["status"]) == ("on-hold", status)
