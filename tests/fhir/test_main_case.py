"""A hospital sends a pregnant woman in: her case is open when the answer arrives, and sending again changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.fhir.fhir_kit import (
    BORN,
    CANON,
    CONDITION_URN,
    ID_CARD,
    PATIENT_URN,
    WOMAN,
    coded,
    entry,
    expressions,
    lmp,
    observation,
    patient,
    pregnancy,
    registration,
    transaction,
)
from workflows.forms import example_answers, forms_on_disk


def response(form_id: str, subject: str, **more):
    form = forms_on_disk()[form_id]
    answers = {**example_answers(form_id), **more.pop("answers", {})}
    return {**form.to_response(answers), "subject": {"reference": subject}, **more}


def test_the_registration_bundle_opens_the_case_and_the_first_task_is_open_with_the_answer(hospital):
    woman = hospital.brings_in()

    assert list(woman.open_tasks()) == ["task_register"]
    episode = hospital.get(f"/EpisodeOfCare/{woman.pregnancy_id}").json
    assert episode["status"] == "active"
    assert episode["patient"]["reference"] == woman.subject
    assert woman.variables()["lmp"] == "2025-10-20"
    assert woman.variables()["edd"] == "2026-07-27"


def test_the_open_task_is_readable_as_a_task_of_the_patient(hospital):
    woman = hospital.brings_in()

    tasks = hospital.search(f"/Task?patient={woman.subject}")

    assert [(t["status"], t["focus"]["reference"]) for t in tasks] == [("ready", f"EpisodeOfCare/{woman.pregnancy_id}")]
    assert tasks[0]["input"][0]["valueCanonical"].startswith(f"{CANON}/Questionnaire/registration")


def test_sending_the_same_bundle_again_changes_nothing(hospital):
    woman = hospital.brings_in()
    before = hospital.count()

    again = hospital.post("", registration())

    assert again.status_code == 200
    assert [e["response"]["status"] for e in again.json["entry"]] == ["200 OK"] * 3
    assert [e["response"]["location"] for e in again.json["entry"]] == [
        e["response"]["location"] for e in woman.answer.json["entry"]
    ]
    assert again.headers["X-MCH-Correlated"] == woman.answer.headers["X-MCH-Correlated"]
    assert hospital.count() == before
    assert list(woman.open_tasks()) == ["task_register"]


def test_a_due_date_alone_opens_the_case_too(hospital):
    bundle = transaction(
        entry(patient(), PATIENT_URN, ifNoneExist=f"identifier={ID_CARD}|{WOMAN}"),
        entry(pregnancy(lmp=None, code=coded("http://snomed.info/sct", "77386006")), CONDITION_URN),
        entry(observation("11778-8", valueDateTime="2026-07-27")),
    )

    answer = hospital.post("", bundle)

    assert answer.headers["X-MCH-Correlated"].startswith("case/")


def test_a_pregnancy_without_any_date_is_kept_as_a_lead_until_the_date_comes(hospital):
    bundle = transaction(
        entry(patient(), PATIENT_URN, ifNoneExist=f"identifier={ID_CARD}|{WOMAN}"), entry(pregnancy(lmp=None))
    )
    first = hospital.post("", bundle)
    patient_id = first.json["entry"][0]["response"]["location"].split("/")[-3]

    later = hospital.post("/Observation", lmp(subject=f"Patient/{patient_id}"))

    assert first.headers["X-MCH-Correlated"] == "lead"
    assert later.headers["X-MCH-Correlated"].startswith("case/")
    assert hospital.search(f"/EpisodeOfCare?patient={patient_id}")[0]["status"] == "active"


def test_the_registration_form_sent_along_is_done_in_the_same_transaction(hospital):
    form = response("registration", PATIENT_URN, answers={"id_no": WOMAN, "lmp": "2025-10-20"})

    woman = hospital.brings_in(entry(form))

    assert "task_register" not in woman.open_tasks()
    assert "task_first_visit" in woman.open_tasks()
    done = hospital.search(f"/Task?patient={woman.subject}&status=completed")
    assert done[0]["output"][0]["valueReference"]["reference"].startswith("QuestionnaireResponse/")


def test_a_fault_in_the_registration_form_refuses_the_whole_bundle_and_names_the_place(hospital):
    form = response("registration", PATIENT_URN, answers={"id_no": WOMAN})
    row = next(i for i, item in enumerate(_flat(form)) if item["linkId"] == "phone")
    assert row is not None
    for item in _flat(form):
        if item["linkId"] == "gravidity":
            item["answer"] = [{"valueInteger": 0}]

    answer = hospital.post("", registration(WOMAN, "2025-10-20", entry(form)))

    assert any(place.startswith("Bundle.entry[3].resource.item") for place in expressions(answer, 422))
    assert "Patient" not in hospital.count()


def _flat(node):
    for item in node.get("item", []):
        yield item
        yield from _flat(item)


def test_two_hospitals_clicks_at_once_open_one_case(hospital):
    hospital.token("his-demo")
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: hospital.post("", registration()), range(8)))

    assert [a.status_code for a in answers] == [200] * 8
    assert len({a.json["entry"][0]["response"]["location"] for a in answers}) == 1
    assert len(hospital.search("/EpisodeOfCare")) == 1


def test_a_second_pregnancy_condition_joins_the_open_case(hospital):
    woman = hospital.brings_in()

    answer = hospital.post("/Condition", pregnancy(woman.subject, lmp="2025-10-22"))

    assert answer.headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"
    assert len(hospital.search("/EpisodeOfCare")) == 1


def test_the_township_named_by_the_patient_looks_after_her(hospital):
    home = {"managingOrganization": {"reference": "Organization/org-twn-2"}}
    bundle = transaction(
        entry(patient(**home), PATIENT_URN, ifNoneExist=f"identifier={ID_CARD}|{WOMAN}"),
        entry(pregnancy()),
        entry(lmp()),
    )

    hospital.post("", bundle)

    assert hospital.search("/Task")[0]["owner"]["reference"] == "Organization/org-twn-2"


def test_a_result_of_the_woman_becomes_a_fact_of_her_case(hospital):
    woman = hospital.brings_in()

    answer = hospital.post("/Observation", haemoglobin(woman.subject, "98"))

    assert answer.status_code == 201
    assert answer.headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"
    with hospital.services.engine.read() as conn:
        facts = hospital.services.facts(conn, woman.pregnancy_id)
    assert facts["hb"].value == 98
    assert facts["birth_date"].value == BORN


def haemoglobin(subject, value):
    quantity = {"value": int(value), "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
    return observation("718-7", subject, valueQuantity=quantity)
