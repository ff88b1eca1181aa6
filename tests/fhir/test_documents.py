"""Documents of a case: read by a person without software, closed in themselves, never changed."""

from __future__ import annotations

import base64
import hashlib

import pytest
from fhir.resources.R4B.bundle import Bundle

from fhir_adapters.documents.kinds import KINDS
from fhir_adapters.rules.check import check
from tests.fhir.fhir_kit import expressions, observation
from tests.fhir.test_export import second_system

MMHG = {"unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}


@pytest.fixture
def woman(hospital):
    found = hospital.brings_in()
    parts = [("8480-6", 146), ("8462-4", 94)]
    coded = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": {"value": value, **MMHG}}
        for code, value in parts
    ]
    for one in (
        observation("85354-9", found.subject, component=coded),
        observation("718-7", found.subject, valueQuantity={"value": 98, "system": MMHG["system"], "code": "g/L"}),
        observation("75666-8", found.subject, valueCodeableConcept={"text": "阳性"}),
    ):
        assert hospital.post("/Observation", one).status_code == 201
    return found


def path(woman, kind, **more):
    asked = "&".join(f"{name}={value}" for name, value in {"type": kind, **more}.items())
    return f"/EpisodeOfCare/{woman.pregnancy_id}/$document?{asked}"


def keeping(hospital, woman, kind, **more):
    asked = {"type": kind, **more}.items()
    body = {"resourceType": "Parameters", "parameter": [{"name": name, "valueString": value} for name, value in asked]}
    return hospital.post(f"/EpisodeOfCare/{woman.pregnancy_id}/$document", body)


def references(node):
    if isinstance(node, dict):
        if "reference" in node:
            yield node["reference"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def narrative(bundle):
    return "".join(section["text"]["div"] for section in bundle["entry"][0]["resource"]["section"])


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_whole_in_itself(hospital, woman, kind):
    made = hospital.get(path(woman, kind)).json

    Bundle.model_validate(made)
    first, *rest = (one["resource"] for one in made["entry"])
    assert first["resourceType"] == "Composition" and first["type"]["coding"][0]["code"] == KINDS[kind].code
    inside = {f"{one['resourceType']}/{one['id']}" for one in rest}
    assert set(references(made)) <= inside
    assert {f"{one['resourceType']}/{one['id']}" for one in rest} <= set(references(made))
    assert len({one["fullUrl"] for one in made["entry"]}) == len(made["entry"])
    for one in rest:
        assert check(one, type_=one["resourceType"]) == [], one
    for section in first["section"]:
        assert section["text"]["div"].startswith('<div xmlns="http://www.w3.org/1999/xhtml"')
        assert ("entry" in section) != ("emptyReason" in section)


def test_a_referral_says_in_words_what_was_found(hospital, woman):
    made = hospital.get(path(woman, "referral")).json
    text = narrative(made)

    for part in ("收缩压 146 mmHg", "舒张压 94 mmHg", "98 g/L", "妊娠", "2026-01-05 08:00"):
        assert part in text, part
    titles = [section["title"] for section in made["entry"][0]["resource"]["section"]]
    assert titles[:2] == ["转诊原因", "妊娠风险评估"] and "检验结果" in titles
    assert "测试甲子" in made["entry"][0]["resource"]["text"]["div"]


def test_seeing_one_keeps_none(hospital, woman):
    hospital.get(path(woman, "grading"))
    assert hospital.search(f"/DocumentReference?patient={woman.patient_id}") == []


def test_one_that_is_kept_stays_as_it_was_given_out(hospital, woman):
    answer = keeping(hospital, woman, "referral")
    assert answer.status_code == 201, answer.json
    at = answer.headers["Location"].split("/fhir")[1]
    given = answer.get_data()

    hospital.post("/Observation", observation("718-7", woman.subject, valueString="later"))

    pointer = hospital.get(at).json
    assert check(pointer, type_="DocumentReference") == []
    attachment = pointer["content"][0]["attachment"]
    kept = hospital.get(attachment["url"].split("/fhir")[1]).get_data()
    assert kept == given == hospital.get(at.replace("DocumentReference", "Bundle")).get_data()
    assert attachment["hash"] == base64.b64encode(hashlib.sha1(kept).digest()).decode()
    assert attachment["extension"][0]["valueString"] == hashlib.sha256(kept).hexdigest()
    assert attachment["size"] == len(kept)
    for method in ("PUT", "DELETE"):
        assert hospital.ask(method, at, {"resourceType": "DocumentReference"}).status_code in (404, 405, 422)


def test_a_correction_is_another_document(hospital, woman):
    first = keeping(hospital, woman, "discharge").json["id"]
    second = keeping(hospital, woman, "discharge", replaces=first)

    assert second.json["entry"][0]["resource"]["relatesTo"][0]["targetIdentifier"]["value"] == first
    listed = {one["id"]: one for one in hospital.search(f"/DocumentReference?patient={woman.patient_id}")}
    assert listed[first]["status"] == "superseded"
    assert listed[second.json["id"]]["relatesTo"][0]["target"]["reference"] == f"DocumentReference/{first}"
    assert expressions(keeping(hospital, woman, "grading", replaces=first), 404) == ["replaces"]


def test_what_is_restricted_is_in_no_document_of_who_may_not_know_it(hospital, woman):
    kept = keeping(hospital, woman, "referral").json
    assert kept["meta"]["security"][0]["code"] == "R" and "75666-8" in str(kept)

    seen = hospital.get(path(woman, "referral"), "county")

    assert seen.status_code in (200, 403)
    assert "75666-8" not in seen.get_data(as_text=True)
    for form in ("DocumentReference", "Bundle", "Binary"):
        assert hospital.get(f"/{form}/{kept['id']}", "county").status_code in (403, 404)


def test_another_organisation_finds_no_case_and_no_document(hospital, woman):
    kept = keeping(hospital, woman, "transfer").json["id"]
    who = second_system(hospital)

    assert hospital.get(path(woman, "transfer"), who).status_code == 404
    assert hospital.get(f"/DocumentReference/{kept}", who).status_code == 404
    assert hospital.get(f"/DocumentReference/{kept}/$page", who).status_code == 404
    assert hospital.search(f"/DocumentReference?patient={woman.patient_id}", who) == []


def test_it_is_a_page_for_screen_and_paper(hospital, woman):
    kept = keeping(hospital, woman, "referral").json["id"]
    answer = hospital.get(f"/DocumentReference/{kept}/$page", Accept="text/html")

    text = answer.get_data(as_text=True)
    assert answer.mimetype == "text/html" and "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "孕产妇转诊单" in text and "收缩压 146 mmHg" in text and "<script" not in text


def test_what_is_said_is_escaped(hospital, woman):
    evil = observation("8302-2", woman.subject, valueString="<img src=x onerror=alert(1)>")
    assert hospital.post("/Observation", evil).status_code == 201
    text = narrative(hospital.get(path(woman, "referral")).json)
    assert "&lt;img" in text and "<img" not in text


def test_an_unknown_kind_or_case_is_refused(quiet):
    assert expressions(quiet.get("/EpisodeOfCare/x/$document?type=novel"), 400) == ["type"]
    assert quiet.get("/EpisodeOfCare/x/$document?type=referral").status_code == 404
    assert expressions(quiet.get("/DocumentReference"), 400) == ["patient"]
    assert quiet.get("/DocumentReference/none").status_code == 404
