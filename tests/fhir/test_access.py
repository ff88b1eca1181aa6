"""Without a token nothing is readable; with one, what its scopes, organisations and the labels of a fact allow."""

from __future__ import annotations

import pytest

from fhir_adapters.access import allows
from tests.fhir.fhir_kit import ID_CARD, PATIENT_URN, WOMAN, coded, entry, issues_of, observation, patient, transaction

LOINC_HIV = "56888-1"


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


def client(hospital, name, organisation, *scopes):
    """Another hospital system; it may do what its scopes say."""
    keys = {"keys": [hospital.services.people.client("his-demo").jwks["keys"][0]]}
    return hospital.services.people.add_client(name=name, organisation_id=organisation, scopes=scopes, jwks=keys)


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/Patient"),
        ("GET", "/Patient/1"),
        ("GET", "/Task/1/_history"),
        ("POST", "/Patient"),
        ("PUT", "/Patient/1"),
        ("DELETE", "/Patient/1"),
        ("POST", ""),
        ("GET", "/Nothing"),
    ],
)
def test_a_stranger_learns_nothing(quiet, method, path):
    answer = quiet.ask(method, path, patient() if method in ("POST", "PUT") else None, who=None)

    issues_of(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic eA==", "Bearer ", "x" * 5000])
def test_a_wrong_token_is_no_token(quiet, header):
    issues_of(quiet.get("/Patient", who=None, Authorization=header), 401)


@pytest.mark.parametrize("path", ["/metadata", "/.well-known/smart-configuration"])
def test_how_to_come_in_is_said_to_everybody(quiet, path):
    assert quiet.get(path, who=None).status_code == 200


def test_a_scope_covers_its_types_and_letters_only(hospital, woman):
    client(hospital, "reader", "org-hospital", "system/Patient.rs")

    assert len(hospital.search("/Patient", "reader")) == 1
    issues_of(hospital.get("/Task", "reader"), 403)
    issues_of(hospital.post("/Patient", patient("1"), "reader"), 403)
    issues_of(hospital.post("", transaction(entry(patient("1"))), "reader"), 403)


def test_an_include_brings_only_what_the_scope_covers(hospital, woman):
    client(hospital, "tasks", "org-hospital", "system/Task.rs")

    found = hospital.get("/Task?_include=Task:patient", "tasks").json

    assert {e["resource"]["resourceType"] for e in found["entry"]} == {"Task"}


def test_a_scope_that_is_narrowed_by_a_query_opens_its_type_and_no_other():
    narrowed = {"system/Observation.rs?category=laboratory"}

    assert allows({"system/Observation.rs"}, "Observation", "search")
    assert allows(narrowed, "Observation", "search")  # which of them, the viewer's narrowing says: see test_scopes
    assert not allows(narrowed, "Observation", "create")
    assert not allows({"system/*.rs?category=laboratory"}, "Measure", "read")


def test_a_woman_of_another_area_does_not_exist(hospital, woman):
    client(hospital, "elsewhere", "org-twn-2", "system/*.cruds")

    issues_of(hospital.get(f"/{woman.subject}", "elsewhere"), 404)
    issues_of(hospital.get(f"/{woman.subject}/_history", "elsewhere"), 404)
    assert hospital.search("/Patient", "elsewhere") == []
    assert hospital.search("/Task", "elsewhere") == []
    assert hospital.search(f"/Organization?_revinclude=Task:owner&_id={'org-twn-1'}", "elsewhere")[1:] == []
    issues_of(hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1), "elsewhere"), 422)


def test_who_brings_the_same_woman_may_read_her_from_then_on(hospital, woman):
    client(hospital, "elsewhere", "org-twn-2", "system/*.cruds")
    known = transaction(entry(patient(), PATIENT_URN, ifNoneExist=f"identifier={ID_CARD}|{WOMAN}"))

    hospital.post("", known, "elsewhere")

    assert hospital.get(f"/{woman.subject}", "elsewhere").status_code == 200


def test_only_who_created_a_resource_changes_it(hospital, woman):
    client(hospital, "colleague", "org-hospital", "system/*.cruds")
    mine = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1)).json

    issues_of(hospital.put(f"/Observation/{mine['id']}", {**mine, "valueInteger": 2}, "colleague"), 403)
    issues_of(hospital.ask("DELETE", f"/Observation/{mine['id']}", who="colleague"), 403)


def test_the_engines_own_observations_are_not_changed_from_outside(hospital, woman):
    dated = next(r for r in hospital.search("/Observation?code=11778-8"))

    issues_of(hospital.put(f"/Observation/{dated['id']}", {**dated, "valueDateTime": "2027-01-01"}), 403)


@pytest.fixture
def restricted(hospital, woman):
    """An HIV result; the village doctor may not know of it, the township nurse may."""
    result = observation(LOINC_HIV, woman.subject, valueCodeableConcept=coded("http://loinc.org", "LA6576-8"))
    answer = hospital.post("/Observation", result)
    assert answer.status_code == 201
    return answer.json


def test_an_infectious_fact_is_labelled_whoever_sends_it(restricted):
    assert {c["code"] for c in restricted["meta"]["security"]} == {"R", "HIV"}


def test_a_restricted_resource_is_invisible_to_who_may_not_know(hospital, woman, restricted):
    village = hospital.get(f"/{woman.subject}", "village")
    if village.status_code == 404:
        with hospital.pool.connection() as conn:
            conn.execute(
                "INSERT INTO patient_area VALUES (%s, %s, 'org-vil-1')", [hospital.region_id, woman.patient_id]
            )
    path = f"/Observation/{restricted['id']}"

    assert hospital.get(path, "nurse").status_code == 200
    issues_of(hospital.get(path, "village"), 404)
    issues_of(hospital.get(f"{path}/_history", "village"), 404)
    issues_of(hospital.get(f"{path}/_history/1", "village"), 404)
    assert hospital.search(f"/Observation?code={LOINC_HIV}", "village") == []
    assert hospital.get(f"/Observation?code={LOINC_HIV}&_total=accurate", "village").json["total"] == 0
    seen = hospital.search("/Patient?_revinclude=Observation:patient", "village")
    assert seen and restricted["id"] not in {r["id"] for r in seen}
    assert restricted["id"] not in hospital.get("/Observation/_history", "village").get_data(as_text=True)


@pytest.mark.parametrize("who", ["it", "designer", "publisher", "auditor"])
def test_whoever_reads_no_records_reads_none_here_either(hospital, woman, who):
    for path in ("/Patient", "/Observation", "/Task", "/Patient?_summary=count"):
        issues_of(hospital.get(path, who), 403)
    issues_of(hospital.post("/Patient", patient("1"), who), 403)


def test_the_county_office_reads_and_sends_nothing(hospital, woman):
    assert hospital.search("/Patient", "county")
    issues_of(hospital.post("/Patient", patient("1"), "county"), 403)
    assert hospital.search("/Patient", "nurse")
