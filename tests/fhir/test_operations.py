"""$validate, $everything, $populate, $extract: they answer, and store nothing."""

from __future__ import annotations

import pytest

from fhir_adapters.operations import OPERATIONS
from fhir_adapters.types import TYPES
from tests.fhir.fhir_kit import CANON, coded, expressions, issues_of, observation, patient, resources_in
from workflows.forms import example_answers, forms_on_disk


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


@pytest.fixture
def elsewhere(hospital):
    keys = {"keys": [hospital.services.people.client("his-demo").jwks["keys"][0]]}
    hospital.services.people.add_client(
        name="elsewhere", organisation_id="org-twn-2", scopes=["system/*.cruds"], jwks=keys
    )
    return "elsewhere"


def test_validate_says_everything_that_is_wrong_and_stores_nothing(quiet):
    wrong = patient(gender="x", birthDate="soon")

    plain = quiet.post("/Patient/$validate", wrong)
    wrapped = quiet.post(
        "/Patient/$validate", {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": wrong}]}
    )

    assert set(expressions(plain, 200)) == {"Patient.gender", "Patient.birthDate"}
    assert "Parameters.parameter[0].resource.gender" in expressions(wrapped, 200)
    fine = issues_of(quiet.post("/Patient/$validate", patient()), 200)
    assert [i["severity"] for i in fine] == ["information"]
    assert "Patient" not in quiet.count()


@pytest.mark.parametrize(
    "body, status",
    [
        ({"resourceType": "Parameters"}, 400),
        ({"resourceType": "Parameters", "parameter": "x"}, 400),
        (["x"], 200),
        (patient(resourceType="Observation"), 200),
    ],
)
def test_validate_takes_anything_and_never_fails(quiet, body, status):
    assert issues_of(quiet.post("/Patient/$validate", body), status)[0]["severity"] == "error"


def test_validate_checks_the_id_of_an_update_and_a_stored_resource(hospital, woman):
    update = [{"name": "mode", "valueCode": "update"}, {"name": "resource", "resource": patient(id="b")}]

    answer = hospital.post("/Patient/a/$validate", {"resourceType": "Parameters", "parameter": update})

    assert expressions(answer, 200) == ["Parameters.parameter[1].resource.id"]
    assert issues_of(hospital.get(f"/{woman.subject}/$validate"), 200)[0]["severity"] == "information"
    issues_of(hospital.get("/Patient/none/$validate"), 404)


def test_everything_of_a_patient_is_hers_page_by_page_and_whose_care_it_is(hospital, woman, elsewhere):
    hospital.post("/Patient", patient("999999199001010025"))
    seen, path = [], f"/{woman.subject}/$everything?_count=3"
    while path:
        page = hospital.get(path).json
        seen += [(r["resourceType"], r["id"]) for r in resources_in(page) if r["resourceType"] != "Organization"]
        path = next((x["url"].split("/fhir")[1] for x in page["link"] if x["relation"] == "next"), None)

    assert seen[0] == ("Patient", woman.patient_id) and len(seen) == len(set(seen))
    assert {"Task", "EpisodeOfCare", "CarePlan", "Condition", "Observation"} <= {type_ for type_, _ in seen}
    assert [id_ for type_, id_ in seen if type_ == "Patient"] == [woman.patient_id]
    case = resources_in(hospital.get(f"/EpisodeOfCare/{woman.pregnancy_id}/$everything").json)
    assert {"Patient", "Task", "Organization"} <= {r["resourceType"] for r in case}
    only = resources_in(hospital.get(f"/{woman.subject}/$everything?_type=Task").json)
    assert {r["resourceType"] for r in only} == {"Task"}
    foreign = hospital.get(f"/{woman.subject}/$everything", elsewhere)
    unknown = hospital.get("/Patient/none/$everything", elsewhere)
    assert issues_of(foreign, 404) == issues_of(unknown, 404)
    issues_of(hospital.get(f"/{woman.subject}/$everything?_type=Spaceship"), 400)
    issues_of(hospital.get(f"/{woman.subject}/$everything?_since=soon"), 400)


def test_everything_leaves_out_what_the_caller_may_not_know(hospital, woman):
    secret = observation("56888-1", woman.subject, valueCodeableConcept=coded("http://loinc.org", "LA6576-8"))
    made = hospital.post("/Observation", secret).json
    with hospital.pool.connection() as conn:
        conn.execute("INSERT INTO patient_area VALUES (%s, %s, 'org-vil-1')", [hospital.region_id, woman.patient_id])

    ids = {
        who: {r["id"] for r in resources_in(hospital.get(f"/{woman.subject}/$everything?_count=500", who).json)}
        for who in ("nurse", "village")
    }

    assert made["id"] in ids["nurse"] and woman.patient_id in ids["village"]
    assert made["id"] not in ids["village"]


def test_forms_are_read_as_questionnaires(quiet):
    listed = quiet.get("/Questionnaire").json
    one = quiet.get("/Questionnaire/anc-visit")

    assert {"registration", "anc-visit", "delivery"} <= {e["resource"]["id"] for e in listed["entry"]}
    assert one.json["url"] == f"{CANON}/Questionnaire/anc-visit"
    issues_of(quiet.get("/Questionnaire/none"), 404)
    issues_of(quiet.post("/Questionnaire", {"resourceType": "Questionnaire"}), 404)


def test_populate_fills_in_what_is_known_for_those_who_may_know_it(hospital, woman, elsewhere):
    task = next(iter(woman.open_tasks().values()))
    path = f"/Questionnaire/{task.form}/$populate"

    by_task = hospital.get(f"{path}?task=Task/{task.id}", "nurse").json["parameter"][0]["resource"]
    by_post = hospital.post(
        path,
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "subject", "valueReference": {"reference": woman.subject}}],
        },
    ).json["parameter"][0]["resource"]

    assert by_task["basedOn"] == [{"reference": f"Task/{task.id}"}] and by_task["status"] == "in-progress"
    assert "2025-10-20" in str(by_task)
    assert by_post["subject"] == {"reference": woman.subject}
    for asked in (f"task=Task/{task.id}", f"subject={woman.subject}", "task=Task/none", "subject=Patient/none"):
        issues_of(hospital.get(f"{path}?{asked}", elsewhere), 404)
    issues_of(hospital.get(path), 400)


def test_populate_does_not_tell_the_village_what_it_may_not_read(hospital, woman):
    secret = observation("5196-1", woman.subject, valueCodeableConcept=coded("http://loinc.org", "LA6576-8"))
    hospital.post("/Observation", secret)
    with hospital.pool.connection() as conn:
        conn.execute("INSERT INTO patient_area VALUES (%s, %s, 'org-vil-1')", [hospital.region_id, woman.patient_id])

    told = hospital.get(f"/Questionnaire/risk-screening/$populate?subject={woman.subject}", "village")
    knows = hospital.get(f"/Questionnaire/risk-screening/$populate?subject={woman.subject}", "nurse")

    assert told.status_code == knows.status_code == 200
    assert "hbsag" not in told.get_data(as_text=True)


def test_extract_shows_the_observations_that_completing_would_record(hospital, woman):
    form = forms_on_disk()["anc-visit"]
    response = form.to_response(example_answers("anc-visit"), subject={"reference": woman.subject}, id="r1")
    before = hospital.count()

    bundle = hospital.post("/QuestionnaireResponse/$extract", response).json

    found = [e["resource"] for e in bundle["entry"]]
    assert {r["resourceType"] for r in found} == {"Observation"}
    assert {"85354-9", "55283-6"} <= {c["code"] for r in found for c in r["code"]["coding"]}
    assert all(e["request"]["url"] == f"Observation/{e['resource']['id']}" for e in bundle["entry"])
    assert hospital.count() == before
    discharge = forms_on_disk()["discharge"]
    later = {"linkId": "discharged_at", "answer": [{"valueDateTime": "2026-01-05T08:06:00+08:00"}]}  # it is eight
    ahead = {**discharge.to_response({}, subject={"reference": woman.subject}, id="r2"), "item": [later]}
    assert expressions(hospital.post("/QuestionnaireResponse/$extract", ahead), 422) == [
        "QuestionnaireResponse.item[0]"
    ]
    wrong = {**response, "item": [{"linkId": "no_such_item", "answer": [{"valueString": "x"}]}]}
    assert expressions(hospital.post("/QuestionnaireResponse/$extract", wrong), 422) == [
        "QuestionnaireResponse.item[0]"
    ]
    issues_of(hospital.post("/QuestionnaireResponse/$extract", {**response, "questionnaire": "urn:none"}), 404)


def test_each_promised_operation_is_kept(quiet):
    promised = {r["type"]: r for r in quiet.get("/metadata", who=None).json["rest"][0]["resource"]}

    assert {t: {o["name"] for o in r["operation"]} for t, r in promised.items() if "operation" in r} == {
        t: set(names) for t, names in OPERATIONS.items()
    }
    for type_ in TYPES:
        assert "validate" in OPERATIONS[type_]
        assert quiet.post(f"/{type_}/$validate", {"resourceType": type_}).status_code == 200
    assert quiet.post("/Patient/$unknown", patient()).status_code == 405
