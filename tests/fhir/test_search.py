"""Search: by what the tables offer, in pages that hold still, and honest about what it does not know."""

from __future__ import annotations

import pytest

from tests.fhir.conftest import opened
from tests.fhir.fhir_kit import ID_CARD, WOMAN, coded, expressions, issues_of, observation, patient, resources_in


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


@pytest.fixture(scope="module")
def stocked(server, hospital_template):
    """A county that is only searched: a woman and five haemoglobins on five days."""
    with opened(server, hospital_template) as county:
        yield county, five_haemoglobins(county, county.brings_in())


@pytest.fixture
def series(hospital, woman):
    return five_haemoglobins(hospital, woman)


def five_haemoglobins(hospital, woman):
    for day, value in enumerate((90, 95, 100, 105, 110), start=1):
        quantity = {"value": value, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
        answer = hospital.post(
            "/Observation",
            observation("718-7", woman.subject, at=f"2026-01-0{day}T09:00:00+08:00", valueQuantity=quantity),
        )
        assert answer.status_code == 201
    return woman


def days(found):
    return [r["effectiveDateTime"][8:10] for r in found]


def test_the_work_list_of_a_station_is_one_request(hospital, woman):
    query = "owner=Organization/org-twn-1&status=ready,accepted,in-progress&due=lt2026-05-21"

    found = hospital.get(f"/Task?{query}&_include=Task:patient&_sort=due", "nurse").json

    assert [(e["resource"]["resourceType"], e["search"]["mode"]) for e in found["entry"]] == [
        ("Task", "match"),
        ("Patient", "include"),
    ]


@pytest.mark.parametrize(
    "query, expected",
    [
        ("date=2026-01-03", ["03"]),
        ("date=ge2026-01-03", ["03", "04", "05"]),
        ("date=gt2026-01-03", ["04", "05"]),
        ("date=lt2026-01-03", ["01", "02"]),
        ("date=le2026-01-03", ["01", "02", "03"]),
        ("date=ne2026-01-03", ["01", "02", "04", "05"]),
        ("date=sa2026-01-03", ["04", "05"]),
        ("date=eb2026-01-03", ["01", "02"]),
        ("date=ge2026-01-02&date=lt2026-01-04", ["02", "03"]),
        ("date=2026-01", ["01", "02", "03", "04", "05"]),
        ("date=2026-01-03T09:00:00%2B08:00", ["03"]),
        ("date=2026-01-01,2026-01-05", ["01", "05"]),
    ],
)
def test_dates_are_intervals_where_the_woman_lives(stocked, query, expected):
    assert days(stocked[0].search(f"/Observation?code=718-7&_sort=date&{query}")) == expected


def test_a_date_late_in_the_evening_belongs_to_the_chinese_day(hospital, woman):
    hospital.post("/Observation", observation("718-7", woman.subject, at="2026-01-02T23:30:00Z", valueInteger=1))

    assert len(hospital.search("/Observation?code=718-7&date=2026-01-03")) == 1
    assert hospital.search("/Observation?code=718-7&date=2026-01-02") == []


@pytest.mark.parametrize(
    "query, count",
    [
        ("code=718-7", 5),
        ("code=http://loinc.org|718-7", 5),
        ("code=http://other.example|718-7", 0),
        ("code=|718-7", 0),
        ("code=http://loinc.org|", 7),
        ("code=718-7,8665-2", 6),
        ("code:not=718-7&status=final", 2),
        ("value-date:missing=false", 2),
        ("code=718-7&encounter:missing=true", 5),
        ("patient.identifier=" + WOMAN, 7),
        ("patient:Patient.identifier=" + WOMAN, 7),
    ],
)
def test_tokens_and_references(stocked, query, count):
    found = stocked[0].search(f"/Observation?{query}&_count=50")

    recorded = [r for r in found if not r["id"].startswith("lmp-")]  # the engine's own copy of the LMP
    assert len(recorded) == count


def test_a_reference_is_found_with_and_without_its_type(hospital, series):
    for spelling in (series.patient_id, series.subject):
        assert len(hospital.search(f"/Observation?code=718-7&patient={spelling}")) == 5
    assert hospital.search("/Observation?code=718-7&patient=other") == []


def test_an_identifier_is_found_under_every_spelling_of_its_system(hospital, woman):
    systems = (ID_CARD, "urn:oid:2.16.840.1.113883.2.23.1.19.1", "urn:oid:2.16.840.1.113883.2.23.1.8.4.1")

    for system in systems:
        assert len(hospital.search(f"/Patient?identifier={system}|{WOMAN}")) == 1, system


@pytest.mark.parametrize("name", ["测试", "cs", "ceshi", "name:contains", "测试甲"])
def test_a_name_is_found_by_its_beginning_and_by_pinyin(stocked, name):
    query = "name:contains=试" if name == "name:contains" else f"name={name}"

    assert len(stocked[0].search(f"/Patient?{query}")) == 1


def test_pages_hold_still_while_resources_come_in(hospital, series):
    seen, path = [], "/Observation?code=718-7&_sort=-date&_count=2"
    while path:
        page = hospital.get(path).json
        seen += days(resources_in(page))
        hospital.post(
            "/Observation", observation("718-7", series.subject, at="2026-02-01T09:00:00+08:00", valueInteger=len(seen))
        )
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        path = following[0].split("/fhir")[1] if following else None

    assert seen == ["05", "04", "03", "02", "01"]


def test_the_total_is_counted_only_when_asked(hospital, series):
    assert "total" not in hospital.get("/Observation?code=718-7").json
    assert hospital.get("/Observation?code=718-7&_count=2&_total=accurate").json["total"] == 5
    counted = hospital.get("/Observation?code=718-7&_summary=count").json
    assert counted["total"] == 5 and "entry" not in counted


def test_what_is_not_known_is_said_and_with_strict_handling_refused(hospital, woman):
    lenient = hospital.get("/Patient?shoe-size=42&gender=female")
    strict = hospital.get("/Patient?shoe-size=42&gender=female", Prefer="handling=strict")

    notes = [e["resource"] for e in lenient.json["entry"] if e["search"]["mode"] == "outcome"]
    assert notes[0]["issue"][0]["expression"] == ["shoe-size"]
    assert lenient.json["link"][0]["url"].endswith("/Patient?gender=female")
    assert expressions(strict, 400) == ["shoe-size"]


@pytest.mark.parametrize(
    "query", ["birthdate=soon", "_count=many", "birthdate=2026-13-01", "gender=", "_total=perhaps"]
)
def test_a_value_that_cannot_be_read_is_400(quiet, query):
    issues_of(quiet.get(f"/Patient?{query}"), 400)


def test_a_forged_page_token_has_expired(quiet):
    issues_of(quiet.get("/Patient?_after=AAAA"), 410)


def test_search_by_post_keeps_numbers_out_of_addresses(hospital, woman):
    answer = hospital.ask(
        "POST",
        "/Patient/_search",
        f"identifier={ID_CARD}|{WOMAN}".encode(),
        Content_Type="application/x-www-form-urlencoded",
    )

    assert len(resources_in(answer.json)) == 1


def test_revinclude_brings_what_points_at_the_match(hospital, series):
    found = hospital.get(
        f"/Patient?_id={series.patient_id}&_revinclude=Observation:patient&_revinclude=Task:patient"
    ).json

    kinds = {e["resource"]["resourceType"] for e in found["entry"] if e["search"]["mode"] == "include"}
    assert kinds == {"Observation", "Task"}


def test_a_colour_or_status_of_another_type_is_not_mixed_up(hospital, woman):
    hospital.post("/Patient", patient("999999199001010025"))

    assert hospital.search("/EpisodeOfCare?status=ready") == []
    assert len(hospital.search("/Task?status=ready")) == 1
    assert hospital.search("/Task?code=" + coded("x", "register")["coding"][0]["code"])


def test_the_newest_write_is_found_at_once(hospital, woman):
    answer = hospital.post("/Observation", observation("777-3", woman.subject, valueInteger=5))

    assert [r["id"] for r in hospital.search("/Observation?code=777-3&_sort=-_lastUpdated")] == [answer.json["id"]]
