"""The CapabilityStatement says what the server does: each promise is kept, and nothing unpromised works."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from fhir_adapters.capability import interactions
from fhir_adapters.ig.package import TYPES as GUIDE
from fhir_adapters.search.parameters import PARAMETERS
from fhir_adapters.types import TYPES

VALUES = {"token": "x", "reference": "Patient/1", "date": "2026-01-01", "string": "x"} | {
    "quantity": "gt5",
    "composite": "",
    "number": "lt0.5",
    "uri": "urn:x",
}


@pytest.fixture
def promised(quiet):
    return quiet.get("/metadata", who=None).json


def test_it_is_a_valid_resource(promised):
    CapabilityStatement.model_validate(promised)
    assert promised["fhirVersion"] == "4.0.1"
    assert [r["type"] for r in promised["rest"][0]["resource"]] == [
        *TYPES,
        "Group",
        "Measure",
        "MeasureReport",
        "Questionnaire",
        "Subscription",
        *("Binary", "Bundle", "DocumentReference"),
        *("ActivityDefinition", "Library", "PlanDefinition"),
        "AuditEvent",
        *GUIDE,
    ]


def test_every_search_parameter_works_on_every_type(quiet, promised):
    for resource in promised["rest"][0]["resource"]:
        who = "auditor" if resource["type"] == "AuditEvent" else "his-demo"
        for parameter in resource.get("searchParam", []):
            value = VALUES[parameter["type"]] or ("718-7$gt5" if "quantity" in parameter["name"] else "718-7$x")
            answer = quiet.get(f"/{resource['type']}?{parameter['name']}={value}", who, Prefer="handling=strict")
            assert answer.status_code == 200, (resource["type"], parameter["name"], answer.json)


def test_every_type_that_is_searched_by_get_is_searched_by_post(quiet, promised):
    form = "application/x-www-form-urlencoded"
    for resource in promised["rest"][0]["resource"]:
        type_, who = resource["type"], "auditor" if resource["type"] == "AuditEvent" else "his-demo"
        offered = {one["code"] for one in resource["interaction"]}
        names = {parameter["name"] for parameter in resource.get("searchParam", [])}
        asked = {"patient": "Patient/none"} if "patient" in names else {"_id": "none"} if "_id" in names else {}
        body = urlencode(asked).encode()
        by_post = quiet.ask("POST", f"/{type_}/_search", body, who, Content_Type=form, Prefer="handling=strict")
        if "search-type" not in offered:
            assert by_post.status_code in (404, 405), type_
            continue
        by_get = quiet.get(f"/{type_}?{urlencode(asked)}", who, Prefer="handling=strict")
        assert by_post.status_code == by_get.status_code == 200, (type_, by_post.get_data(as_text=True))
        assert by_post.json.get("total") == by_get.json.get("total"), type_
        links = [next(x["url"] for x in one.json["link"] if x["relation"] == "self") for one in (by_get, by_post)]
        assert links[0] == links[1], type_
        wrong = quiet.ask("POST", f"/{type_}/_search", b"{}", who)
        assert wrong.status_code == 415, type_


def test_every_include_works(quiet, promised):
    for resource in promised["rest"][0]["resource"]:
        for way, names in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
            for name in resource.get(names, []):
                answer = quiet.get(f"/{resource['type']}?{way}={name}", Prefer="handling=strict")
                assert answer.status_code == 200, (way, name, answer.json)


def test_every_type_is_read_and_searched(quiet, promised):
    for resource in promised["rest"][0]["resource"]:
        if resource["type"] not in TYPES:
            continue
        offered = {one["code"] for one in resource["interaction"]}
        assert {"read", "vread", "history-instance", "history-type", "search-type"} <= offered
        assert quiet.get(f"/{resource['type']}/none").status_code == 404
        assert quiet.get(f"/{resource['type']}/none/_history/1").status_code == 404
        assert quiet.get(f"/{resource['type']}/_history").status_code == 200


def test_what_is_not_promised_is_refused_as_the_engines_own(hospital):
    for type_ in TYPES:
        answer = hospital.post(f"/{type_}", {"resourceType": type_})

        codes = {i["details"]["coding"][0]["code"] for i in answer.get_json(force=True).get("issue", [])}
        if "create" in interactions(type_):
            assert "MCH-O-001" not in codes, type_
        else:
            assert answer.status_code == 422, type_


def test_a_parameter_of_one_type_is_not_one_of_another(quiet):
    assert "due" in PARAMETERS["Task"] and "due" not in PARAMETERS["Patient"]
    assert quiet.get("/Patient?due=2026-01-01", Prefer="handling=strict").status_code == 400


@pytest.mark.parametrize("kind", ["application/json-patch+json", "application/merge-patch+json"])
def test_each_promised_patch_format_is_read(quiet, promised, kind):
    assert kind in promised["patchFormat"]
    body = b'[{"op":"test","path":"","value":1}]' if "json-patch" in kind else b"{}"

    assert quiet.ask("PATCH", "/Patient/none", body, Content_Type=kind).status_code == 404


def test_transaction_and_batch_are_promised_and_kept(quiet, promised):
    assert {one["code"] for one in promised["rest"][0]["interaction"]} == {"transaction", "batch", "history-system"}
    for kind in ("transaction", "batch"):
        assert quiet.post("", {"resourceType": "Bundle", "type": kind}).json["type"] == f"{kind}-response"
