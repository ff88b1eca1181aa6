"""The rules say what the models do not: bindings, targets, invariants, how a primitive is written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_adapters.rules.bindings import COMPLETE
from fhir_adapters.rules.check import check
from fhir_adapters.rules.primitives import fits
from fhir_adapters.rules.shapes import shape
from fhir_adapters.types import TYPES
from tests.fhir.fhir_kit import observation, patient


def faults(resource):
    return [issue.expression for issue in check(resource, type_=resource["resourceType"])]


@pytest.mark.parametrize("type_", TYPES)
def test_no_binding_of_a_type_we_take_is_cut_short(type_):
    for name, field in get_fhir_model_class(type_).model_fields.items():
        values = (field.json_schema_extra or {}).get("enum_values", [])
        if "+" in values:
            complete = COMPLETE[f"{type_}.{name}"]
            assert set(values) - {"+"} <= complete and len(complete) > len(values)


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_we_take_has_a_shape(type_):
    assert {"id", "meta", "extension"} <= shape(type_).elements.keys()


@pytest.mark.parametrize(
    "kind, good, bad",
    [
        ("boolean", [True, False], ["true", 1, None]),
        ("integer", [0, -5, 2**31 - 1], [2**31, "1", True, Decimal("1.0")]),
        ("positiveInt", [1], [0, -1]),
        ("decimal", [1, Decimal("0.40"), Decimal("1E+2")], ["1", True, Decimal("1." + "1" * 18)]),
        ("string", ["红 a", "a\nb"], ["", "  ", 5]),
        ("code", ["a", "a b"], ["a  b", " a", "a "]),
        ("id", ["A-1.b", "x" * 64], ["a_b", "x" * 65, ""]),
        ("date", ["2026", "2026-02", "2026-02-28"], ["2026-02-30", "2026-2-1", "26", "2026-01-01T00:00:00Z", "0000"]),
        (
            "dateTime",
            ["2026", "2026-05-20T09:31:00+08:00", "2026-05-20T09:31:00.123Z"],
            ["2026-05-20T09:31:00", "2026-05-20T09:31Z", "2026-05-20 09:31:00Z", "2026-05-20T25:00:00Z"],
        ),
        ("instant", ["2026-05-20T09:31:00.500+08:00"], ["2026-05-20", "2026-05-20T09:31:00"]),
        ("base64Binary", ["aGk="], ["aGk", "a Gk=", "", "!"]),
        ("uri", ["urn:oid:1.2", "https://x.example/a"], ["a b", ""]),
        ("xhtml", ["<div>血压</div>"], ["text", "<div onclick='x'>a</div>", "<div><iframe/></div>"]),
    ],
)
def test_a_primitive_is_written_in_one_way(kind, good, bad):
    assert [value for value in good if not fits(kind, value)] == []
    assert [value for value in bad if fits(kind, value)] == []


def test_an_extension_on_a_primitives_extension_is_legal():
    deep = {"url": "u", "_valueString": {"extension": [{"url": "a", "valueString": "b"}]}}

    assert faults(patient(extension=[deep])) == []


@pytest.mark.parametrize("odd", [5, None, True, "x", {}, [], [5], [None], [[]], [{"url": 5}]])
def test_an_odd_extension_of_a_primitive_is_refused_in_its_place(odd):
    [place] = {place[: len("Patient.birthDate.extension")] for place in faults(patient(_birthDate={"extension": odd}))}

    assert place == "Patient.birthDate.extension"


def test_an_element_may_be_there_by_its_extension_alone():
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    unknown = patient(_birthDate=absent)
    del unknown["birthDate"]

    assert faults(unknown) == []


@pytest.mark.parametrize(
    "parts, place",
    [
        (
            {"component": [{"code": {"text": "x"}, "valueInteger": 1, "dataAbsentReason": {"text": "y"}}]},
            "Observation.component[0]",
        ),
        ({"effectivePeriod": {"start": "2026-02-01", "end": "2026-01-01"}}, "Observation.effectivePeriod"),
        ({"valueQuantity": {"value": 1, "code": "g"}}, "Observation.valueQuantity"),
        ({"hasMember": [{"type": "Observation"}]}, "Observation.hasMember[0]"),
    ],
)
def test_an_invariant_is_found_where_it_is_broken(parts, place):
    broken = observation("718-7", "Patient/1", **parts)
    if "effectivePeriod" in parts:
        del broken["effectiveDateTime"]

    assert place in faults(broken)


def test_a_value_beside_a_component_of_the_same_code_is_refused():
    twice = observation("718-7", "Patient/1", valueInteger=1)
    twice["component"] = [{"code": twice["code"], "valueInteger": 1}]

    assert faults(twice) == ["Observation"]


@pytest.mark.parametrize("target", ["Medication/1", "https://x.example/fhir/Medication/1", "Medication/1/_history/2"])
def test_a_reference_to_another_type_is_found_in_every_spelling(target):
    assert faults(observation("718-7", target)) == ["Observation.subject.reference"]


@pytest.mark.parametrize(
    "target", ["Patient/1", "urn:uuid:1", "#p", "https://x.example/fhir/Patient/1", "Patient?identifier=a|b"]
)
def test_a_reference_that_fits_is_let_through(target):
    inside = [{"resourceType": "Patient", "id": "p"}] if target == "#p" else None

    assert faults(observation("718-7", target, **({"contained": inside} if inside else {}))) == []


def test_a_document_with_very_many_faults_is_answered_with_the_first_hundred():
    many = patient(name=[{"text": 5}] * 500)

    assert len(faults(many)) == 100


def pressure(*values, **more):
    parts = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": value}
        for code, value in zip(("8480-6", "8462-4"), values)
    ]
    return {**observation("85354-9", "Patient/1", component=parts), **more}


def test_a_unit_that_can_be_turned_into_the_items_is_taken_and_another_is_refused_at_its_place():
    ucum = {"system": "http://unitsofmeasure.org"}
    kpa, wrong = {"value": Decimal("18.7"), "code": "kPa", **ucum}, {"value": 94, "code": "mmHg", **ucum}

    assert faults(pressure(kpa, {"value": 94, "unit": "毫米汞柱"})) == []
    assert faults(pressure(kpa, wrong)) == ["Observation.component[1].valueQuantity.code"]
    assert faults(pressure({"value": 146, "unit": "g"}, wrong)) == [
        "Observation.component[0].valueQuantity.unit",
        "Observation.component[1].valueQuantity.code",
    ]
    assert faults(pressure({"value": 146}, kpa)) == ["Observation.component[0].valueQuantity"]
    assert faults(pressure(wrong, wrong, status="entered-in-error")) == []  # it can be taken back

    [issue] = check(pressure(kpa, wrong), type_="Observation")
    assert (issue.code, issue.allowed) == ("MCH-V-0106", "mm[Hg] | kPa")


def test_a_measure_of_nothing_we_know_may_have_any_unit_and_a_score_none():
    assert faults(observation("1988-5", "Patient/1", valueQuantity={"value": 5, "unit": "mg/L"})) == []
    assert faults(observation("9272-6", "Patient/1", valueQuantity={"value": 9})) == []
    assert faults(observation("14771-0", "Patient/1", valueQuantity={"value": 92, "unit": "mg/dL"})) == [
        "Observation.valueQuantity.unit"  # mass is no amount of substance
    ]


@pytest.mark.parametrize("code", ["99999-12", "718-8", "HB"])
def test_an_invented_loinc_number_is_refused_beside_a_true_one_too(code):
    coded = [{"system": "http://loinc.org", "code": one} for one in ("718-7", code)]
    quantity = {"value": 98, "unit": "g/L"}
    sent = {**observation("718-7", "Patient/1", valueQuantity=quantity), "code": {"coding": coded}}

    found = check(sent, type_="Observation")

    assert [(issue.code, issue.expression) for issue in found] == [("MCH-V-0107", "Observation.code.coding[1].code")]
