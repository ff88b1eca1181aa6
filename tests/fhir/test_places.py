"""A document that cannot be read is refused with the path to the fault, or its line."""

from __future__ import annotations

import pytest

from fhir_adapters.formats.malformed import json_place
from runtime.trials import mutated_resources
from tests.fhir.fhir_kit import expressions, issues_of, patient

DEEP = b'{"resourceType":"Patient","extension":' + b"[" * 5000 + b"]" * 5000 + b"}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b'{"resourceType":"Patient","name":[{"text":"a"},{"text":NaN}]}', "Patient.name[1].text"),
        (b'{"resourceType":"Patient","gender":"female","gender":"male"}', "Patient.gender"),
        (b'{"resourceType":"Bundle","entry":[{"resource":{"id":"\\ud800"}}]}', "Bundle.entry[0].resource.id"),
        (b'{"resourceType":"Patient","id":"a\x00b"}', "Patient.id"),
        (b'{"resourceType":"Patient","id":"\xff"}', "Patient.id"),
        (b'{"resourceType":"Patient","multipleBirthInteger":01}', "Patient.multipleBirthInteger"),
        (b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 2000 + b"}", "Patient.multipleBirthInteger"),
        (b'{"resourceType":"Patient","active":tru', "Patient.active"),
        (b'{"a b":1,"a b":2}', "$this"),
        (b"", "$this"),
        (b'{"resourceType":"Patient","name":[}', "Patient.name[0]"),
        (b'{"id":"\\ud83d\\ude00","name":nul}', "$this.name"),
    ],
)
def test_the_place_is_where_reading_stops(text, place):
    assert json_place(text) == place


def test_it_is_said_over_http(quiet):
    twice = b'{"resourceType":"Patient","gender":"female","gender":"male"}'
    assert expressions(quiet.post("/Patient", twice), 400) == ["Patient.gender"]
    [deep] = expressions(quiet.post("/Patient", DEEP), 400)
    assert deep.startswith("Patient.extension[0][0]")
    assert expressions(quiet.post("/Patient", b"[1]"), 400) == ["Patient"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'<?xml version="1.0"?>\n<!DOCTYPE a>\n<Patient xmlns="http://hl7.org/fhir"/>', 2),
        (b'<Patient xmlns="http://hl7.org/fhir">\n\n<b xmlns="urn:b"/></Patient>', 3),
        (b'<Patient xmlns="http://hl7.org/fhir">\n<name>x</name></Patient>', 2),
        (b'<?xml version="1.0" encoding="UTF-16"?><Patient xmlns="http://hl7.org/fhir"/>', 1),
    ],
)
def test_of_xml_the_line_is_said(quiet, text, line):
    [issue] = issues_of(quiet.post("/Patient", text, Content_Type="application/fhir+xml"), 400)
    assert f"line {line}" in issue["details"]["text"], issue


def test_a_ring_of_contained_resources_is_neither_a_fault_nor_a_loop(hospital):
    ring = [
        {"resourceType": "Organization", "id": one, "name": one, "partOf": {"reference": f"#{other}"}}
        for one, other in (("b", "c"), ("c", "b"))
    ]
    body = patient(contained=ring, managingOrganization={"reference": "#b"})
    answer = hospital.post("/Patient", body)
    assert answer.status_code == 201
    found = hospital.get(f"/Patient/{answer.json['id']}?_include:iterate=Patient:organization")
    assert [one["id"] for one in found.json["contained"]] == ["b", "c"]


def test_hundreds_of_spoilt_documents_are_refused_with_their_places_and_nothing_is_stored(database):
    """The whole size: `yuntu bar A07`."""
    result = mutated_resources.run(database, n=320, seed=7, say=lambda text: None)

    assert result["pass"], {name: said for name, said in result.items() if name.startswith(("first", "figures"))}
    assert result["figures"]["answers"].keys() <= {"400", "409", "412", "413", "415", "422"}
