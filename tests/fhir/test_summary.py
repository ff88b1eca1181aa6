"""`Patient/$summary` and `PlanDefinition/$apply`: made when they are asked for, and kept by nobody."""

from __future__ import annotations

import pytest

from fhir_adapters.rules.check import check
from tests.fhir.fhir_kit import ID_CARD, WOMAN, coded, expressions, issues_of, observation

NEEDED = ("11450-4", "48765-2", "10160-0")  # sections that IPS asks for, also when nothing is known
JOURNEY = "/PlanDefinition/pregnancy-journey/$apply"


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


@pytest.fixture
def elsewhere(hospital):
    keys = {"keys": [hospital.services.people.client("his-demo").jwks["keys"][0]]}
    hospital.services.people.add_client(
        name="elsewhere", organisation_id="org-twn-2", scopes=["system/*.cruds"], jwks=keys
    )
    return "elsewhere"


def codes_of(summary):
    return [section["code"]["coding"][0]["code"] for section in summary["entry"][0]["resource"]["section"]]


def test_a_summary_has_its_sections_and_names_nothing_that_is_not_in_it(hospital, woman):
    hb = {"value": 101, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
    made = hospital.post("/Observation", observation("718-7", woman.subject, valueQuantity=hb)).json
    before = hospital.count()

    summary = hospital.get(f"/{woman.subject}/$summary").json

    assert check(summary, type_="Bundle") == [] and summary["type"] == "document"
    assert codes_of(summary)[:3] == list(NEEDED) and hospital.count() == before
    composition = summary["entry"][0]["resource"]
    inside = {one["fullUrl"].split("/fhir/")[-1] for one in summary["entry"]}
    named = [e["reference"] for section in composition["section"] for e in section.get("entry", ())]
    assert named and set(named) <= inside and f"Observation/{made['id']}" in named
    empty = next(s for s in composition["section"] if s["code"]["coding"][0]["code"] == "10160-0")
    assert empty["emptyReason"]["coding"][0]["code"] == "unavailable"


def test_she_is_found_by_identity_and_not_by_who_may_not_know_her(hospital, woman, elsewhere):
    by_number = hospital.get(f"/Patient/$summary?identifier={ID_CARD}|{WOMAN}").json

    assert by_number["entry"][0]["resource"]["subject"]["reference"] == woman.subject
    issues_of(hospital.get(f"/{woman.subject}/$summary", elsewhere), 404)
    issues_of(hospital.get(f"/Patient/$summary?identifier={ID_CARD}|{WOMAN}", elsewhere), 404)
    issues_of(hospital.get("/Patient/none/$summary"), 404)


def test_a_secret_is_not_in_the_summary_of_who_may_not_know_it(hospital, woman):
    secret = observation("56888-1", woman.subject, valueCodeableConcept=coded("http://loinc.org", "LA6576-8"))
    made = hospital.post("/Observation", secret).json
    with hospital.pool.connection() as conn:
        conn.execute("INSERT INTO patient_area VALUES (%s, %s, 'org-vil-1')", [hospital.region_id, woman.patient_id])

    said = {who: hospital.get(f"/{woman.subject}/$summary", who).get_data(as_text=True) for who in ("nurse", "village")}

    assert made["id"] in said["nurse"] and made["id"] not in said["village"]


def test_what_is_not_understood_is_refused(quiet):
    assert expressions(quiet.get("/Patient/$summary"), 400) == ["identifier"]
    assert expressions(quiet.get("/Patient/$summary?identifier=1&graph=x"), 400) == ["graph"]
    assert expressions(quiet.get("/Patient/x/$summary?identifier=a|b"), 400) == ["identifier"]
    assert expressions(quiet.get("/Patient/$summary?identifier=12"), 400) == ["identifier"]


def test_a_plan_is_proposed_from_the_last_menstrual_period_and_the_regional_pack(hospital, woman):
    before = hospital.count()

    plan = hospital.get(f"{JOURNEY}?subject={woman.subject}&lmp=2025-10-20&pack=cn-baseline").json

    assert check(plan, type_="CarePlan") == [] and hospital.count() == before
    assert (plan["status"], plan["intent"]) == ("draft", "proposal")
    windows = {one["id"]: one["requestedPeriod"][0] for one in plan["contained"]}
    assert [one["reference"]["reference"] for one in plan["activity"]] == [f"#{id_}" for id_ in windows]
    assert windows["anc-2"] == {"start": "2026-02-09", "end": "2026-03-15"}  # 16+0 to 20+6 weeks
    assert windows["postnatal-42d"] == {"start": "2026-09-07", "end": "2026-09-21"}  # due 27 July, and 42 to 56 days
    parameters = [
        {"name": "subject", "valueReference": {"reference": woman.subject}},
        {"name": "lmp", "valueDate": "2025-10-20"},
    ]
    by_post = hospital.post(JOURNEY, {"resourceType": "Parameters", "parameter": parameters}).json
    assert by_post["contained"][0]["requestedPeriod"]


@pytest.mark.parametrize(
    "asked, status, places",
    [
        ("", 400, ["subject", "lmp"]),
        ("?subject=Patient/x&lmp=soon", 400, ["lmp"]),
        ("?subject=Patient/x&lmp=2999-01-01", 400, ["lmp"]),
        ("?subject=Patient/x&lmp=2025-10-20&pack=nowhere", 400, ["pack"]),
        ("?subject=Group/x&lmp=2025-10-20", 400, ["subject"]),
        ("?subject=Patient/x&lmp=2025-10-20&encounter=y", 400, ["encounter"]),
        ("?subject=Patient/none&lmp=2025-10-20", 404, ["subject"]),
    ],
)
def test_a_plan_of_what_cannot_be_planned_is_refused_with_its_place(quiet, asked, status, places):
    assert expressions(quiet.get(f"{JOURNEY}{asked}"), status) == places


def test_only_the_pathway_is_applied(quiet):
    issues_of(quiet.get("/PlanDefinition/none/$apply?subject=Patient/x&lmp=2025-10-20"), 404)
    issues_of(quiet.get("/PlanDefinition/referral/$apply?subject=Patient/x&lmp=2025-10-20"), 422)


def test_everything_refuses_what_it_does_not_understand(hospital, woman):
    at = f"/{woman.subject}/$everything"
    assert expressions(hospital.get(f"{at}?start=2026-01-01&_count=none"), 400) == ["start"]
    assert expressions(hospital.get(f"{at}?_count=none"), 400) == ["_count"]
    assert expressions(hospital.get(f"{at}?_since=2026&_since=2025"), 400) == ["_since"]
    body = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Task"}, {"name": "_count"}]}
    assert expressions(hospital.post(at, body), 400) == ["Parameters.parameter[1]"]


def test_everything_asked_for_by_parameters_goes_on_as_it_began(hospital, woman):
    parameters = [{"name": name, "valueCode": type_} for name, type_ in (("_type", "Task"), ("_type", "Observation"))]
    parameters.append({"name": "_count", "valueInteger": 1})
    page = hospital.post(f"/{woman.subject}/$everything", {"resourceType": "Parameters", "parameter": parameters}).json
    seen = []
    while page:
        seen += [one["resource"] for one in page.get("entry", ()) if one["search"]["mode"] == "match"]
        path = next((x["url"].split("/fhir")[1] for x in page["link"] if x["relation"] == "next"), None)
        page = hospital.get(path).json if path else None

    assert {one["resourceType"] for one in seen} == {"Task", "Observation"}
    assert len(seen) == len({(one["resourceType"], one["id"]) for one in seen})
