"""Diagnoses under a heading of ICD-10: found by how their codes begin, those stored before this was known too."""

from __future__ import annotations

from urllib.parse import quote

import psycopg
import pytest

from fhir_adapters.subscriptions.criteria import Version, read_criteria
from fhir_adapters.terminology import ICD10, ICD10_CN, RISK_COLOUR
from runtime.database import migrate
from tests.fhir.fhir_kit import pregnancy

CODES = [
    (ICD10, "O24"),
    (ICD10, "O24.4"),
    (ICD10, "O24.41"),
    (ICD10, "O25"),
    (ICD10_CN, "O24.400x001"),
    ("urn:x", "O24.4"),
]


def diagnosis(woman, *codes):
    return pregnancy(woman.subject, None, code={"coding": [{"system": system, "code": code} for system, code in codes]})


@pytest.fixture
def made(hospital):
    """By code: the diagnosis that has it; one has two of them."""
    woman = hospital.brings_in()
    found = {code: hospital.post("/Condition", diagnosis(woman, code)).json["id"] for code in CODES}
    both = hospital.post("/Condition", diagnosis(woman, (ICD10, "O25"), (ICD10, "O24.9"))).json["id"]
    return woman, found, both


def under(hospital, *headings):
    asked = ",".join(f"{system}|{code}" for system, code in headings)
    return sorted(one["id"] for one in hospital.search(f"/Condition?code:below={quote(asked)}"))


def test_a_heading_finds_what_begins_like_it_in_its_own_system(hospital, made):
    _, found, both = made
    begins = [found[ICD10, code] for code in ("O24", "O24.4", "O24.41")]

    assert under(hospital, (ICD10, "O24")) == sorted([*begins, both])
    assert under(hospital, (ICD10, "O24.4")) == sorted([found[ICD10, "O24.4"], found[ICD10, "O24.41"]])
    assert under(hospital, (ICD10_CN, "O24")) == [found[ICD10_CN, "O24.400x001"]]
    assert under(hospital, (ICD10, "O25"), (ICD10_CN, "O24.4")) == sorted(
        [found[ICD10, "O25"], both, found[ICD10_CN, "O24.400x001"]]
    )
    assert under(hospital, (ICD10, "O26")) == []
    assert under(hospital, (ICD10, "O25"), (RISK_COLOUR, "red")) == sorted([found[ICD10, "O25"], both])


def test_a_diagnosis_that_is_corrected_or_deleted_is_under_its_heading_no_more(hospital, made):
    woman, found, both = made
    corrected = {**diagnosis(woman, (ICD10, "O25")), "id": found[ICD10, "O24.4"]}
    assert hospital.put(f"/Condition/{corrected['id']}", corrected).status_code == 200
    assert hospital.ask("DELETE", f"/Condition/{both}").status_code == 204

    assert under(hospital, (ICD10, "O24.4")) == [found[ICD10, "O24.41"]]
    assert under(hospital, (ICD10, "O25")) == sorted([found[ICD10, "O25"], corrected["id"]])


def test_what_was_stored_before_is_found_after_the_migration(hospital, made):
    [change] = [one for one in migrate.on_disk() if one.name == "found_under_a_heading"]
    fill = change.sql[change.sql.index("INSERT INTO resource_string") :]
    rows = "SELECT region_id, type, id, param, value FROM resource_string WHERE param = '~code' ORDER BY id, value"
    with psycopg.connect(hospital.url) as owner:
        written = owner.execute(rows).fetchall()
        owner.execute("DELETE FROM resource_string WHERE param = '~code'")
        owner.execute(fill)
        filled = owner.execute(rows).fetchall()

    assert len(written) >= len(CODES) and filled == written


def test_one_version_is_held_to_a_heading_as_the_search_does(hospital, made):
    """As scopes and subscriptions ask of each version."""
    woman, found, _ = made
    query = read_criteria(f"Condition?code:below={ICD10}|O24", "criteria")

    for code in CODES:
        version = Version(hospital.region_id, diagnosis(woman, code), hospital.services.clock())
        assert version.meets(query) is (found[code] in under(hospital, (ICD10, "O24"))), code
