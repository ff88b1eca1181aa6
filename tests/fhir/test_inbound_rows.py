"""A row of the table of incoming events each (§9.1): the hospital's answer to a wish, a visit that was missed, an
admission, an acknowledgement, a consent."""

from __future__ import annotations

import pytest

from engine.commands.contracts import Actor, StartInstance
from engine.store import reads
from tests.fhir.fhir_kit import CANON, coded
from tests.fhir.test_inbound import pass_time
from workflows import completion, task_access
from workflows.forms import example_answers
from workflows.occasions import variables_for

DOCTOR = Actor(id="doctor", organisation="org-hospital", roles=("R-OB",))
NURSE = Actor(id="nurse", organisation="org-twn-1", roles=("R-MCHW",))
WISH = {"appointment_kind": "delivery", "appointment_wish": "2026-07-20", "reporter": "张三"}


def begin(hospital, woman, process, **more):
    with hospital.services.engine.read() as conn:
        case = reads.instance_by_business_key(conn, hospital.region_id, "pregnancy_journey", woman.pregnancy_id)
    variables = {**variables_for(hospital.services, case, NURSE), **more}
    start = StartInstance(definition_key=process, business_key=woman.pregnancy_id, variables=variables)
    return hospital.services.engine.execute(start, by=NURSE).instance_id


def wishes(hospital, woman, **changes):
    """Somebody of the township asks the hospital for a day."""
    instance_id = begin(hospital, woman, "appointment", appointment_organisation="org-hospital")
    with hospital.services.engine.read() as conn:
        (task,) = reads.user_tasks(conn, hospital.region_id, instance_id=instance_id).items
    completion.complete(hospital.services, task.id, by=NURSE, answers={**WISH, **changes})
    with hospital.services.engine.read() as conn:
        (waiting,) = reads.user_tasks(conn, hospital.region_id, instance_id=instance_id).items
    return waiting


def appointment(woman, status="booked", **more):
    return {
        "resourceType": "Appointment",
        "status": status,
        "start": "2026-07-20T09:00:00+08:00",
        "end": "2026-07-20T09:30:00+08:00",
        "participant": [{"actor": {"reference": woman.subject}, "status": "accepted"}],
        **more,
    }


def events(hospital, type_):
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT event FROM inbound_event WHERE type = %s ORDER BY at, event", [type_]).fetchall()
    return [event for (event,) in rows]


def is_open(hospital, task):
    with hospital.services.engine.read() as conn:
        return reads.user_task(conn, hospital.region_id, task.id).is_open


def started(hospital, woman, process):
    with hospital.services.engine.read() as conn:
        return reads.user_tasks(
            conn, hospital.region_id, business_key=woman.pregnancy_id, definition_key=process, state=None
        ).items


def test_a_booked_appointment_answers_the_wish_that_waits_for_this_hospital(hospital):
    woman = hospital.brings_in()
    waiting = wishes(hospital, woman)

    answer = hospital.post("/Appointment", appointment(woman))

    assert answer.status_code == 201 and answer.headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"
    assert not is_open(hospital, waiting) and events(hospital, "Appointment") == ["message_visit_booked"]
    found = hospital.search(f"/QuestionnaireResponse?patient={woman.subject}")
    (form,) = [one for one in found if "/appointment-answer" in one["questionnaire"]]
    said = {item["linkId"]: item["answer"][0] for item in form["item"]}
    assert said["booked_for"]["valueDateTime"] == "2026-07-20T09:00:00+08:00"
    assert said["reporter"] == {"valueString": "示范县人民医院"}


def test_an_appointment_that_names_another_task_answers_nothing_here(hospital):
    woman = hospital.brings_in()
    waiting = wishes(hospital, woman)
    registering = woman.open_tasks()["task_register"]

    named = [{"reference": f"Task/{registering.id}"}]
    assert hospital.post("/Appointment", appointment(woman, supportingInformation=named)).status_code == 201
    assert is_open(hospital, waiting)

    hospital.post("/Appointment", appointment(woman, supportingInformation=[{"reference": f"Task/{waiting.id}"}]))
    assert not is_open(hospital, waiting)


def test_a_cancelled_appointment_asks_for_another_day(hospital):
    woman = hospital.brings_in()
    wishes(hospital, woman)
    sent = hospital.post("/Appointment", appointment(woman)).json
    again = {**sent, "status": "cancelled", "cancelationReason": {"text": "停诊"}}

    assert hospital.put(f"/Appointment/{sent['id']}", again).status_code == 200

    (waiting,) = [t for t in started(hospital, woman, "appointment") if t.is_open]
    assert (waiting.element_id, waiting.organisation) == ("task_confirm_appointment", "org-hospital")
    known = variables_of(hospital.services, waiting)
    assert known["appointment_kind"] == "delivery"  # what it was booked for, and no visit


def variables_of(services, task):
    with services.engine.read() as conn:
        return task_access.variables_of(services, conn, task)


@pytest.mark.parametrize("is_booked_by_hand", [False, True])
def test_a_cancelled_appointment_that_answered_no_wish_is_for_a_person_and_asks_for_nothing(
    hospital, is_booked_by_hand
):
    woman = hospital.brings_in()
    if is_booked_by_hand:  # another day than the hospital's appointment: the two are not known to be one
        completion.complete(hospital.services, wishes(hospital, woman).id, by=DOCTOR, answers=BY_HAND)
    sent = hospital.post("/Appointment", appointment(woman)).json
    before = people_asked(hospital)

    again = {**sent, "status": "cancelled", "cancelationReason": {"text": "停诊"}}
    assert hospital.put(f"/Appointment/{sent['id']}", again).status_code == 200

    assert [t.element_id for t in started(hospital, woman, "appointment") if t.is_open] == []
    (asked,) = [one for one in people_asked(hospital) if one not in before]
    assert asked[1] == f"Appointment/{sent['id']}" and "另约" in asked[2]


BY_HAND = {**example_answers("appointment-answer"), "booked_for": "2026-07-28T09:00:00+08:00"}


def people_asked(hospital):
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT kind, type || '/' || resource_id, reason FROM inbox_item ORDER BY at").fetchall()
    return rows


def test_a_wish_that_the_hospital_cannot_meet_is_answered_with_its_reason(hospital):
    woman = hospital.brings_in()
    waiting = wishes(hospital, woman)

    hospital.post("/Appointment", appointment(woman, "cancelled", cancelationReason={"text": "满床"}))

    assert not is_open(hospital, waiting)
    assert [t.element_id for t in started(hospital, woman, "appointment") if t.is_open] == ["task_other_date"]


def test_an_appointment_that_was_kept_is_stored_and_closes_nothing(hospital):
    woman = hospital.brings_in()
    before = woman.open_tasks().keys()

    hospital.post("/Appointment", appointment(woman, "fulfilled"))

    assert events(hospital, "Appointment") == ["message_visit_fulfilled"] and woman.open_tasks().keys() == before


def test_a_visit_that_was_missed_starts_the_tracing_once(hospital):
    woman = hospital.brings_in()
    begin(hospital, woman, "antenatal_visits", colour="green", purple=False, visits=["2026-01-05"])

    for day in ("20", "21"):
        sent = appointment(woman, "noshow", start=f"2026-01-{day}T09:00:00+08:00", end=f"2026-01-{day}T09:30:00+08:00")
        assert hospital.post("/Appointment", sent).status_code == 201

    waiting = [t.element_id for t in started(hospital, woman, "antenatal_visits") if t.is_open]
    assert [one for one in waiting if "trace" in one] == ["task_trace_village"]


def encounter(woman, status="in-progress", kind="delivery-admission", class_="IMP"):
    return {
        "resourceType": "Encounter",
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class_},
        "type": [coded(f"{CANON}/CodeSystem/visit-type", kind)],
        "subject": {"reference": woman.subject},
        "period": {"start": "2026-01-05T08:00:00+08:00"},
    }


def test_an_admission_for_the_birth_opens_the_wards_assessment_once(hospital):
    woman = hospital.brings_in()

    sent = hospital.post("/Encounter", encounter(woman, "arrived")).json
    hospital.put(f"/Encounter/{sent['id']}", {**sent, "status": "in-progress"})

    assert [t.element_id for t in started(hospital, woman, "labour")] == ["task_assess_labour"]


def test_another_admission_has_her_grading_looked_at(hospital):
    woman = hospital.brings_in()

    hospital.post("/Encounter", encounter(woman, kind="observation"))

    assert "task_grade" in woman.open_tasks() and started(hospital, woman, "labour") == []


def test_a_visit_to_the_clinic_is_noted_and_opens_nothing(hospital):
    woman = hospital.brings_in()
    before = woman.open_tasks().keys()

    hospital.post("/Encounter", encounter(woman, class_="AMB"))

    assert events(hospital, "Encounter") == ["message_visit_arrived"] and woman.open_tasks().keys() == before


@pytest.fixture
def county_client(hospital):
    """The county centre's own system."""
    hospital.services.people.add_client(
        name="county-his", organisation_id="org-mch", scopes=["system/*.cruds"], jwks=KEYS
    )
    return "county-his"


def report_waits(hospital, woman):
    """An orange grading was reported, and the county has not acknowledged it."""
    due = {"report_due": "2026-01-08T09:00:00+08:00", "report_half": "2026-01-06T21:00:00+08:00"}
    instance_id = begin(hospital, woman, "risk_report", **due)
    with hospital.services.engine.read() as conn:
        (task,) = reads.user_tasks(conn, hospital.region_id, instance_id=instance_id).items
    completion.complete(hospital.services, task.id, by=DOCTOR, answers=example_answers("risk-report"))
    with hospital.services.engine.read() as conn:
        (waiting,) = reads.user_tasks(conn, hospital.region_id, instance_id=instance_id).items
    return waiting


def acknowledgement(woman, **more):
    return {"resourceType": "Communication", "status": "completed", "subject": {"reference": woman.subject}, **more}


def test_the_countys_system_acknowledges_the_report_that_waits_for_it(hospital, county_client):
    woman = hospital.brings_in()
    waiting = report_waits(hospital, woman)

    hospital.post("/Communication", acknowledgement(woman))  # the hospital is nobody to acknowledge
    assert is_open(hospital, waiting)
    named = [{"reference": f"Task/{waiting.id}"}]
    hospital.post("/Communication", acknowledgement(woman, basedOn=named), who=county_client)

    assert not is_open(hospital, waiting) and events(hospital, "Communication") == ["message_report_acknowledged"]


KEYS = {"keys": [{"kty": "EC", "crv": "P-384", "kid": "k", "x": "x", "y": "y"}]}


def privacy(woman, decision, organisation):
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")],
        "patient": {"reference": woman.subject},
        "dateTime": "2026-01-05",
        "policyRule": coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT"),
        "provision": {
            "type": decision,
            "actor": [
                {
                    "role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                    "reference": {"reference": f"Organization/{organisation}"},
                }
            ],
        },
    }


def area(hospital, woman):
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT organisation_id FROM patient_area WHERE patient_id = %s", [woman.patient_id])
        return {organisation for (organisation,) in rows.fetchall()}


def test_a_consent_says_who_else_reads_her_and_takes_nobody_of_her_care_away(hospital):
    woman = hospital.brings_in()
    assert "org-twn-2" not in area(hospital, woman)

    hospital.post("/Consent", privacy(woman, "permit", "org-twn-2"))
    assert "org-twn-2" in area(hospital, woman)

    hospital.post("/Consent", privacy(woman, "deny", "org-twn-2"))
    hospital.post("/Consent", privacy(woman, "deny", "org-hospital"))
    assert "org-twn-2" not in area(hospital, woman) and "org-hospital" in area(hospital, woman)


def refusal(woman, activity):
    return {
        **privacy(woman, "deny", "org-hospital"),
        "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "treatment"),
        "provision": {"type": "deny", "code": [coded(f"{CANON}/CodeSystem/activity", activity)]},
    }


def test_a_consent_that_is_withdrawn_ends_the_screening_that_waits_for_it(hospital):
    woman = hospital.brings_in()
    begin(hospital, woman, "prenatal_screening", age_at_edd=28, prenatal_choice="serum")
    pass_time(hospital, days=45)
    assert "task_prenatal_sample" in {t.element_id for t in started(hospital, woman, "prenatal_screening")}

    hospital.post("/Consent", refusal(woman, "prenatal-screening"))

    assert [
        t.state for t in started(hospital, woman, "prenatal_screening") if t.element_id == "task_prenatal_sample"
    ] == ["cancelled"]


def test_a_consent_about_something_else_changes_nothing(hospital):
    woman = hospital.brings_in()
    before = woman.open_tasks().keys()

    assert hospital.post("/Consent", refusal(woman, "education")).status_code == 201

    assert events(hospital, "Consent") == [] and woman.open_tasks().keys() == before


# --- MedicationRequest (P11): the hospital's own, kept with the case ---


def prescription(woman, **more):
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": coded("http://www.whocc.no/atc", "B03AA07"),
        "subject": {"reference": woman.subject},
        "authoredOn": "2026-01-05T09:00:00+08:00",
        **more,
    }


def test_a_prescription_is_kept_with_her_case_and_what_names_an_infection_is_hidden(hospital):
    woman = hospital.brings_in()
    antiviral = {"medicationCodeableConcept": coded("http://www.whocc.no/atc", "J05AF07")}
    syphilis = {"reasonCode": [coded("http://hl7.org/fhir/sid/icd-10", "O98.1")]}

    sent = [hospital.post("/MedicationRequest", prescription(woman, **more)) for more in ({}, antiviral, syphilis)]

    assert [answer.status_code for answer in sent] == [201] * 3
    assert sent[0].headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"
    labels = [{c["code"] for c in answer.json.get("meta", {}).get("security", ())} for answer in sent]
    assert labels == [set(), {"R"}, {"R", "STD"}]
    asked = f"/MedicationRequest?patient={woman.patient_id}&status=active&authoredon=2026-01-05"
    assert {one["id"] for one in hospital.search(asked)} == {answer.json["id"] for answer in sent}
    assert [one["id"] for one in hospital.search(asked, "village")] == [sent[0].json["id"]]
    iron = {one["id"] for one in hospital.search(f"{asked}&code=B03AA07")}
    assert iron == {sent[0].json["id"], sent[2].json["id"]}
    wrong = hospital.post("/MedicationRequest", prescription(woman, status="given"))
    assert (wrong.status_code, wrong.json["issue"][0]["expression"]) == (422, ["MedicationRequest.status"])
