"""What an institution records of its own matters is over FHIR for the systems of the institutions concerned alone."""

from __future__ import annotations

import pytest

from fhir_adapters.access import Viewer
from fhir_adapters.store import resources
from runtime.database import migrate
from runtime.trials.databases import looking
from tests.institutions.conftest import example
from tests.institutions.test_matters import HOSPITAL, TOWNSHIP, begin


@pytest.fixture
def told(county):
    """An adverse event of the hospital, reported and looked into; systems of two institutions."""
    keys = county.services.people.client("his-demo").jwks
    county.services.people.add_client(name="his-town", organisation_id=TOWNSHIP, scopes=["system/*.rs"], jwks=keys)
    assert begin(county, "adverse_event", "midwife").status_code == 201
    task = county.task("task_event_report", HOSPITAL)
    county.finish("task_event_report", "midwife", "adverse-event", HOSPITAL, event_grade="4")
    return task


def get(county, who, path):
    people = county.services.people
    client = people.client(who)
    token = people.issue_token(client=client).access_token if client else county.token(who)
    return county.app.test_client().get(f"/fhir{path}", headers={"Authorization": f"Bearer {token}"})


def sheets(county, who, path="/QuestionnaireResponse"):
    answer = get(county, who, path)
    assert answer.status_code == 200, answer.text
    return [one["resource"]["id"] for one in answer.json.get("entry", []) if "resource" in one]


@pytest.mark.parametrize(
    ("who", "sees"), [("his-demo", True), ("midwife", True), ("officer", True), ("his-town", False), ("nurse", False)]
)
def test_a_sheet_is_seen_by_the_institutions_of_the_matter_and_by_nobody_else(county, told, who, sees):
    place = f"/QuestionnaireResponse/{told.id}"

    assert get(county, who, place).status_code == (200 if sees else 404)
    assert get(county, who, f"{place}/_history/1").status_code == (200 if sees else 404)
    assert (str(told.id) in sheets(county, who)) is sees
    assert (str(told.id) in sheets(county, who, "/QuestionnaireResponse/_history")) is sees


@pytest.mark.parametrize(
    ("who", "sees"), [("his-demo", True), ("midwife", True), ("officer", True), ("his-town", False), ("nurse", False)]
)
def test_its_tasks_too_are_seen_by_the_institutions_of_the_matter_alone(county, told, who, sees):
    place = f"/Task/{told.id}"
    todo = county.task("task_event_analysis", HOSPITAL)

    assert get(county, who, place).status_code == (200 if sees else 404)
    assert get(county, who, f"{place}/_history/1").status_code == (200 if sees else 404)
    found = sheets(county, who, "/Task?code=event-analysis,event-report&_count=100")
    assert ({str(told.id), str(todo.id)} <= set(found)) is sees and bool(found) is sees
    assert (str(told.id) in sheets(county, who, "/Task/_history")) is sees
    assert sees or get(county, who, f"/Task?_id={told.id}&_total=accurate").json["total"] == 0


def test_tasks_of_before_are_closed_by_the_migration_to_whom_the_matter_does_not_name(county, told):
    [change] = [one for one in migrate.on_disk() if one.name == "very_restricted"]
    with looking(county.pool) as owner:
        owner.execute("UPDATE resource SET patient_id = NULL WHERE type = 'Task' AND patient_id LIKE 'matter/%'")
        owner.execute("DELETE FROM patient_area WHERE patient_id LIKE 'matter/%'")
        owner.commit()
        assert str(told.id) in sheets(county, "his-town", "/Task"), "open to everybody, as it was"
        owner.execute(change.sql[change.sql.index("-- Tasks of institutions") :])

    assert str(told.id) in sheets(county, "his-demo", "/Task") and sheets(county, "his-town", "/Task") == []


def test_whoever_reports_without_a_name_is_named_nowhere(county):
    assert begin(county, "adverse_event", "midwife").status_code == 201
    task = county.task("task_event_report", HOSPITAL)
    assert county.ask("POST", f"/api/user-tasks/{task.id}/claim", "midwife").status_code == 200
    answers = {name: value for name, value in example("adverse-event").items() if name != "reporter"}
    body = {"answers": {**answers, "event_anonymous": True}}
    assert county.ask("POST", f"/api/user-tasks/{task.id}/completion", "midwife", json=body).status_code == 200

    for path in (f"/QuestionnaireResponse/{task.id}", f"/Task/{task.id}", f"/Task/{task.id}/_history"):
        answer = get(county, "his-demo", path)
        assert answer.status_code == 200 and "midwife" not in answer.text, path
    assert "author" not in get(county, "his-demo", f"/QuestionnaireResponse/{task.id}").json


def test_who_looked_is_in_the_trail_and_no_matter_is_taken_for_a_woman(county, told):
    get(county, "his-demo", f"/QuestionnaireResponse/{told.id}")
    sheets(county, "his-demo")

    listed = get(county, "auditor", "/AuditEvent?agent=his-demo").json["entry"]
    assert {one["resource"]["subtype"][0]["code"] for one in listed} >= {"read", "search-type"}
    assert "matter/" not in str(listed)


def test_sheets_of_before_are_seen_no_wider_after_the_migration(county, told):
    [change] = [one for one in migrate.on_disk() if one.name == "found_under_a_heading"]
    close = change.sql[change.sql.index("-- Sheets of institutions") :]
    with looking(county.pool) as owner:
        owner.execute("UPDATE resource SET patient_id = NULL WHERE patient_id LIKE 'matter/%'")
        owner.execute("DELETE FROM patient_area WHERE patient_id LIKE 'matter/%'")
        assert len(owner.execute("SELECT FROM resource WHERE type = 'QuestionnaireResponse'").fetchall()) == 1
        owner.commit()
        assert sheets(county, "his-town") == [str(told.id)], "open to everybody, as it was"
        owner.execute(close)

    assert sheets(county, "his-demo") == [str(told.id)] and sheets(county, "his-town") == []


LABEL = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|V"


def test_the_review_of_a_near_miss_is_for_systems_whose_scope_names_its_label(county):
    people = county.services.people
    keys = people.client("his-demo").jwks
    named = [f"system/{type_}.rs?_security={LABEL}" for type_ in ("QuestionnaireResponse", "Communication")]
    people.add_client(name="his-review", organisation_id=HOSPITAL, scopes=["system/*.rs", *named], jwks=keys)
    people.add_client(name="his-only", organisation_id=HOSPITAL, scopes=named, jwks=keys)
    woman = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    assert begin(county, "near_miss_review", "doctor", pregnancy=woman.pregnancy_id).status_code == 201
    task = county.task("task_near_miss_record", HOSPITAL)
    county.finish("task_near_miss_record", "doctor", "near-miss", HOSPITAL, session=[])

    for who, sees in (("his-demo", False), ("his-review", True), ("his-only", True), ("doctor", True)):
        place = f"/QuestionnaireResponse/{task.id}"
        assert get(county, who, place).status_code == (200 if sees else 404), who
        assert get(county, who, f"{place}/_history/1").status_code == (200 if sees else 404), who
        assert (str(task.id) in sheets(county, who)) is sees, who
        assert bool(sheets(county, who, "/Communication")) is sees, who
    assert [c["code"] for c in get(county, "doctor", place).json["meta"]["security"]] == ["V"]
    assert len(sheets(county, "his-only")) == 1 < len(sheets(county, "his-review"))
    with county.pool.connection() as conn:
        resources.narrow(conn, Viewer(source="client:his-demo", organisations=(HOSPITAL,), restricted=True))
        unasked = conn.execute("SELECT count(*) FROM resource WHERE id = %s", [str(task.id)]).fetchone()
    assert unasked == (0,), "the database says the same underneath, of its Task too"
