"""JSON and XML say the same; a part of a resource says that it is a part."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from engine.errors import Malformed
from engine.store import plain
from fhir_adapters.formats import xml
from fhir_adapters.subsets import Subset, cut
from tests.fhir.fhir_kit import BORN, WOMAN, expressions, issues_of, observation, patient, registration

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
XML = {"Content_Type": "application/fhir+xml", "Accept": "application/fhir+xml"}


def golden():
    for path in GOLDEN:
        found = plain.loads(path.read_bytes())
        for number, one in enumerate(found if isinstance(found, list) else [found]):
            yield pytest.param(one, id=f"{path.stem}-{number}")


@pytest.mark.parametrize("resource", list(golden()))
def test_every_golden_resource_survives_the_way_through_xml(resource):
    assert xml.loads(xml.dumps(resource)) == resource


RARE = {
    "resourceType": "Patient",
    "id": "p",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">王小红 &amp; 𠮷<br/></div>'},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "某某医院"}],
    "extension": [
        {"url": "urn:x", "valueDecimal": Decimal("0.40")},
        {"url": "urn:y", "extension": [{"url": "z", "valueCode": "c"}]},
    ],
    "name": [
        {"id": "n1", "given": [None, "红"], "_given": [{"extension": [{"url": "urn:x", "valueString": "?"}]}, None]}
    ],
    "_birthDate": {"extension": [{"url": "urn:t", "valueDateTime": "2026-10-03T01:09:00+08:00"}]},
    "birthDate": "2026-10-03",
    "multipleBirthInteger": 1,
}


def test_extensions_of_primitives_narrative_contained_and_digits_survive():
    assert xml.loads(xml.dumps(RARE)) == RARE
    text = xml.dumps(RARE).decode()
    assert "王小红" in text and "𠮷" in text and 'value="0.40"' in text and '<name id="n1">' in text


def test_elements_stand_in_the_order_of_their_definition():
    root = etree.fromstring(xml.dumps({**RARE, "active": True}))

    names = [etree.QName(child).localname for child in root]
    assert names.index("id") < names.index("text") < names.index("active") < names.index("name")
    assert names.index("birthDate") < names.index("multipleBirthInteger")


BOMBS = [
    b"",
    b"<Patient",
    b"<Patient/>",
    b'<Patient xmlns="http://hl7.org/fhir">text</Patient>',
    b'<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"><id value="&a;"/></Patient>',
    b'<?xml version="1.0" encoding="UTF-16"?>' + "<Patient/>".encode("utf-16"),
    b'<Patient xmlns="http://hl7.org/fhir"><id value="&unknown;"/></Patient>',
    b'<Patient xmlns="http://hl7.org/fhir">' + b'<extension url="u">' * 200 + b"</extension>" * 200 + b"</Patient>",
    b'<Patient xmlns="http://hl7.org/fhir">' + b'<extension url="u">' * 9000 + b"</extension>" * 9000 + b"</Patient>",
    b'<Patient xmlns="http://hl7.org/fhir"><other xmlns="urn:x"/></Patient>',
    b'<Patient xmlns="http://hl7.org/fhir" xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="x"/></Patient>',
]


@pytest.mark.parametrize("body", BOMBS, ids=range(len(BOMBS)))
def test_what_is_no_xml_of_ours_is_refused_before_it_is_read(quiet, body):
    with pytest.raises(Malformed):
        xml.loads(body)
    answer = quiet.ask("POST", "/Patient", body, Content_Type="application/fhir+xml")
    issues_of(answer, 400)


@pytest.mark.parametrize(
    "inner, place",
    [
        ('<shoeSize value="42"/>', "Patient.shoeSize"),
        ('<gender value="nan"/>', "Patient.gender"),
        ('<active value="yes"/>', "Patient.active"),
        ('<birthDate value="2026-02-30"/>', "Patient.birthDate"),
        ('<gender value="male"/><gender value="female"/>', "Patient.gender"),
        ('<name><text value=""/></name>', "Patient.name[0].text"),
        ('<name note="x"/>', "Patient.name[0].note"),
        ("<maritalStatus/>", "Patient.maritalStatus"),
        ("<contained><Nothing/></contained>", "Patient.contained[0].resourceType"),
    ],
)
def test_a_fault_in_xml_is_named_at_its_place(quiet, inner, place):
    body = f'<Patient xmlns="http://hl7.org/fhir">{inner}</Patient>'.encode()

    answer = quiet.ask("POST", "/Patient", body, **XML)

    assert answer.content_type.startswith("application/fhir+xml")
    outcome = xml.loads(answer.get_data())
    assert answer.status_code == 422
    assert place in [at for issue in outcome["issue"] for at in issue["expression"]]


def test_a_hospital_may_speak_xml_alone(hospital):
    sent = registration()

    answer = hospital.ask("POST", "", xml.dumps(sent), **XML)
    done = xml.loads(answer.get_data())
    path = done["entry"][0]["response"]["location"].split("/fhir")[1].split("/_history")[0]
    found = hospital.get(f"{path}?_format=xml")

    assert answer.headers["X-MCH-Correlated"].startswith("case/")
    assert xml.loads(found.get_data())["birthDate"] == BORN
    assert hospital.get(path, Accept="application/fhir+xml;q=0.5, application/fhir+json").json["birthDate"] == BORN
    searched = xml.loads(hospital.get("/Task?status=ready", Accept="application/xml").get_data())
    assert searched["entry"][0]["resource"]["resourceType"] == "Task"
    assert hospital.get("/metadata?_format=xml", who=None).get_data().startswith(b"<?xml")
    assert hospital.get(f"{path}", Accept="application/fhir+xml", If_None_Match='W/"1"').status_code == 304


def test_what_came_in_xml_is_read_in_json_to_the_last_digit(hospital):
    woman = hospital.brings_in()
    sent = observation("718-7", woman.subject, valueQuantity={"value": Decimal("110.00"), "unit": "g/L"})

    answer = hospital.ask("POST", "/Observation", xml.dumps(sent), Content_Type="application/fhir+xml")

    assert '"value":110.00' in answer.get_data(as_text=True)


def test_a_pretty_answer_keeps_its_digits(hospital):
    woman = hospital.brings_in()
    made = hospital.post(
        "/Observation", observation("718-7", woman.subject, valueQuantity={"value": Decimal("6.70"), "unit": "g/L"})
    )

    text = hospital.get(f"/Observation/{made.json['id']}?_pretty=true").get_data(as_text=True)

    assert '\n  "resourceType": "Observation"' in text and '"value": 6.70' in text


def test_parts_hold_what_was_asked_for_and_what_must_be_there():
    whole = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}, "valueInteger": 1}
    whole |= {"text": {"status": "generated", "div": "<div/>"}, "note": [{"text": "n"}]}

    def names(subset):
        return set(cut(whole, subset)) - {"resourceType", "id", "meta"}

    assert names(Subset("true")) == {"status", "code", "valueInteger"}
    assert names(Subset("text")) == {"text", "status", "code"}
    assert names(Subset("data")) == {"status", "code", "valueInteger", "note"}
    assert names(Subset(elements=frozenset({"value"}))) == {"status", "code", "valueInteger"}
    assert names(Subset(elements=frozenset({"Patient.note"}))) == {"status", "code"}
    assert names(Subset()) == {"status", "code", "valueInteger", "text", "note"}


def test_a_part_says_that_it_is_one_and_the_stored_resource_stays_whole(hospital):
    woman = hospital.brings_in()

    part = hospital.get(f"/{woman.subject}?_elements=gender").json
    found = hospital.get("/Patient?_elements=gender&_summary=false").json
    whole = hospital.get(f"/{woman.subject}").json

    assert part["gender"] == "female" and WOMAN not in json.dumps(part)
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert found["entry"][0]["resource"]["meta"]["tag"] and "name" not in found["entry"][0]["resource"]
    assert whole["name"] == patient()["name"] and "tag" not in whole["meta"]
    issues_of(hospital.get("/Patient?_summary=most"), 400)


@pytest.mark.parametrize("odd", ["\x01", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_what_xml_cannot_say_is_refused_and_shown_where_it_is_stored(quiet, odd):
    asked = {"resourceType": "Patient", "name": [{"text": f"a{odd}b"}], "gender": "female"}

    assert expressions(quiet.post("/Patient", asked), 422) == ["Patient.name[0].text"]
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">a{odd}b</div>'}
    assert xml.loads(xml.dumps({**asked, "text": text}))["name"] == [{"text": "a\ufffdb"}]
