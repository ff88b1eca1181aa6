"""`$process-message`: a message is carried out once, answered by a message, and refused as a whole."""

from __future__ import annotations

import copy

import pytest

from fhir_adapters.message_events import EVENT
from fhir_adapters.rules.check import check
from tests.fhir.fhir_kit import (
    CONDITION_URN,
    ID_CARD,
    PATIENT_URN,
    WOMAN,
    expressions,
    issues_of,
    lmp,
    observation,
    patient,
    pregnancy,
)

HEADER = "5b0f62a1-7a7a-4c6e-9b53-5c6b5d0a0099"
HB = {"value": 101, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
HIS = {"name": "院内系统", "endpoint": "https://his.hospital.example/fhir"}


def message(*resources, event="register-pregnancy", id_=HEADER, **more):
    header = {
        "resourceType": "MessageHeader",
        **({"id": id_} if id_ else {}),
        "eventCoding": {"system": EVENT, "code": event},
        "source": HIS,
        **more,
    }
    entries = [{"fullUrl": f"urn:uuid:{HEADER}", "resource": header}]
    entries += [{"fullUrl": url, "resource": resource} for url, resource in resources]
    return {"resourceType": "Bundle", "type": "message", "timestamp": "2026-01-05T08:00:00+08:00", "entry": entries}


def arrives():
    return message(
        (PATIENT_URN, patient()),
        (CONDITION_URN, pregnancy()),
        ("urn:uuid:00000000-0000-4000-8000-000000000003", lmp()),
    )


def header_of(answer):
    return answer.json["entry"][0]["resource"]


def test_a_pregnancy_told_by_a_message_opens_a_case_and_is_answered(hospital):
    answer = hospital.post("/$process-message", arrives())

    assert answer.status_code == 200, answer.json
    assert check(answer.json, type_="Bundle") == [] and check(header_of(answer), type_="MessageHeader") == []
    assert header_of(answer)["response"] == {"identifier": HEADER, "code": "ok"}
    assert header_of(answer)["destination"] == [HIS]
    focus = {one["reference"].split("/fhir/")[1].split("/")[0] for one in header_of(answer)["focus"]}
    assert focus == {"Patient", "Condition", "Observation"}
    assert hospital.search(f"/EpisodeOfCare?patient.identifier={ID_CARD}|{WOMAN}")


def test_the_same_message_again_changes_nothing_and_is_answered_alike(hospital):
    first = hospital.post("/$process-message", arrives())
    before = hospital.count()
    again = hospital.post("/$process-message", arrives())

    assert again.status_code == 200 and hospital.count() == before
    assert again.json["id"] == first.json["id"] and again.json["entry"] == first.json["entry"]


def test_another_message_under_the_same_key_is_refused_by_a_message(hospital):
    hospital.post("/$process-message", arrives())
    before = hospital.count()
    other = message((PATIENT_URN, patient("999999199001010025")))
    answer = hospital.post("/$process-message", other)

    assert answer.status_code == 422 and hospital.count() == before
    assert header_of(answer)["response"]["code"] == "fatal-error"
    said = answer.json["entry"][1]["resource"]
    assert said["resourceType"] == "OperationOutcome"
    assert header_of(answer)["response"]["details"]["reference"] == answer.json["entry"][1]["fullUrl"]


def test_results_with_their_number_are_the_next_version_of_the_same(hospital):
    woman = hospital.brings_in()
    number = [{"system": "urn:lis", "value": "R-1"}]
    first = observation("718-7", woman.subject, identifier=number, valueQuantity=HB)
    second = {**copy.deepcopy(first), "status": "corrected"}

    for id_, one in (("a", first), ("b", second)):
        answer = hospital.post("/$process-message", message((None, one), event="report-results", id_=id_))
        assert answer.status_code == 200, answer.get_data(as_text=True)

    [stored] = hospital.search("/Observation?identifier=urn:lis|R-1")
    assert stored["status"] == "corrected" and stored["meta"]["versionId"] == "2"


def test_nothing_of_a_message_is_stored_where_a_part_of_it_is_wrong(hospital):
    wrong = arrives()
    wrong["entry"][2]["resource"]["onsetDateTime"] = "soon"
    before = hospital.count()

    answer = hospital.post("/$process-message", wrong)

    assert answer.status_code == 422 and hospital.count() == before
    said = answer.json["entry"][1]["resource"]["issue"][0]
    assert said["expression"] == ["Bundle.entry[2].resource.onsetDateTime"]
    assert header_of(answer)["response"]["code"] == "fatal-error"


def without_header():
    return {**arrives(), "entry": arrives()["entry"][1:]}


@pytest.mark.parametrize(
    "made, status, place",
    [
        (lambda: {"resourceType": "Patient"}, 400, "Bundle"),
        (lambda: {**arrives(), "type": "transaction"}, 400, "Bundle.type"),
        (lambda: {"resourceType": "Bundle", "type": "message"}, 400, "Bundle.entry"),
        (without_header, 400, "Bundle.entry[0].resource"),
        (lambda: message((None, patient()), id_=None), 400, "Bundle.entry[0].resource.id"),
        (lambda: message((None, patient()), event="party"), 422, "Bundle.entry[0].resource.eventCoding"),
        (lambda: message((None, patient()), event="report-results"), 422, "Bundle.entry"),
        (lambda: message((None, {"resourceType": "Flag"})), 422, "Bundle.entry[1].resource"),
        (lambda: message((None, {"resourceType": "Spaceship"})), 422, "Bundle.entry[1].resource"),
        (
            lambda: message((None, patient()), response={"identifier": "x", "code": "ok"}),
            422,
            "Bundle.entry[0].resource.response",
        ),
    ],
)
def test_what_is_no_message_for_us_is_refused_with_its_place(quiet, made, status, place):
    assert place in expressions(quiet.post("/$process-message", made()), status)


def test_it_is_answered_at_once_or_not_at_all(quiet):
    assert expressions(quiet.post("/$process-message?async=true", arrives()), 400) == ["async"]
    issues_of(quiet.post("/$process-message", arrives(), None), 401)
