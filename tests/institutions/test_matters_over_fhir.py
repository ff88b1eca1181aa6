"""What an institution records of its own matters is over FHIR for the systems of the institutions concerned alone."""

from __future__ import annotations

import pytest

from runtime.database import migrate
from runtime.trials.databases import looking
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
