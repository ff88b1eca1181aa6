"""/api/pregnancies: one woman at a glance, and who may know of her."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

import pytest

from engine.commands.contracts import Deploy
from engine.store import plain
from runtime.demo.answers import answers_for
from runtime.demo.women import Woman
from runtime.start import INSTALLER, definitions_on_disk
from tests.api.conftest import problem_of
from workflows.intake import open_case

ID_CARD = "urn:oid:2.16.156.10011.1.3"
FIELDS = {
    *("id", "patient", "state", "stage", "lmp", "edd", "gestational_age", "colour", "case_file", "region"),
    *("pack_version", "instances", "open_tasks", "end"),
}
ANNA = Woman(
    number=1,
    pregnancy_id=str(uuid.UUID(int=1)),
    patient_id=str(uuid.UUID(int=2)),
    story="green",
    home="org-twn-1",
    registrar="nurse",
    birth=date(1998, 1, 2),
    lmp=date(2025, 11, 3),
    arrives_on=date(2026, 1, 5),
    delivers_on=date(2026, 8, 10),
)


@pytest.fixture
def pathway(county):
    """The shipped diagrams, tables and forms."""
    county.services.engine.execute(Deploy(files=definitions_on_disk()), by=INSTALLER)
    return county


def register(county, woman=ANNA, by="nurse"):
    caller = county.services.people.actor_for_token(county.token(by))
    answers = answers_for("registration", woman, {}, {}, date(2026, 1, 5))
    return open_case(county.services, by=caller, answers=answers, pregnancy_id=woman.pregnancy_id)


def test_a_registered_woman_shows_every_field_of_the_contract(pathway):
    opened = register(pathway)

    shown = pathway.get(f"/api/pregnancies/{opened.pregnancy_id}", "nurse").json

    assert shown.keys() == FIELDS
    assert (shown["id"], shown["patient"], shown["state"]) == (opened.pregnancy_id, opened.patient_id, "active")
    assert (shown["lmp"], shown["edd"], shown["gestational_age"]) == ("2025-11-03", "2026-08-10", "9+0")
    assert shown["colour"].keys() == {"primary", "purple", "scheme", "since"}
    assert [task["element_id"] for task in shown["open_tasks"]] == ["task_first_visit"]
    assert shown["end"] == {"code": None, "at": None}


def test_she_is_found_by_her_document(pathway):
    opened = register(pathway)

    shown = pathway.get(f"/api/pregnancies?identifier={ID_CARD}|{ANNA.document}", "officer")

    assert shown.json["id"] == opened.pregnancy_id


@pytest.mark.parametrize("caller", ["nurse2", "village2"])
def test_another_township_learns_nothing_of_her(pathway, caller):
    opened = register(pathway)

    hidden = pathway.get(f"/api/pregnancies/{opened.pregnancy_id}", caller)
    never = pathway.get(f"/api/pregnancies/{uuid.uuid4()}", caller)
    sought = pathway.get(f"/api/pregnancies?identifier={ID_CARD}|{ANNA.document}", caller)

    assert (hidden.status_code, hidden.data) == (404, never.data)
    assert sought.status_code == 404 and ANNA.name not in sought.get_data(as_text=True)


def test_purple_is_null_for_who_may_not_know(pathway):
    opened = register(pathway)
    path = f"/api/pregnancies/{opened.pregnancy_id}"

    known = {who: pathway.get(path, who).json["colour"]["purple"] for who in ("nurse", "officer", "village", "county")}

    assert known == {"nurse": False, "officer": False, "village": None, "county": None}


def test_who_runs_the_system_reads_nothing_clinical_of_her(pathway):
    opened = register(pathway)

    variables = pathway.get(f"/api/instances/{opened.instance_id}", "it").json["variables"]

    assert variables["pregnancy_id"] == opened.pregnancy_id
    assert not {"lmp", "edd", "colour", "patient_id"} & variables.keys()


def test_each_look_leaves_a_row_of_who_looked_at_whom(pathway):
    opened = register(pathway)

    pathway.get(f"/api/pregnancies/{opened.pregnancy_id}", "nurse")
    pathway.get(f"/api/pregnancies/{opened.pregnancy_id}", "nurse2")

    rows = pathway.services.people.audit_rows(subject_id=opened.pregnancy_id)
    assert [(row["actor_id"], row["action"]) for row in rows] == [("nurse", "read")]


@pytest.mark.parametrize(
    "query", ["", "?identifier=", "?identifier=x", "?identifier=%7C1", "?identifier=a%7C", "?id=1"]
)
def test_a_search_without_an_identifier_is_refused(county, query):
    problem_of(county.get(f"/api/pregnancies{query}", "nurse"), 400, "query")


def test_a_woman_has_one_open_pregnancy_at_a_time(pathway):
    register(pathway)
    again = replace(ANNA, pregnancy_id=str(uuid.UUID(int=9)))

    with pytest.raises(Exception, match="open pregnancy"):
        register(pathway, again, by="nurse2")


def test_a_form_refuses_by_field_and_nothing_changes(pathway):
    opened = register(pathway)
    [task] = pathway.get(f"/api/user-tasks?pregnancy={opened.pregnancy_id}", "nurse").json["items"]
    path = f"/api/user-tasks/{task['id']}"
    good = answers_for("anc-first", ANNA, {}, {"lmp": "2025-11-03"}, date(2026, 1, 5))

    body = problem_of(pathway.post(f"{path}/completion", "nurse", {"answers": {**good, "sbp": 999}}), 422)

    assert [error["path"] for error in body["errors"]] == ["sbp"]
    assert pathway.get(path, "nurse").json["state"] == "open"
    assert pathway.post(f"{path}/completion", "nurse", {"answers": good}).status_code == 200


def test_a_form_comes_with_what_is_known_and_keeps_a_draft(pathway):
    opened = register(pathway)
    [task] = pathway.get(f"/api/user-tasks?pregnancy={opened.pregnancy_id}", "nurse").json["items"]
    path = f"/api/user-tasks/{task['id']}"

    pathway.post(f"{path}/draft", "nurse", {"answers": {"sbp": 118}})
    form = pathway.get(f"{path}/form", "nurse").json

    assert (form["questionnaire"]["resourceType"], form["questionnaire"]["id"]) == ("Questionnaire", "anc-first")
    assert (form["response"]["resourceType"], form["response"]["status"]) == ("QuestionnaireResponse", "in-progress")
    assert form["answers"]["sbp"] == 118


def test_a_whole_questionnaire_response_completes_a_task(pathway):
    opened = register(pathway)
    [task] = pathway.get(f"/api/user-tasks?pregnancy={opened.pregnancy_id}", "nurse").json["items"]
    good = answers_for("anc-first", ANNA, {}, {"lmp": "2025-11-03"}, date(2026, 1, 5))
    response = pathway.services.forms.get("anc-first").to_response(good)

    sent = {"data": plain.dumps(response), "content_type": "application/fhir+json"}
    done = pathway.post(f"/api/user-tasks/{task['id']}/completion", "nurse", **sent)

    assert done.status_code == 200, done.get_data(as_text=True)
    assert [one["element_id"] for one in done.json["next"]] == ["task_screen"]


def test_a_pregnancy_started_by_its_key_alone_gets_the_rules_of_the_region(pathway):
    started = pathway.post("/api/instances", "nurse", {"definition_key": "pregnancy_journey"})

    shown = pathway.get(f"/api/instances/{started.json['id']}", "nurse").json
    assert shown["variables"]["home_organisation"] == "org-twn-1" and shown["variables"]["policy"]
    assert shown["incidents"] == []
    assert "call_registration/task_register" in {wait["element_id"] for wait in shown["waiting"]}


def test_who_does_not_look_after_her_cannot_move_her_case_by_a_message(pathway):
    opened = register(pathway)
    message = {"name": "message_end_reported", "key": opened.pregnancy_id, "payload": {"end_code": "lost"}}

    problem_of(pathway.post("/api/messages", "nurse2", message), 404)

    assert pathway.get(f"/api/pregnancies/{opened.pregnancy_id}", "nurse").json["state"] == "active"
