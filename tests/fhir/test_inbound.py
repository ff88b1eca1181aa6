"""What arrives from a hospital and what it does: bursts of results, what waits for a person, a death, a draft (§9)."""

from __future__ import annotations

from datetime import timedelta

from engine.commands.contracts import Actor, SaveDraft
from fhir_adapters.inbound.bursts import LookAtBursts
from fhir_adapters.store import resources
from fhir_adapters.store.resources import Draft
from tests.fhir.fhir_kit import ID_CARD, WOMAN, observation
from tests.fhir.test_delivery import messages

ENGINE = Actor(id="engine", kind="engine")
NURSE = Actor(id="nurse", organisation="org-twn-1", roles=("R-MCHW",))
TOLD = "message_observation_received"
GRAMS = {"unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
PRESSURE = {"unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}


def haemoglobin(subject, value, **more):
    return {**observation("718-7", subject, valueQuantity={"value": value, **GRAMS}), **more}


def pass_time(hospital, **by):
    return hospital.services.timekeeper.advance_to(hospital.services.clock() + timedelta(**by))


def told(hospital):
    """How often results were told to the case."""
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT count(*) FROM history WHERE event = 'received' AND detail->>'name' = %s", [TOLD])
        return rows.fetchone()[0]


def open_items(hospital):
    with hospital.pool.connection() as conn:
        return conn.execute("SELECT kind, resource_id FROM inbox_item WHERE state = 'open' ORDER BY at").fetchall()


def test_results_that_come_together_are_looked_at_once_when_it_has_been_quiet(hospital):
    woman = hospital.brings_in()
    hospital.post("/Observation", haemoglobin(woman.subject, 61))
    pass_time(hospital, seconds=20)
    assert hospital.post("/Observation", haemoglobin(woman.subject, 62)).status_code == 201

    pass_time(hospital, seconds=29)
    assert told(hospital) == 0
    pass_time(hospital, seconds=1)

    assert told(hospital) == 1 and "task_grade" in woman.open_tasks()


def test_whoever_keeps_sending_is_looked_at_after_five_minutes(hospital):
    woman = hospital.brings_in()
    for minute in range(16):
        hospital.post("/Observation", haemoglobin(woman.subject, 100 + minute))
        pass_time(hospital, seconds=20)

    assert told(hospital) == 1


def test_an_emergency_waits_for_nothing_and_takes_along_what_waited(hospital):
    woman = hospital.brings_in()
    hospital.post("/Observation", haemoglobin(woman.subject, 61))
    hospital.post("/Observation", observation("8480-6", woman.subject, valueQuantity={"value": 165, **PRESSURE}))

    assert told(hospital) == 1
    pass_time(hospital, minutes=10)
    assert told(hospital) == 1


def test_looking_at_a_burst_that_was_looked_at_already_tells_nothing(hospital):
    woman = hospital.brings_in()
    hospital.post("/Observation", haemoglobin(woman.subject, 61))

    assert hospital.services.engine.execute(LookAtBursts(episode_ids=(woman.pregnancy_id,)), by=ENGINE) == 1
    assert hospital.services.engine.execute(LookAtBursts(episode_ids=(woman.pregnancy_id,)), by=ENGINE) == 0
    assert told(hospital) == 1


def test_a_preliminary_result_is_stored_and_nothing_more(hospital):
    woman = hospital.brings_in()
    made = hospital.post("/Observation", haemoglobin(woman.subject, 61, status="preliminary"))
    pass_time(hospital, minutes=10)

    assert made.status_code == 201 and told(hospital) == 0 and open_items(hospital) == []


def test_withdrawn_evidence_is_shown_to_a_person_once(hospital):
    woman = hospital.brings_in()
    made = hospital.post("/Observation", haemoglobin(woman.subject, 61)).json
    wrong = haemoglobin(woman.subject, 61, id=made["id"], status="entered-in-error")

    hospital.put(f"/Observation/{made['id']}", wrong)
    hospital.put(f"/Observation/{made['id']}", wrong)

    assert open_items(hospital) == [("withdrawn-evidence", made["id"])]


def test_a_deleted_result_is_withdrawn_evidence_too(hospital):
    woman = hospital.brings_in()
    made = hospital.post("/Observation", haemoglobin(woman.subject, 61)).json

    assert hospital.ask("DELETE", f"/Observation/{made['id']}").status_code == 204

    assert open_items(hospital) == [("withdrawn-evidence", made["id"])]


def test_a_doctor_reviews_what_rested_on_a_withdrawn_result_and_no_colour_falls(hospital):
    woman = hospital.brings_in()
    made = hospital.post("/Observation", haemoglobin(woman.subject, 61)).json
    colour = woman.variables().get("colour")

    hospital.put(f"/Observation/{made['id']}", haemoglobin(woman.subject, 61, id=made["id"], status="entered-in-error"))

    assert woman.variables().get("colour") == colour
    (line,) = woman.variables()["raised_by"]
    assert "61 g/L" in line["text"] and "Y-2.6.2" in line["text"]
    assert "task_grade" in woman.open_tasks()


def test_a_death_ends_the_case_as_its_pathway_says(hospital):
    woman = hospital.brings_in()
    stored = hospital.get(f"/{woman.subject}").json
    hospital.put(f"/{woman.subject}", {**stored, "deceasedDateTime": "2026-01-05T07:00:00+08:00"})

    assert messages(hospital)["message_end_reported"] == {
        "end_code": "ended.maternal_death",
        "ended_on": "2026-01-05",
        "reason": None,
    }
    assert "task_report_death" in woman.open_tasks() and "task_register" not in woman.open_tasks()
    assert hospital.search(f"/Task?patient={woman.patient_id}&code=registration")[0]["status"] == "cancelled"


def test_a_death_stays_known_when_the_woman_is_sent_again_without_it(hospital):
    woman = hospital.brings_in()
    alive = hospital.get(f"/{woman.subject}").json
    died = hospital.put(f"/{woman.subject}", {**alive, "deceasedDateTime": "2026-01-05T07:00:00+08:00"}).json

    again = hospital.put(f"/{woman.subject}", alive)
    by_number = hospital.put(f"/Patient?identifier={ID_CARD}|{WOMAN}", {**alive, "gender": "other"})
    less = hospital.put(f"/{woman.subject}", {**alive, "deceasedBoolean": True})

    for answer in (again, by_number, less):
        assert answer.status_code == 200 and answer.json["deceasedDateTime"] == died["deceasedDateTime"]
        assert "deceasedBoolean" not in answer.json
    assert again.json["meta"]["versionId"] == died["meta"]["versionId"], "nothing new was said"
    assert by_number.json["gender"] == "other" and open_items(hospital) == []
    assert [one["id"] for one in hospital.search("/Patient?deceased=true")] == [woman.patient_id]


def test_who_says_that_a_dead_woman_lives_is_a_question_for_a_person_and_changes_nothing(hospital):
    woman = hospital.brings_in()
    alive = hospital.get(f"/{woman.subject}").json
    hospital.put(f"/{woman.subject}", {**alive, "deceasedBoolean": True})

    for _ in range(2):
        answer = hospital.put(f"/{woman.subject}", {**alive, "deceasedBoolean": False})
        assert answer.status_code == 200 and answer.json["deceasedDateTime"] == "2026-01-05", "the day it was told"

    assert open_items(hospital) == [("identity-differs", woman.patient_id)]


def test_a_patient_replaced_by_another_is_a_question_for_a_person(hospital):
    woman = hospital.brings_in()
    other = hospital.brings_in(number="999999199707150028", day="2025-10-21")
    stored = hospital.get(f"/{woman.subject}").json
    link = [{"other": {"reference": other.subject}, "type": "replaced-by"}]

    assert hospital.put(f"/{woman.subject}", {**stored, "link": link}).status_code == 200

    assert open_items(hospital) == [("merged-patient", woman.patient_id)]


def test_a_draft_kept_on_a_page_makes_the_fhir_task_in_progress(hospital):
    woman = hospital.brings_in()
    task = woman.open_tasks()["task_register"]

    hospital.services.engine.execute(SaveDraft(user_task_id=task.id, draft={"name": "x"}), by=NURSE)
    first = hospital.get(f"/Task/{task.id}").json
    hospital.services.engine.execute(SaveDraft(user_task_id=task.id, draft={"name": "xy"}), by=NURSE)

    assert first["status"] == "in-progress"
    assert hospital.get(f"/Task/{task.id}").json["meta"]["versionId"] == first["meta"]["versionId"]


def of_two_cases(hospital):
    """A woman whose record holds two open cases: what comes of her now belongs to neither by itself."""
    woman = hospital.brings_in()
    first = hospital.get(f"/EpisodeOfCare/{woman.pregnancy_id}").json
    second = {name: value for name, value in first.items() if name != "meta"} | {"id": "another-case"}
    with hospital.pool.connection() as conn:
        now = hospital.services.clock()
        resources.save(conn, hospital.region_id, now, ENGINE.id, [Draft(resource=second)], engine_owned=True)
    answer = hospital.post("/Observation", haemoglobin(woman.subject, 61))
    assert (answer.status_code, answer.headers["X-MCH-Correlated"]) == (201, "inbox")
    return woman, answer.json["id"]


def ask(hospital, method, path, who, body=None):
    headers = {"Authorization": f"Bearer {hospital.token(who)}"}
    return hospital.app.test_client().open(f"/api{path}", method=method, json=body, headers=headers)


def test_what_fits_two_cases_is_stored_and_a_person_decides(hospital):
    woman, observation_id = of_two_cases(hospital)
    [item] = ask(hospital, "GET", "/inbox", "officer").json["items"]
    assert (item["kind"], item["resource"]) == ("several-cases", f"Observation/{observation_id}/_history/1")

    place = f"/inbox/{item['id']}/assignment"
    assert ask(hospital, "POST", place, "nurse", {"episode_id": woman.pregnancy_id}).status_code == 403
    assert ask(hospital, "POST", place, "officer", {"episode_id": "none"}).status_code == 422
    decided = ask(hospital, "POST", place, "officer", {"episode_id": woman.pregnancy_id})
    pass_time(hospital, seconds=30)

    assert decided.json["state"] == "assigned"
    assert told(hospital) == 1
    assert ask(hospital, "POST", place, "officer", {"episode_id": woman.pregnancy_id}).status_code == 409
    assert ask(hospital, "GET", "/inbox", "officer").json["items"] == []


def test_whoever_had_no_answer_to_a_decision_and_sends_it_again_gets_the_answer(hospital):
    woman, _ = of_two_cases(hospital)
    [item] = ask(hospital, "GET", "/inbox", "officer").json["items"]
    place, body = f"/inbox/{item['id']}/assignment", {"episode_id": woman.pregnancy_id}
    headers = {"Authorization": f"Bearer {hospital.token('officer')}", "Idempotency-Key": "k-1"}
    send = hospital.app.test_client().post

    first, again = (send(f"/api{place}", json=body, headers=headers) for _ in range(2))

    assert (again.status_code, again.json) == (first.status_code, first.json) == (200, first.json)
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT count(*) FROM audit WHERE action = 'DecideInboxItem'").fetchone()
    assert rows == (1,)


def test_what_belongs_to_no_case_is_put_aside_with_its_reason(hospital):
    of_two_cases(hospital)
    [item] = ask(hospital, "GET", "/inbox", "officer").json["items"]

    ask(hospital, "POST", f"/inbox/{item['id']}/dismissal", "officer", {"reason": "已电话核实"})
    pass_time(hospital, minutes=10)

    assert ask(hospital, "GET", "/inbox?state=decided", "officer").json["items"][0]["decided_by"] == "officer"
    assert told(hospital) == 0
