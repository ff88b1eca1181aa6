"""The trail over FHIR: for the auditor alone, each event a valid resource, each look a row of its own."""

from __future__ import annotations

from fhir_adapters.rules.check import check
from tests.fhir.fhir_kit import WOMAN, expressions, issues_of, resources_in


def test_who_looked_at_a_woman_is_found_by_her(hospital):
    woman = hospital.brings_in()
    other = hospital.brings_in(number="999999199001010025", day="2025-11-03")
    hospital.get(f"/{woman.subject}", "nurse")
    hospital.get(f"/Observation?patient={woman.patient_id}", "nurse")
    hospital.get(f"/{other.subject}", "nurse")

    found = resources_in(hospital.get(f"/AuditEvent?patient={woman.subject}", "auditor").json)

    for one in found:
        assert check(one, type_="AuditEvent") == [], one
    said = [(one["subtype"][0]["code"], one["action"]) for one in found]
    assert {("read", "R"), ("search-type", "E")} <= set(said)
    assert {one["agent"][0]["who"]["identifier"]["value"] for one in found if one["agent"][0]["requestor"]} == {"nurse"}
    assert other.patient_id not in str(found) and WOMAN not in str(found)


def test_the_trail_is_read_page_by_page_and_the_look_is_in_it(hospital):
    hospital.brings_in()
    seen, path = [], "/AuditEvent?_count=2"
    while path and len(seen) < 20:
        page = hospital.get(path, "auditor").json
        seen += [one["id"] for one in resources_in(page)]
        path = next((x["url"].split("/fhir")[1] for x in page["link"] if x["relation"] == "next"), None)

    assert len(seen) == len(set(seen)) and seen == sorted(seen, key=int, reverse=True)
    newest = resources_in(hospital.get("/AuditEvent?_count=1", "auditor").json)[0]
    assert newest["agent"][0]["who"]["identifier"]["value"] == "auditor"
    assert hospital.get(f"/AuditEvent/{newest['id']}", "auditor").json["id"] == newest["id"]
    assert hospital.get("/AuditEvent/none", "auditor").status_code == 404


def test_nobody_else_reads_it_and_what_is_not_understood_is_refused(quiet):
    for who in ("nurse", "his-demo", "it"):
        issues_of(quiet.get("/AuditEvent", who), 403)
        issues_of(quiet.get("/AuditEvent/1", who), 403)
    assert expressions(quiet.get("/AuditEvent?entity=x&date=soon", "auditor"), 400) == ["entity", "date"]
    assert resources_in(quiet.get("/AuditEvent?date=1999-01-01", "auditor").json) == []
