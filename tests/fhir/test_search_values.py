"""Searches by value, by what refers to a resource, in the order of several keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.store import plain
from fhir_adapters.issues import FhirError
from fhir_adapters.search import index
from fhir_adapters.search.computed import Unreadable, quantity
from fhir_adapters.search.index import entries, written
from fhir_adapters.search.parameters import PARAMETERS
from fhir_adapters.search.query import Here, read_query
from fhir_adapters.store.texts import elements, split
from tests.fhir.fhir_kit import (
    ID_CARD,
    WOMAN,
    coded,
    entry,
    expressions,
    issues_of,
    observation,
    patient,
    resources_in,
    transaction,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden"
UCUM = "http://unitsofmeasure.org"


def measured(value, unit="mm[Hg]"):
    return {"value": Decimal(value), "unit": "mmHg", "system": UCUM, "code": unit}


def pressure(subject, sbp, dbp, at):
    parts = [
        {"code": coded("http://loinc.org", code), "valueQuantity": measured(value)}
        for code, value in (("8480-6", sbp), ("8462-4", dbp))
    ]
    return observation("85354-9", subject, at=at, component=parts)


@pytest.fixture
def woman(hospital):
    """With three haemoglobins and two pressures."""
    woman = hospital.brings_in()
    days = ("2026-01-02", "2026-01-03", "2026-01-04")
    sent = [
        observation("718-7", woman.subject, at=day, valueQuantity=measured(value, "g/L"))
        for day, value in zip(days, ("110.0", "98", "121.5"))
    ]
    sent += [pressure(woman.subject, "146", "94", days[0]), pressure(woman.subject, "118", "76", days[1])]
    sent.append(
        observation(
            "883-9", woman.subject, valueCodeableConcept={**coded("urn:abo", "A"), "text": "A型"}, status="amended"
        )
    )
    answer = hospital.post("", transaction(*map(entry, sent)))
    assert answer.status_code == 200, answer.json
    return woman


def values(hospital, query):
    found = hospital.search(f"/Observation?{query}")
    return sorted(
        str(r.get("valueQuantity", r["component"][0]["valueQuantity"] if "component" in r else {})["value"])
        for r in found
    )


COMPARED = [
    ("code-value-quantity=718-7$110", ["110.0"]),
    ("code-value-quantity=718-7$gt110", ["121.5"]),
    ("code-value-quantity=718-7$ge110", ["110.0", "121.5"]),
    ("code-value-quantity=http://loinc.org|718-7$lt110|http://unitsofmeasure.org|g/L", ["98"]),
    ("code-value-quantity=718-7$lt110||g/L", ["98"]),
    ("code-value-quantity=718-7$lt110||mg/dL", []),
    ("code-value-quantity=718-7$98,718-7$121.5", ["121.5", "98"]),
    ("code=718-7&value-quantity=ne98", ["110.0", "121.5"]),
    ("code=718-7&value-quantity=ap120", ["110.0", "121.5"]),
    ("code=718-7&value-quantity=ap100", ["110.0", "98"]),
    ("code=718-7&value-quantity=ap90", ["98"]),
    ("component-code-value-quantity=8480-6$ge140", ["146"]),
    ("component-code-value-quantity=8462-4$ge140", []),
    ("combo-code-value-quantity=8462-4$gt90", ["146"]),
    ("combo-value-quantity=94", ["146"]),
    ("component-value-quantity=lt80", ["118"]),
]


def test_a_value_is_compared_as_the_number_it_is(hospital, woman):
    assert {query: values(hospital, query) for query, _ in COMPARED} == dict(COMPARED)


def test_a_number_stands_for_what_its_digits_leave_open():
    read = quantity("$.valueQuantity")

    assert read("5.4")[0].variables == {"low": Decimal("5.35"), "high": Decimal("5.45")}
    assert read("100")[0].variables == {"low": Decimal("99.5"), "high": Decimal("100.5")}
    assert read("ap0")[0].variables == {"low": Decimal("-0.5"), "high": Decimal("0.5")}
    assert read("ap-40")[0].variables == {"low": Decimal("-44"), "high": Decimal("-36")}
    for wrong in ("x", "gt", "zz5", "5|g", "1e999", "5" * 40, "NaN"):
        with pytest.raises(Unreadable):
            read(wrong)


@pytest.mark.parametrize(
    "asked, low, high",
    [
        ("2026-01-15", "2026-01-14T00:00+08:00", "2026-01-17T00:00+08:00"),  # ten days away: a day on either side
        ("2025-12-26", "2025-12-25T00:00+08:00", "2025-12-28T00:00+08:00"),
        ("2026-01-05", "2026-01-05T00:00+08:00", "2026-01-06T00:00+08:00"),
        ("2026-01", "2026-01-01T00:00+08:00", "2026-02-01T00:00+08:00"),  # now is in it
    ],
)
def test_about_a_date_is_a_tenth_of_how_far_away_it_is(asked, low, high):
    now = datetime.fromisoformat("2026-01-05T00:00+08:00")
    if asked < "2026":
        now = datetime.fromisoformat("2026-01-06T00:00+08:00") - timedelta(microseconds=1)
    [condition] = read_query("Observation", [("date", f"ap{asked}")], here=Here(now=now)).conditions
    [(_, first, last)] = condition.values

    assert first == datetime.fromisoformat(low)
    assert datetime.fromisoformat(high) - last <= timedelta(microseconds=1)
    for far in ("0001-06", "9998"):
        assert read_query("Observation", [("date", f"ap{far}")], here=Here(now=now)).conditions


@pytest.mark.parametrize("query", ["value-quantity=x", "code-value-quantity=718-7", "code-value-quantity=$5"])
def test_a_value_that_is_none_is_400(quiet, query):
    issues_of(quiet.get(f"/Observation?{query}"), 400)


SLY = ["x' OR true --", '") ? (true)', "$low", "\\", "%", "a\u0000b"]


def test_what_is_asked_never_becomes_part_of_the_question(hospital, woman):
    for value in SLY:
        answer = hospital.app.test_client().get(
            "/fhir/Observation",
            query_string={"code:text": value, "_tag": value, "code-value-concept": f"883-9${value}"},
            headers={"Authorization": f"Bearer {hospital.token('his-demo')}"},
        )

        assert answer.status_code in (200, 400), value
        assert [e for e in answer.get_json().get("entry", []) if e["search"]["mode"] == "match"] == [], value


def test_codes_are_found_by_value_text_and_label(hospital, woman):
    hospital.post(
        "/Observation",
        {
            **observation("718-7", woman.subject, valueInteger=1),
            "meta": {"tag": [{"system": "urn:t", "code": "x"}], "profile": ["urn:p"]},
        },
    )

    assert len(hospital.search("/Observation?code-value-concept=883-9$urn:abo|A")) == 1
    assert hospital.search("/Observation?code-value-concept=883-9$B") == []
    assert len(hospital.search("/Observation?value-concept:text=A型")) == 1
    for query in ("_tag=urn:t|x", "_tag=x", "_profile=urn:p"):
        assert len(hospital.search(f"/Observation?{query}")) == 1, query
    assert hospital.search("/Patient?_source=" + hospital.get(f"/{woman.subject}").json["meta"]["source"])


def test_a_reference_is_found_by_the_identifier_it_carries(hospital, woman):
    by_number = observation("777-3", woman.subject, valueInteger=1)
    by_number["performer"] = [{"identifier": {"system": "urn:staff", "value": "7"}}]
    hospital.post("/Observation", by_number)

    assert len(hospital.search("/Observation?performer:identifier=urn:staff|7")) == 1
    assert hospital.search("/Observation?performer:identifier=urn:staff|8") == []


def test_an_identifier_in_small_letters_is_found_however_it_is_asked_for(hospital, woman):
    named = observation("777-3", woman.subject, valueInteger=1)
    named["identifier"] = [{"system": "urn:order", "value": "lab-0a7f"}]
    hospital.post("/Observation", named)

    for asked in ("urn:order|lab-0a7f", "urn:order|LAB-0A7F", "lab-0a7f"):
        assert len(hospital.search(f"/Observation?identifier={asked}")) == 1, asked
    assert hospital.search("/Observation?identifier=urn:order|lab-0a7e") == []


def test_has_finds_those_who_are_referred_to(hospital, woman):
    hospital.post("/Patient", patient("999999199001010025"))

    assert [r["id"] for r in hospital.search("/Patient?_has:Observation:patient:code=718-7")] == [woman.patient_id]
    assert hospital.search("/Patient?_has:Observation:patient:code=none") == []
    assert hospital.search("/Patient?_has:Observation:patient:code-value-quantity=718-7$gt120")
    assert hospital.search(f"/Encounter?_has:Observation:encounter:patient={woman.patient_id}") == []
    twice = "_has:Observation:patient:_has:Observation:derived-from:status=final"
    assert [r["id"] for r in hospital.search(f"/Patient?{twice}")] == [woman.patient_id]
    for wrong in ("_has:Observation:code:status=final", "_has:Nothing:patient:code=x", "_has:Observation"):
        issues_of(hospital.get(f"/Patient?{wrong}=x", Prefer="handling=strict"), 400)


def test_a_chain_may_be_two_deep(hospital, woman):
    query = f"based-on:CarePlan.patient.identifier={ID_CARD}|{WOMAN}"

    assert len(hospital.search(f"/Task?{query}")) == len(woman.open_tasks())
    deeper = "/Task?part-of.part-of.part-of.status=ready"
    issues_of(hospital.get(deeper, Prefer="handling=strict"), 400)


def test_a_chain_without_a_type_asks_every_type_that_knows_the_parameter(hospital, woman):
    here = f"subject.identifier={ID_CARD}|{WOMAN}"

    assert len(hospital.search(f"/Observation?{here}&code=718-7")) == 3
    assert hospital.search("/Observation?subject.name=没有此人") == []
    assert hospital.search("/Task?requester.name=没有此机构") == []


@pytest.mark.parametrize(
    "query",
    [
        "subject.name=",
        "subject:Group.name=x",
        "subject:Device.identifier=x",
        "subject.shoe-size=42",
        "patient.shoe-size=42",
        "patient.name:above=x",
        "patient.birthdate=soon",
        "code.name=x",
        "value-quantity.name=x",
        "encounter.patient.organization.name=x",
        "_has:Task:owner:status=ready",
        "_has:Nothing:patient:code=x",
        "_has:Observation",
        "_has:Observation:derived-from:shoe-size=42",
    ],
)
def test_a_condition_that_cannot_be_used_is_refused_and_not_left_out(quiet, query):
    [place] = expressions(quiet.get(f"/Observation?{query}&status=final"), 400)

    assert place == query.partition("=")[0]


def test_a_condition_on_another_type_needs_the_scope_for_it(hospital, woman):
    keys = {"keys": [hospital.services.people.client("his-demo").jwks["keys"][0]]}
    hospital.services.people.add_client(
        name="tasks", organisation_id="org-hospital", scopes=["system/Task.rs"], jwks=keys
    )

    issues_of(hospital.get(f"/Task?patient.identifier={ID_CARD}|{WOMAN}", "tasks"), 403)
    issues_of(hospital.get("/Task?_has:Task:part-of:patient.gender=female", "tasks"), 403)
    batch = transaction({"request": {"method": "GET", "url": "Task?patient.gender=female"}}, kind="batch")
    assert hospital.post("", batch, "tasks").json["entry"][0]["response"]["status"] == "403"


@pytest.mark.parametrize(
    "query",
    [
        "_include=Observation:subject:Practitioner",
        "_include=Observation:subject:Nothing",
        "_include=Task:patient",
        "_revinclude=Provenance:agent:Patient",
        "_revinclude=Task:patient:Patient",
    ],
)
def test_an_include_that_can_bring_nothing_is_said_with_what_can(quiet, query):
    [issue] = quiet.get(f"/Observation?{query}").json["entry"][0]["resource"]["issue"]
    [refused] = issues_of(quiet.get(f"/Observation?{query}", Prefer="handling=strict"), 400)

    assert issue["severity"] == "warning" and issue["expression"] == [query.partition("=")[0]]
    can = "Observation:derived-from"
    assert refused["severity"] == "error" and can in issue["diagnostics"] and can in refused["diagnostics"]
    assert "忽略" not in refused["details"]["text"]


def test_an_include_of_one_type_brings_no_other(hospital, woman):
    for target, brought in (("Patient", {"Patient"}), ("Device", set()), ("Group", set())):
        found = hospital.get(f"/Observation?_include=Observation:subject:{target}", Prefer="handling=strict").json
        kinds = {e["resource"]["resourceType"] for e in found["entry"] if e["search"]["mode"] == "include"}
        assert kinds == brought


def test_a_reference_with_our_own_address_is_one_of_ours(hospital, woman):
    own = f"http://localhost/fhir/{woman.subject}"

    assert len(hospital.search(f"/Observation?subject={own}&code=718-7")) == 3
    assert len(hospital.search(f"/Observation?subject={own},Patient/none&code=718-7")) == 3
    assert hospital.search(f"/Patient?_has:Observation:patient:subject={own}")
    assert hospital.search(f"/Observation?subject=http://elsewhere/fhir/{woman.subject}") == []


def test_no_page_is_asked_for_whatever_else_is(hospital, woman):
    for query in ("_count=0&_summary=false", "_summary=count&_count=5", "_summary=count&_summary=false", "_count=0"):
        found = hospital.get(f"/Observation?code=718-7&{query}").json
        assert "entry" not in found and found["total"] == 3, query


def test_an_include_goes_on_from_what_it_brought(hospital, woman):
    plain = resources_in(hospital.get("/Task?_include=Task:based-on").json)
    again = resources_in(hospital.get("/Task?_include=Task:based-on&_include:iterate=CarePlan:condition").json)
    back = resources_in(
        hospital.get(
            "/Task?_include=Task:patient&_revinclude:iterate=Observation:patient&_include:iterate=Task:patient"
        ).json
    )

    assert {r["resourceType"] for r in plain} == {"Task", "CarePlan"}
    assert {r["resourceType"] for r in again} == {"Task", "CarePlan", "Condition"}
    assert {"Task", "Patient", "Observation"} == {r["resourceType"] for r in back}
    assert len({(r["resourceType"], r["id"]) for r in back}) == len(back)


def test_several_keys_order_a_search_each_in_its_direction_across_pages(hospital, woman):
    hospital.post(
        "/Observation", observation("718-7", woman.subject, at="2026-01-03", valueQuantity=measured("77", "g/L"))
    )
    seen, path = [], "/Observation?code=718-7,85354-9&_sort=-date,status,-_lastUpdated&_count=2"
    while path:
        page = hospital.get(path).json
        seen += [r["effectiveDateTime"] for r in resources_in(page)]
        path = next((x["url"].split("/fhir")[1] for x in page["link"] if x["relation"] == "next"), None)

    assert len(seen) == 6 and seen == sorted(seen, reverse=True)
    statuses = [r["status"] for r in hospital.search("/Observation?_sort=status&code=718-7,883-9")]
    assert statuses == sorted(statuses) and statuses[0] == "amended"
    assert [r["status"] for r in hospital.search("/Observation?_sort=-status&code=718-7,883-9")] == statuses[::-1]
    issues_of(hospital.get("/Observation?_sort=date,status,code,-_id", Prefer="handling=strict"), 400)
    issues_of(hospital.get("/Observation?_sort=date,status&_after=WyJ4IiwieSJd"), 410)


def test_a_condition_that_meets_too_many_says_so(monkeypatch, hospital, woman):
    monkeypatch.setattr("fhir_adapters.store.search.MAX_INCLUDED", 2)

    assert issues_of(hospital.get("/Patient?_has:Observation:patient:status=final"), 400)[0]["code"] == "too-costly"


@pytest.mark.parametrize(
    "path", ["/Patient/%00", "/Patient?name=%00", "/Task?_sort=%00", "/Patient/a/_history/%00", "/Patient?%00=1"]
)
def test_what_no_text_can_hold_is_no_address(quiet, path):
    issues_of(quiet.get(path), 400)


def test_reading_a_query_is_bounded():
    with pytest.raises(FhirError):
        read_query("Observation", [("value-quantity", ",".join(["1"] * 500))])


def searched():
    """Golden resources of types that are stored and found; a Measure is only evaluated."""
    for made in sorted(GOLDEN.glob("*.json")):
        read = plain.read(made.read_bytes())
        first = read[0] if isinstance(read, list) else read
        if first["resourceType"] in PARAMETERS:
            yield made


@pytest.mark.parametrize("made", list(searched()), ids=lambda made: made.stem)
def test_what_the_index_is_sent_is_what_a_resource_is_found_by(made):
    """Written from the texts of its elements, once anew and once from what is remembered."""
    resources = plain.read(made.read_bytes())

    for resource in resources if isinstance(resources, list) else [resources]:
        found = entries("here", resource)
        for _ in range(2):
            sent = written("here", resource, elements(resource))

            assert {int(number) for number in sent.tokens.split(",")} == found.tokens
            assert set(sent.dates) == {(name, low.isoformat(), high.isoformat()) for name, low, high in found.dates}
            assert set(sent.strings) == found.strings


def test_what_is_remembered_of_element_values_has_an_end_and_keeps_what_is_asked_for(monkeypatch):
    monkeypatch.setattr(index, "MOST_KNOWN", 8)
    again = {"resourceType": "Flag", "id": "1", "status": "active"}

    for number in range(40):
        other = {"resourceType": "Flag", "id": "2", "status": f"s{number}"}
        for flag in (again, other):
            sent = written("elsewhere", flag, elements(flag))
            assert {int(token) for token in sent.tokens.split(",")} == entries("elsewhere", flag).tokens

    known = [key for kept in (index._known, index._known_before) for key in kept if key[0] == "elsewhere"]
    assert len(known) <= 16
    assert ("elsewhere", "Flag", "status", b'"active"') in known


def test_a_body_put_together_of_its_elements_is_the_resource_as_it_was_sent():
    resource = {"resourceType": "Basic", "id": "1", 'ü"': [Decimal("1.50"), None, {"a": "\u2028"}], "n": 2**70}

    assert split(resource).body == '{"ü\\"":[1.50,null,{"a":"\u2028"}],"n":1180591620717411303424}'
