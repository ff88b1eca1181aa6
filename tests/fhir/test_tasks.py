"""A hospital system works on tasks: it takes them, gives them back, finishes them; everything else of a Task
is the engine's."""

from __future__ import annotations

import pytest

from tests.fhir.fhir_kit import WOMAN, entry, expressions, issues_of, transaction, with_changes
from tests.fhir.test_main_case import response


@pytest.fixture
def woman(hospital):
    """Her first task is the registration, which the hospital that brought her in may finish."""
    return hospital.brings_in()


@pytest.fixture
def task(hospital, woman):
    return hospital.search(f"/Task?patient={woman.subject}")[0]


def etag(task):
    return f'W/"{task["meta"]["versionId"]}"'


def registration_form(woman):
    return response("registration", woman.subject, answers={"id_no": WOMAN, "lmp": "2025-10-20"})


def test_a_completed_response_that_names_the_task_completes_it(hospital, woman, task):
    form = {**registration_form(woman), "basedOn": [{"reference": f"Task/{task['id']}"}]}

    answer = hospital.post("/QuestionnaireResponse", form)

    assert answer.status_code == 201
    done = hospital.get(f"/Task/{task['id']}").json
    assert done["status"] == "completed"
    assert done["output"][0]["valueReference"]["reference"] == f"QuestionnaireResponse/{answer.json['id']}"
    assert "task_first_visit" in woman.open_tasks()


def test_sending_the_completed_response_again_changes_nothing(hospital, woman, task):
    form = {**registration_form(woman), "basedOn": [{"reference": f"Task/{task['id']}"}]}
    hospital.post("/QuestionnaireResponse", form)
    before = hospital.count()

    again = hospital.post("/QuestionnaireResponse", form)

    assert again.status_code == 200
    assert hospital.count() == before


def test_response_and_task_stand_or_fall_together_in_a_transaction(hospital, woman, task):
    done = with_changes(
        task,
        status="completed",
        output=[
            {
                "type": {"text": "answers"},
                "valueReference": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000011"},
            }
        ],
    )
    bundle = transaction(
        entry(registration_form(woman), "urn:uuid:00000000-0000-4000-8000-000000000011"),
        entry(done, method="PUT", url=f"Task/{task['id']}", ifMatch=etag(task)),
    )

    answer = hospital.post("", bundle)
    again = hospital.post("", bundle)

    assert answer.status_code == 200, answer.json
    assert hospital.get(f"/Task/{task['id']}").json["status"] == "completed"
    assert again.status_code == 200 and again.json["entry"][1]["response"]["etag"] == 'W/"2"'


def test_a_wrong_answer_refuses_both_and_names_its_item(hospital, woman, task):
    form = response("registration", woman.subject, answers={"id_no": "999999199203040020"})
    form["basedOn"] = [{"reference": f"Task/{task['id']}"}]
    before = hospital.count()

    places = expressions(hospital.post("/QuestionnaireResponse", form), 422)

    assert places and all(place.startswith("QuestionnaireResponse.item[0].item[") for place in places)
    assert hospital.count() == before
    assert hospital.get(f"/Task/{task['id']}").json["status"] == "ready"


def test_a_response_in_progress_is_kept_as_the_draft(hospital, woman, task):
    form = registration_form(woman)
    form |= {"status": "in-progress", "basedOn": [{"reference": f"Task/{task['id']}"}]}

    hospital.post("/QuestionnaireResponse", form)

    assert woman.open_tasks()["task_register"].draft["id_no"] == WOMAN
    assert hospital.get(f"/Task/{task['id']}").json["status"] == "in-progress"


def test_a_task_is_taken_and_given_back(hospital, task):
    taken = hospital.put(f"/Task/{task['id']}", with_changes(task, status="accepted"), If_Match=etag(task))
    given_back = hospital.put(
        f"/Task/{task['id']}", with_changes(taken.json, status="ready"), If_Match=taken.headers["ETag"]
    )

    assert (taken.status_code, taken.json["status"]) == (200, "accepted")
    assert given_back.json["status"] == "ready"
    assert [v["resource"]["status"] for v in hospital.get(f"/Task/{task['id']}/_history").json["entry"]] == [
        "ready",
        "accepted",
        "ready",
    ]


def test_the_same_status_again_is_the_same_version(hospital, task):
    taken = hospital.put(f"/Task/{task['id']}", with_changes(task, status="accepted"), If_Match=etag(task))
    again = hospital.put(f"/Task/{task['id']}", with_changes(task, status="accepted"), If_Match=etag(task))

    assert again.status_code == 200
    assert again.headers["ETag"] == taken.headers["ETag"] == 'W/"2"'


def test_a_change_without_if_match_is_told_the_current_version(hospital, task):
    answer = hospital.put(f"/Task/{task['id']}", with_changes(task, status="accepted"))

    assert issues_of(answer, 400)[0]["details"]["coding"][0]["code"] == "MCH-C-001"
    assert answer.headers["ETag"] == 'W/"1"'


def test_a_stale_version_is_refused(hospital, task):
    hospital.put(f"/Task/{task['id']}", with_changes(task, status="accepted"), If_Match='W/"1"')

    answer = hospital.put(f"/Task/{task['id']}", with_changes(task, status="in-progress"), If_Match='W/"1"')

    assert expressions(answer, 412) == ["Task"]


def test_a_finished_task_is_not_opened_again(hospital, woman, task):
    form = {**registration_form(woman), "basedOn": [{"reference": f"Task/{task['id']}"}]}
    hospital.post("/QuestionnaireResponse", form)

    answer = hospital.put(f"/Task/{task['id']}", with_changes(task, status="ready"), If_Match='W/"2"')

    assert issues_of(answer, 409)[0]["details"]["coding"][0]["code"] == "MCH-T-010"


def test_other_elements_are_the_engines(hospital, task):
    changed = with_changes(task, status="accepted", priority="stat", description="别的")

    answer = hospital.put(f"/Task/{task['id']}", changed, If_Match=etag(task))

    assert expressions(answer, 422) == ["Task.priority", "Task.description"]


@pytest.mark.parametrize("status", ["draft", "requested", "cancelled", "failed", "on-hold"])
def test_a_move_that_is_not_in_the_table_is_refused_with_those_that_are(hospital, task, status):
    answer = hospital.put(f"/Task/{task['id']}", with_changes(task, status=status), If_Match=etag(task))

    assert issues_of(answer, 422)[0]["diagnostics"] == "allowed: accepted | in-progress | completed"


def test_completing_needs_the_answers_where_there_is_a_form(hospital, task):
    answer = hospital.put(f"/Task/{task['id']}", with_changes(task, status="completed"), If_Match=etag(task))

    assert expressions(answer, 422) == ["Task.output"]


def test_taking_needs_an_owner(hospital, task):
    nobody = {name: value for name, value in with_changes(task, status="accepted").items() if name != "owner"}

    assert expressions(hospital.put(f"/Task/{task['id']}", nobody, If_Match=etag(task)), 422) == ["Task.owner"]


def test_a_task_of_another_organisation_cannot_be_finished_by_the_hospital(hospital, woman):
    form = {
        **registration_form(woman),
        "basedOn": [{"reference": f"Task/{next(iter(hospital.search('/Task')))['id']}"}],
    }
    hospital.post("/QuestionnaireResponse", form)
    visit = hospital.search(f"/Task?patient={woman.subject}&status=ready")[0]
    assert visit["owner"]["reference"] != "Organization/org-hospital"

    answer = hospital.put(f"/Task/{visit['id']}", with_changes(visit, status="accepted"), If_Match=etag(visit))

    issues_of(answer, 403)


@pytest.mark.parametrize("type_", ["EpisodeOfCare", "CarePlan", "RiskAssessment", "Flag", "Task"])
def test_what_the_engine_keeps_is_not_created_from_outside(hospital, woman, type_):
    mine = {
        "EpisodeOfCare": {"status": "active", "patient": {"reference": woman.subject}},
        "CarePlan": {"status": "active", "intent": "plan", "subject": {"reference": woman.subject}},
        "RiskAssessment": {"status": "final", "subject": {"reference": woman.subject}},
        "Flag": {"status": "active", "code": {"text": "x"}, "subject": {"reference": woman.subject}},
        "Task": {"status": "ready", "intent": "order", "for": {"reference": woman.subject}},
    }

    answer = hospital.post(f"/{type_}", {"resourceType": type_, **mine[type_]})

    assert issues_of(answer, 422)[0]["details"]["coding"][0]["code"] == "MCH-O-001"


def test_the_nurse_finishes_her_task_over_fhir_too(hospital, woman, task):
    form = {**registration_form(woman), "basedOn": [{"reference": f"Task/{task['id']}"}]}

    answer = hospital.post("/QuestionnaireResponse", form, who="nurse")

    assert answer.status_code == 201
    assert hospital.get(f"/Task/{task['id']}", "nurse").json["status"] == "completed"


def test_a_response_to_a_task_that_does_not_exist_is_refused(hospital, woman):
    form = registration_form(woman)
    form["basedOn"] = [{"reference": "Task/00000000-0000-4000-8000-00000000ffff"}]

    assert expressions(hospital.post("/QuestionnaireResponse", form), 404) == ["QuestionnaireResponse"]
