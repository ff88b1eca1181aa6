"""Measure and $evaluate-measure: the numbers of the pages over FHIR, and the women as far as the caller may know."""

from __future__ import annotations

import json

import psycopg
import pytest
from click.testing import CliRunner
from fhir.resources.R4B import get_fhir_model_class

from runtime.cli import main
from runtime.database.roles import as_application
from tests.api.test_indicators import BORN, a_case, at, insert
from tests.api.test_measures import infected
from workflows import indicators

YEAR = "periodStart=2026-01-01&periodEnd=2026-12-31"


def ask(county, path, who="officer", **more):
    return county.ask("GET", f"/fhir/{path}", who, **more)


def evaluated(county, indicator, who="officer", more=""):
    answer = ask(county, f"Measure/{indicator}/$evaluate-measure?{YEAR}{more}", who)
    assert answer.status_code == 200, answer.json
    get_fhir_model_class("MeasureReport").model_validate(answer.json)
    return answer.json


def counts(report):
    return {p["code"]["coding"][0]["code"]: p["count"] for p in report["group"][0]["population"]}


def subjects(report):
    listed = report.get("contained", [])
    return {one["id"]: sorted(e["item"]["reference"] for e in one["entry"]) for one in listed}


def a_patient(county, pregnancy_id, patient_id, organisation="org-twn-1"):
    """The case's episode, as the projection would have written it."""
    key = {"region_id": county.services.region_id, "type": "EpisodeOfCare", "id": pregnancy_id}
    with psycopg.connect(county.url) as conn:
        insert(
            conn,
            "resource",
            **key,
            version=1,
            updated_at=at("2026-02-10"),
            source="engine",
            engine_owned=True,
            owner="",
            content_hash="",
            patient_id=patient_id,
        )


def test_every_indicator_is_a_measure_and_none_is_a_draft(county):
    found = ask(county, "Measure").json

    assert [e["resource"]["id"] for e in found["entry"]] == list(indicators.definitions())
    for entry in found["entry"]:
        get_fhir_model_class("Measure").model_validate(entry["resource"])
    assert ask(county, "Measure?status=draft").json["total"] == 0  # every one is counted
    assert ask(county, "Measure/I-12").json == ask(county, "Measure?_id=I-12").json["entry"][0]["resource"]
    assert ask(county, "Measure?url=https://fhir.example.org/mch/Measure/I-12").json["total"] == 1
    assert ask(county, "Measure/I-99").status_code == 404


def test_a_report_says_what_the_pages_say_by_organisation_too(county):
    a_case(county, **BORN, screened_on="2026-01-12")
    a_case(county, home_organisation="org-twn-2")

    report = evaluated(county, "I-10")

    assert counts(report) == {"denominator": 2, "numerator": 1, "denominator-exclusion": 0}
    assert report["group"][0]["measureScore"] == {
        "value": 50.0,
        "unit": "%",
        "system": "http://unitsofmeasure.org",
        "code": "%",
    }
    strata = report["group"][0]["stratifier"][0]["stratum"]
    assert [(s["value"]["text"], counts({"group": [s]})["numerator"]) for s in strata] == [
        ("org-twn-1", 1),
        ("org-twn-2", 0),
    ]
    assert report["period"] == {"start": "2026-01-01", "end": "2026-12-31"}
    own = evaluated(county, "I-10", more="&reporter=Organization/org-twn-2")
    assert counts(own)["denominator"] == 1 and own["reporter"] == {"reference": "Organization/org-twn-2"}


def test_the_women_are_named_to_those_who_may_know_them_and_counted_for_all(county):
    a_patient(county, a_case(county, screened_on="2026-01-12"), "m1")
    a_patient(county, a_case(county), "m2")
    report = evaluated(county, "I-10", more="&reportType=subject-list")
    assert report["type"] == "subject-list"
    assert subjects(report) == {"numerator": ["Patient/m1"], "denominator": ["Patient/m1", "Patient/m2"]}
    shown = {p["code"]["coding"][0]["code"]: p.get("subjectResults") for p in report["group"][0]["population"]}
    assert shown["numerator"] == {"reference": "#numerator"}

    a_patient(county, infected(county, "hiv"), "m3")
    assert subjects(evaluated(county, "I-22a", "officer", "&reportType=subject-list")) == {
        "denominator": ["Patient/m3"]
    }
    hidden = evaluated(county, "I-22a", "county", "&reportType=subject-list")
    assert subjects(hidden) == {} and counts(hidden)["denominator"] == 1
    rows = county.services.people.audit_rows(subject_id="I-10")
    assert [(r["actor_id"], r["action"], r["detail"]) for r in rows] == [
        ("officer", "evaluate-measure", {"patients": ["m1", "m2"]})
    ]


def test_a_hospital_system_gets_its_own_number_and_no_other(county):
    a_case(county)
    near = a_case(county, home_organisation="org-hospital")
    a_patient(county, near, "m1")

    report = evaluated(county, "I-10", "his-demo", "&reportType=subject-list")

    assert counts(report)["denominator"] == 1 and subjects(report) == {"denominator": ["Patient/m1"]}
    assert report["reporter"] == {"reference": "Organization/org-hospital"}
    assert (
        ask(county, f"Measure/I-10/$evaluate-measure?{YEAR}&reporter=Organization/org-twn-1", "his-demo").status_code
        == 404
    )


@pytest.mark.parametrize("who", ["nurse", "doctor", "village"])
def test_indicators_are_for_those_who_count(county, who):
    assert ask(county, f"Measure/I-10/$evaluate-measure?{YEAR}", who).status_code == 403


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (f"I-77/$evaluate-measure?{YEAR}", 404),
        ("I-10/$evaluate-measure?periodStart=2026-01-01", 400),
        ("I-10/$evaluate-measure?periodStart=2026-12-31&periodEnd=2026-01-01", 400),
        ("I-10/$evaluate-measure?periodStart=x&periodEnd=y", 400),
        (f"I-10/$evaluate-measure?{YEAR}&reportType=all", 400),
        (f"I-10/$evaluate-measure?{YEAR}&subjekt=1", 400),
        (f"I-10/$evaluate-measure?{YEAR}&reporter=Organization/none", 404),
    ],
)
def test_what_cannot_be_evaluated_is_said(county, asked, status):
    answer = ask(county, f"Measure/{asked}")

    assert answer.status_code == status
    assert answer.json["resourceType"] == "OperationOutcome" and answer.json["issue"][0]["details"]["text"]


def test_parameters_may_be_posted_and_a_measure_named_by_its_canonical(county):
    a_case(county)
    given = {
        "measure": "https://fhir.example.org/mch/Measure/I-10|1",
        "periodStart": "2026-01-01",
        "periodEnd": "2026-12-31",
    }
    body = {"resourceType": "Parameters", "parameter": [{"name": n, "valueString": v} for n, v in given.items()]}

    answer = county.ask("POST", "/fhir/Measure/$evaluate-measure", "officer", json=body)

    assert answer.status_code == 200 and counts(answer.json)["denominator"] == 1


def test_the_command_prints_the_same_as_a_bundle(county):
    a_case(county, screened_on="2026-01-12")
    environment = {
        "YUNTU_HOME": str(county.settings.home),
        "YUNTU_DATABASE_URL": as_application(county.url),
        "YUNTU_CLOCK": "system",
    }
    done = CliRunner().invoke(main, ["indicators", "--period", "2026", "--format", "fhir"], env=environment)
    assert done.exit_code == 0, done.output

    made = json.loads(done.output)
    get_fhir_model_class("Bundle").model_validate(made)
    reports = {r["measure"]: r for e in made["entry"] if (r := e["resource"])["resourceType"] == "MeasureReport"}
    assert counts(reports["https://fhir.example.org/mch/Measure/I-10|1"])["numerator"] == 1
    assert len(made["entry"]) == 2 * len(indicators.definitions())
