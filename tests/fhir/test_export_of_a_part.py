"""An export of a part: filters, elements, a time before which, named women. What is not understood is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fhir_adapters.rules.check import check
from tests.fhir.fhir_kit import expressions, issues_of, observation
from tests.fhir.test_export import ASYNC, contents, exported

OTHER = "999999199203040026"
HB = {"value": 101, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
WBC = {"value": 7, "unit": "10*9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"}


@pytest.fixture
def woman(hospital):
    found = hospital.brings_in()
    for code, value in (("718-7", HB), ("6690-2", WBC)):
        made = observation(code, found.subject, valueQuantity=value)
        assert hospital.post("/Observation", made).status_code == 201
    return found


def asking(*listed):
    parameters = [{"name": name, **value} for name, value in listed]
    return {"resourceType": "Parameters", "parameter": parameters}


def codes(found):
    return sorted({one["code"]["coding"][0]["code"] for one in found.get("Observation", ())})


def test_a_type_is_filtered_by_any_of_its_searches_and_the_others_are_whole(hospital, woman):
    whole = contents(hospital, exported(hospital, "/$export?_type=Observation,Task"))
    query = "_typeFilter=Observation%3Fcode%3D718-7,Observation%3Fcode%3D6690-2%26status%3Dfinal"

    found = contents(hospital, exported(hospital, f"/$export?_type=Observation,Task&{query}"))

    assert codes(found) == ["6690-2", "718-7"] and codes(whole) != codes(found)
    assert sorted(one["id"] for one in found["Task"]) == sorted(one["id"] for one in whole["Task"])
    hits = hospital.search("/Observation?code=718-7,6690-2&_count=500")
    assert {one["id"]: one for one in found["Observation"]} == {one["id"]: one for one in hits}


def test_a_filter_that_nothing_meets_makes_no_file(hospital, woman):
    manifest = exported(hospital, "/$export?_type=Observation&_typeFilter=Observation%3Fcode%3D1-1")

    assert manifest["output"] == []


def test_elements_are_cut_and_the_cut_is_said(hospital, woman):
    found = contents(
        hospital, exported(hospital, "/$export?_type=Observation,Patient&_elements=Patient.birthDate,value")
    )

    for one in (one for listed in found.values() for one in listed):
        assert "SUBSETTED" in str(one["meta"]["tag"]) and check(one, type_=one["resourceType"]) == []
    [patient] = found["Patient"]
    assert set(patient) == {"resourceType", "id", "meta", "birthDate"}
    hb = next(one for one in found["Observation"] if one["code"]["coding"][0]["code"] == "718-7")
    assert hb["valueQuantity"]["value"] == 101 and "subject" not in hb  # code and status must be there


def test_until_leaves_out_what_was_changed_since(hospital, woman):
    hospital.clock.set(hospital.services.clock() + timedelta(days=15))
    hospital.post("/Observation", observation("777-3", woman.subject, valueQuantity=WBC))

    before = contents(hospital, exported(hospital, "/$export?_type=Observation&_until=2026-01-10"))
    every = contents(hospital, exported(hospital, "/$export?_type=Observation"))

    assert "777-3" in codes(every) and "777-3" not in codes(before) and "718-7" in codes(before)


def test_named_women_alone(hospital, woman):
    other = hospital.brings_in(number=OTHER, day="2025-11-03")
    body = asking(
        ("patient", {"valueReference": {"reference": other.subject}}), ("_type", {"valueString": "Patient,Observation"})
    )

    found = contents(hospital, exported(hospital, "/Patient/$export", body=body))
    group = contents(hospital, exported(hospital, "/Group/org-org-hospital/$export", body=body))

    assert [one["id"] for one in found["Patient"]] == [other.patient_id]
    assert {one["subject"]["reference"] for one in found["Observation"]} == {other.subject}
    assert [one["id"] for one in group["Patient"]] == [other.patient_id]


def test_a_woman_whom_the_caller_may_not_know_is_refused(hospital, woman):
    body = asking(("patient", {"valueReference": {"reference": "Patient/none"}}))

    assert expressions(hospital.ask("POST", "/Patient/$export", body, **ASYNC), 400) == ["patient"]


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/$export?_typeFilter=Observation", None, "_typeFilter"),
        ("/$export?_typeFilter=Nothing%3Fcode%3D1", None, "_typeFilter"),
        ("/$export?_type=Patient&_typeFilter=Observation%3Fcode%3D1", None, "_typeFilter"),
        ("/$export?_typeFilter=Observation%3Fshoe-size%3D1", None, "_typeFilter"),
        ("/$export?_typeFilter=Observation%3Fpatient.name%3Dx", None, "_typeFilter"),
        ("/$export?_typeFilter=Observation%3Fcode%3Aof-type%3Dx", None, "_typeFilter"),
        ("/$export?_elements=shoeSize", None, "_elements"),
        ("/$export?_elements=Patient.code", None, "_elements"),
        ("/$export?_until=soon", None, "_until"),
        ("/$export?_since=2026-01-04&_until=2026-01-03", None, "_until"),
        ("/$export?includeAssociatedData=LatestProvenanceResources", None, "includeAssociatedData"),
        ("/Patient/$export?patient=Patient/x", None, "patient"),
        ("/$export", asking(("patient", {"valueReference": {"reference": "Patient/x"}})), "patient"),
        ("/Patient/$export", asking(("patient", {"valueReference": {"reference": "Group/x"}})), "patient"),
        ("/Patient/$export", asking(("patient", {"valueString": "Patient/x"})), "Parameters.parameter[0]"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(quiet, path, body, place):
    answer = quiet.ask("POST" if body else "GET", path, body, **ASYNC)

    assert set(expressions(answer, 400)) == {place}
    assert all(issue["details"]["text"] for issue in issues_of(answer, 400))
