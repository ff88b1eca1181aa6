"""A hospital sends what happened in the delivery room, and the case moves on."""

from __future__ import annotations

import pytest

from tests.fhir.conftest import Woman
from tests.fhir.fhir_kit import CANON, ID_CARD, WOMAN, coded, entry, observation, registration, transaction
from tests.fhir.test_projection import complete
from workflows.forms import example_answers

LOCAL = "https://his.example/stay"
STAY, CHILD = "urn:uuid:00000000-0000-4000-8000-0000000000d1", "urn:uuid:00000000-0000-4000-8000-0000000000b1"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def stay(subject, status="in-progress", **period):
    return {
        "resourceType": "Encounter",
        "identifier": [{"system": LOCAL, "value": "ZY1"}],
        "status": status,
        "class": {"system": ACT, "code": "IMP"},
        "type": [coded(f"{CANON}/CodeSystem/visit-type", "delivery-admission")],
        "subject": {"reference": subject},
        "period": {"start": "2026-01-04T22:10:00+08:00", **period},
    }


def birth(subject):
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": coded("urn:oid:2.16.156.10011.2.3.3.12", "73.59"),
        "subject": {"reference": subject},
        "encounter": {"reference": STAY},
        "performedDateTime": "2026-01-05T06:30:00+08:00",
    }


def child(order=1):
    return {
        "resourceType": "Patient",
        "identifier": [{"system": f"{CANON}/sid/newborn", "value": f"ZY1-{order}"}],
        "name": [{"use": "temp", "text": "测试之女"}],
        "gender": "female",
        "birthDate": "2026-01-05",
        "_birthDate": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                    "valueDateTime": "2026-01-05T06:30:00+08:00",
                }
            ]
        },
        "multipleBirthInteger": order,
    }


def mother():
    return {
        "resourceType": "RelatedPerson",
        "identifier": [{"system": ID_CARD, "value": WOMAN}],
        "patient": {"reference": CHILD},
        "relationship": [coded(ROLE, "NMTH")],
    }


def delivery(subject):
    weight = {"value": 3200, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}
    return transaction(
        entry(stay(subject), STAY, ifNoneExist=f"identifier={LOCAL}|ZY1"),
        entry(birth(subject)),
        entry(child(), CHILD, ifNoneExist=f"identifier={CANON}/sid/newborn|ZY1-1"),
        entry(mother()),
        entry(observation("8339-4", CHILD, at="2026-01-05T06:40:00+08:00", valueQuantity=weight)),
    )


def messages(hospital):
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT name, payload FROM message ORDER BY name").fetchall()
    return dict(rows)


def test_the_birth_is_told_to_the_case_once_with_each_child(hospital):
    woman = hospital.brings_in()

    answer = hospital.post("", delivery(woman.subject))

    assert answer.status_code == 200, answer.json
    assert answer.headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"
    told = messages(hospital)["message_delivered"]
    assert told["delivered_on"] == "2026-01-05"
    assert told["delivered_at"] == "2026-01-05T06:30:00+08:00"
    assert told["fetuses"] == [{"order": 1, "outcome": "live_birth", "sex": "female", "weight_g": 3200}]


def test_sending_the_delivery_again_changes_nothing(hospital):
    woman = hospital.brings_in()
    hospital.post("", delivery(woman.subject))
    before = hospital.count()

    again = hospital.post("", delivery(woman.subject))

    assert [e["response"]["status"] for e in again.json["entry"]] == ["200 OK"] * 5
    assert hospital.count() == before


def test_a_later_detail_of_the_birth_does_not_tell_it_twice(hospital):
    woman = hospital.brings_in()
    hospital.post("", delivery(woman.subject))

    tear = observation("63893-2", woman.subject, at="2026-01-05T06:30:00+08:00")
    tear["valueCodeableConcept"] = coded(f"{CANON}/CodeSystem/fetal-outcome", "live_birth")
    hospital.post("/Observation", tear)

    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT count(*) FROM message WHERE name = 'message_delivered'").fetchone()
    assert rows[0] == 1


def test_a_stillborn_child_is_told_by_the_mothers_observation(hospital):
    woman = hospital.brings_in()
    outcome = observation("63893-2", woman.subject, at="2026-01-05T06:30:00+08:00")
    outcome["valueCodeableConcept"] = coded(f"{CANON}/CodeSystem/fetal-outcome", "stillbirth_iufd")
    outcome["extension"] = [{"url": f"{CANON}/StructureDefinition/fetus-index", "valuePositiveInt": 1}]

    hospital.post("/Observation", outcome)

    told = messages(hospital)["message_delivered"]
    assert told["fetuses"] == [{"order": 1, "outcome": "stillbirth_iufd", "sex": "undetermined"}]


def test_the_end_of_the_stay_is_the_discharge(hospital):
    woman = hospital.brings_in()
    first = hospital.post("", delivery(woman.subject))
    stay_id = first.json["entry"][0]["response"]["location"].split("/")[-3]
    left = {**stay(woman.subject, "finished", end="2026-01-08T10:00:00+08:00"), "id": stay_id}

    answer = hospital.put(f"/Encounter/{stay_id}", left)

    assert answer.status_code == 200
    assert messages(hospital)["message_discharged"] == {"discharged_at": "2026-01-08T10:00:00+08:00"}


def test_whoever_may_read_the_mother_may_read_the_child(hospital):
    woman = hospital.brings_in()

    hospital.post("", delivery(woman.subject))

    assert [p["identifier"][0]["value"] for p in hospital.search("/Patient?birthdate=2026-01-05", "nurse")] == ["ZY1-1"]


def test_what_is_measured_of_the_child_is_no_fact_of_the_mother(hospital):
    woman = hospital.brings_in()
    answer = hospital.post("", delivery(woman.subject))
    child_id = answer.json["entry"][2]["response"]["location"].split("/")[-3]
    warm = {"value": 37, "unit": "Cel", "system": "http://unitsofmeasure.org", "code": "Cel"}

    later = hospital.post("/Observation", observation("8310-5", f"Patient/{child_id}", valueQuantity=warm))

    assert later.headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"
    with hospital.services.engine.read() as conn:
        assert "temperature" not in hospital.services.facts(conn, woman.pregnancy_id)
    assert "message_observation_received" not in messages(hospital)


def test_an_outpatient_visit_is_no_discharge(hospital):
    woman = hospital.brings_in()
    visit = stay(woman.subject, "finished", end="2026-01-05T07:00:00+08:00")
    visit["class"] = {"system": ACT, "code": "AMB"}

    hospital.post("/Encounter", visit)

    assert "message_discharged" not in messages(hospital)


@pytest.fixture
def expecting(hospital):
    """A woman near her term, registered, examined, screened without a finding: only visits and the birth are ahead."""
    number, day = WOMAN, "2025-04-10"
    answer = hospital.post("", registration(number, day))
    pregnancy_id = answer.headers["X-MCH-Correlated"].removeprefix("case/")
    patient_id = answer.json["entry"][0]["response"]["location"].split("/")[-3]
    woman = Woman(hospital, pregnancy_id, patient_id, answer)
    complete(hospital, woman, "task_register", "nurse", id_no=number, lmp=day)
    complete(hospital, woman, "task_first_visit", "nurse", lmp=day)
    unremarkable = {name: "no" for name in example_answers("risk-screening") if name.startswith("s_")}
    complete(hospital, woman, "task_screen", "nurse", **unremarkable)
    if "task_grade" in woman.open_tasks():
        complete(hospital, woman, "task_grade", "doctor")
    assert "task_record_delivery" in woman.open_tasks(), woman.open_tasks().keys()
    return woman


def test_the_birth_and_the_end_of_the_stay_lead_to_the_home_visit(hospital, expecting):
    first = hospital.post("", delivery(expecting.subject))
    after_birth = expecting.open_tasks()
    stay_id = first.json["entry"][0]["response"]["location"].split("/")[-3]
    left = {**stay(expecting.subject, "finished", end="2026-01-08T10:00:00+08:00"), "id": stay_id}
    hospital.put(f"/Encounter/{stay_id}", left)

    assert "task_record_discharge" in after_birth and "task_record_delivery" not in after_birth
    assert expecting.variables()["delivered_on"] == "2026-01-05"
    assert "task_home_visit" in expecting.open_tasks()
    assert hospital.search(f"/Task?patient={expecting.patient_id}&code=home-visit")[0]["status"] == "ready"


def outcome_of(woman, code, fetus=1):
    """What the mother's record says of a fetus."""
    told = observation("63893-2", woman.subject, at="2026-01-05T06:30:00+08:00")
    told["valueCodeableConcept"] = coded(f"{CANON}/CodeSystem/fetal-outcome", code)
    return about(told, fetus)


def about(told, fetus):
    return {**told, "extension": [{"url": f"{CANON}/StructureDefinition/fetus-index", "valuePositiveInt": fetus}]}


def apgar(woman, score, fetus=1):
    value = {"value": score, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"}
    return about(observation("9272-6", woman.subject, at="2026-01-05T06:31:00+08:00", valueQuantity=value), fetus)


def refused(hospital, answer):
    """422 that says in both languages what contradicts what."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    (issue,) = answer.json["issue"]
    assert issue["details"]["coding"][0]["code"] == "MCH-V-0303"
    assert "死胎或死产" in issue["details"]["text"] and "stillborn" in issue["details"]["text"]


def test_a_stillborn_child_has_no_apgar_score_whichever_is_told_first(hospital):
    woman = hospital.brings_in()
    assert hospital.post("/Observation", apgar(woman, 8)).status_code == 201
    before = hospital.count()

    refused(hospital, hospital.post("/Observation", outcome_of(woman, "stillbirth_iufd")))
    assert hospital.count() == before and "message_delivered" not in messages(hospital)
    assert hospital.post("/Observation", outcome_of(woman, "stillbirth_iufd", fetus=2)).status_code == 201
    refused(hospital, hospital.post("/Observation", apgar(woman, 5, fetus=2)))
    assert hospital.post("/Observation", apgar(woman, 0, fetus=2)).status_code == 201


def test_both_in_one_bundle_are_refused_and_nothing_of_it_is_stored(hospital):
    woman, before = hospital.brings_in(), hospital.count()

    answer = hospital.post("", transaction(entry(outcome_of(woman, "stillbirth_intrapartum")), entry(apgar(woman, 3))))

    refused(hospital, answer)
    assert hospital.count() == before


def test_a_stillborn_child_has_no_record_of_a_newborn(hospital):
    woman = hospital.brings_in()
    assert hospital.post("/Observation", outcome_of(woman, "stillbirth_iufd")).status_code == 201
    before = hospital.count()

    refused(hospital, hospital.post("", delivery(woman.subject)))
    assert hospital.count() == before


def test_what_was_an_error_is_taken_back_and_then_the_other_is_taken(hospital):
    woman = hospital.brings_in()
    first = hospital.post("/Observation", outcome_of(woman, "stillbirth_iufd"))
    told = {**first.json, "status": "entered-in-error"}
    assert hospital.put(f"/Observation/{told['id']}", told).status_code == 200

    assert hospital.post("", delivery(woman.subject)).status_code == 200


def test_a_twin_who_lives_beside_a_stillborn_one_is_taken(hospital):
    woman = hospital.brings_in()
    assert hospital.post("/Observation", outcome_of(woman, "stillbirth_iufd", fetus=2)).status_code == 201

    assert hospital.post("", delivery(woman.subject)).status_code == 200
