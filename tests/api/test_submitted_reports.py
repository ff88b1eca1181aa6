"""A report that is handed in is kept as it was: read over FHIR, counted again beside it, corrected by another."""

from __future__ import annotations

from fhir.resources.R4B import get_fhir_model_class

from tests.api.test_indicators import BORN, a_case

PATH = "/api/indicators/reports"


def hand_in(county, who="officer", **body):
    return county.ask("POST", PATH, who, json={"period": "2026Q1", **body})


def over(county):
    """The quarter is over."""
    answer = county.ask("POST", "/api/clock", "officer", json={"to": "2026-04-02T09:00:00+08:00"})
    assert answer.status_code == 200, answer.json


def test_a_report_is_frozen_a_later_count_stands_beside_it_and_a_correction_refers_to_it(county):
    a_case(county, **BORN, early_registration=True)
    assert hand_in(county).json["code"] == "period-open"
    over(county)
    assert hand_in(county, "nurse").status_code == 403

    key = {"headers": {"Idempotency-Key": "q1"}, "json": {"period": "2026Q1"}}
    first = county.ask("POST", PATH, "officer", **key)
    assert first.status_code == 201, first.json
    assert county.ask("POST", PATH, "officer", **key).json == first.json
    assert (first.json["submitted_by"], first.json["late"]) == ("officer", False)
    assert hand_in(county).status_code == 409

    (report,) = found(county, f"measure=I-05&identifier={first.json['id']}")
    get_fhir_model_class("MeasureReport").model_validate(report)
    assert counts(report) == (1, 1)

    a_case(county, **BORN, early_registration=False)  # found out about afterwards
    shown = county.ask("GET", f"{PATH}/{first.json['id']}", "officer").json
    (row,) = [one for one in shown["indicators"] if one["id"] == "I-05"]
    assert (row["submitted"]["denominator"], row["now"]["denominator"], row["differs"]) == (1, 2, True)
    assert county.ask("GET", f"/fhir/MeasureReport/{report['id']}", "officer").json == report

    assert hand_in(county, replaces=first.json["id"]).json["code"] == "reason"
    second = hand_in(county, replaces=first.json["id"], reason="补录一例")
    assert second.status_code == 201, second.json
    assert hand_in(county, replaces=first.json["id"], reason="再来").status_code == 409
    (corrected,) = found(county, f"measure=I-05&identifier={second.json['id']}")
    said = {one["url"].rpartition("/")[2]: one for one in corrected["extension"]}
    assert said["replaces"]["valueReference"]["reference"] == f"MeasureReport/{report['id']}"
    assert counts(corrected) == (1, 2) and said["submitted-by"]["valueString"] == "officer"
    paged, link = [], "/fhir/MeasureReport?_count=20"
    while link is not None:
        page = county.ask("GET", link[link.index("/fhir") :], "officer").json
        assert len(page["entry"]) <= 20
        paged += [entry["resource"]["id"] for entry in page["entry"]]
        link = next((each["url"] for each in page["link"] if each["relation"] == "next"), None)
    assert page["total"] == len(paged) == len(set(paged)) == len(found(county, "_count=500")) > 40
    listed = county.ask("GET", PATH, "officer").json["items"]
    assert {one["id"]: one["replaced_by"] for one in listed} == {
        first.json["id"]: second.json["id"],
        second.json["id"]: None,
    }


def test_strangers_read_no_report_and_what_is_asked_wrongly_is_said(county):
    assert county.ask("GET", "/fhir/MeasureReport", "nurse").status_code == 403
    assert county.ask("GET", "/fhir/MeasureReport/none-such", "officer").status_code == 404
    assert county.ask("GET", "/fhir/MeasureReport?colour=red", "officer").status_code == 400
    assert county.ask("GET", "/fhir/MeasureReport?date=tomorrow", "officer").status_code == 400
    assert county.ask("GET", "/fhir/MeasureReport?_count=many", "officer").status_code == 400
    assert hand_in(county, replaces="x").status_code == 422


def found(county, query):
    answer = county.ask("GET", f"/fhir/MeasureReport?{query}", "officer")
    assert answer.status_code == 200, answer.json
    return [entry["resource"] for entry in answer.json.get("entry", ())]


def counts(report):
    said = {part["code"]["coding"][0]["code"]: part["count"] for part in report["group"][0]["population"]}
    return said["numerator"], said["denominator"]
