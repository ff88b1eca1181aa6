"""What the engine does is readable over FHIR at once; a mapping that raises never stops a nurse."""

from __future__ import annotations

import pytest

from engine.store import plain, reads
from fhir_adapters import projection
from fhir_adapters.rules.check import check
from runtime.demo.county import live_through
from tests.fhir.fhir_kit import WOMAN
from workflows.forms import example_answers


def complete(hospital, woman, element, who, **answers):
    """The task done over JSON, as its account would."""
    task = woman.open_tasks()[element]
    given = {**example_answers(task.form), **answers}
    answer = hospital.app.test_client().post(
        f"/api/user-tasks/{task.id}/completion",
        json={"answers": given},
        headers={"Authorization": f"Bearer {hospital.token(who)}"},
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return task


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


def test_a_form_filled_in_on_a_page_is_a_response_with_its_facts(hospital, woman):
    task = complete(hospital, woman, "task_register", "nurse", id_no=WOMAN, lmp="2025-10-20")

    response = hospital.get(f"/QuestionnaireResponse/{task.id}", "nurse").json
    assert response["subject"]["reference"] == woman.subject
    gravidity = hospital.search(f"/Observation?code=11996-6&patient={woman.patient_id}", "nurse")
    assert gravidity[0]["derivedFrom"][0]["reference"] == f"QuestionnaireResponse/{task.id}"
    done = hospital.get(f"/Task/{task.id}", "nurse").json
    assert done["status"] == "completed"
    assert done["output"][0]["valueReference"]["reference"] == f"QuestionnaireResponse/{task.id}"
    assert done["executionPeriod"]["end"] == "2026-01-05T08:00:00+08:00"


def test_the_patient_that_a_hospital_sent_is_not_rewritten_by_a_form(hospital, woman):
    before = hospital.get(f"/{woman.subject}").json

    complete(hospital, woman, "task_register", "nurse", id_no=WOMAN, lmp="2025-10-20", phone="13900000000")

    assert hospital.get(f"/{woman.subject}").json == before


def test_a_mapping_that_raises_is_an_incident_and_the_step_is_done(hospital, woman, monkeypatch):
    def broken(*_, **__):
        raise ValueError("a mapping with a fault")

    monkeypatch.setattr(projection, "task_row", broken)

    complete(hospital, woman, "task_register", "nurse", id_no=WOMAN, lmp="2025-10-20")

    assert "task_register" not in woman.open_tasks() and woman.open_tasks()
    with hospital.services.engine.read() as conn:
        found = reads.incidents(conn, hospital.region_id)
    assert len(found) == 1


def test_a_county_lived_through_is_valid_in_every_version(hospital):
    """Property: whatever record the pathway makes, its resources are valid R4, and no mapping raised."""
    live_through(hospital.services, women=4, seed=11, progress=False)

    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT type, id, body, meta FROM resource_version").fetchall()
        incidents = conn.execute("SELECT count(*) FROM incident WHERE kind = 'projection'").fetchone()
    assert incidents[0] == 0
    kinds = {row[0] for row in rows}
    assert {
        "Patient",
        "Task",
        "EpisodeOfCare",
        "CarePlan",
        "Condition",
        "Observation",
        "QuestionnaireResponse",
    } <= kinds
    for type_, id_, body, meta in rows:
        resource = {"resourceType": type_, "id": id_, **plain.loads(body)}
        assert check(resource, type_=type_) == [], (type_, id_)
        assert plain.loads(meta) is not None


def test_versions_of_every_resource_are_gapless(hospital, woman):
    complete(hospital, woman, "task_register", "nurse", id_no=WOMAN, lmp="2025-10-20")

    with hospital.pool.connection() as conn:
        gaps = conn.execute(
            "SELECT type, id FROM resource_version GROUP BY type, id"
            " HAVING max(version) <> count(*) OR min(version) <> 1"
        ).fetchall()
    assert gaps == []


def test_nothing_of_the_machine_is_in_a_resource(hospital, woman):
    with hospital.pool.connection() as conn:
        bodies = [row[0] for row in conn.execute("SELECT body FROM resource_version").fetchall()]

    assert bodies and not [b for b in bodies if "localhost" in b or "/tmp" in b or "127.0.0.1" in b]
