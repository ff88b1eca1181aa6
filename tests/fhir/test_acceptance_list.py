"""What the list of acceptance asks of the FHIR rooms and no other test says; the page names the test of each line."""

from __future__ import annotations

import ast
import json
import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_adapters.facts import facts_of
from fhir_adapters.mappings import observation
from fhir_adapters.rules.check import check
from fhir_adapters.terminology import (
    BP_PANEL,
    BY_CODE,
    BY_DATA_ELEMENT,
    DOCUMENT_CODES,
    ITEMS,
    LOINC,
    OTHER_ELEMENTS,
)
from tests.fhir.fhir_kit import entry, issues_of, transaction
from tests.fhir.fhir_kit import observation as measured
from tests.fhir.referral_kit import find, settle_other
from tests.fhir.samples import case
from tests.fhir.test_referrals import DOCTOR
from workflows import occasions
from workflows.forms import example_answers, forms_on_disk

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/integration/acceptance.md"
SPECIFIED = Path(__file__).with_name("specified.jsonl")  # the resources of the specification, as they stand there
LINES = 15  # of the list
NOT_MEANT = {"11882-8", "1507-3", "1558-6", "28651-8"}  # said there to be the wrong ones
LISTED = Path(__file__).with_name("specified_codes.txt").read_text().split()  # as §6 lists them
CODES = [one for one in LISTED if not one.startswith("DE")]
ELEMENTS = [one for one in LISTED if one.startswith("DE")]
HB = {"value": 101, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}


def sketches():
    return [json.loads(line, parse_float=Decimal) for line in SPECIFIED.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("sketch", sketches(), ids=lambda one: f"{one['resourceType']}-{one.get('id')}")
def test_each_resource_of_the_specification_is_valid_here(sketch):
    assert check(sketch, type_=sketch["resourceType"]) == []


def test_each_code_of_the_specification_is_in_the_table_once_with_its_mark():
    known = {code for system, code in BY_CODE if system == LOINC} | {BP_PANEL.code}
    assert set(CODES) <= known | DOCUMENT_CODES.keys()
    assert not known & DOCUMENT_CODES.keys() and not NOT_MEANT & (known | DOCUMENT_CODES.keys())
    assert set(ELEMENTS) <= BY_DATA_ELEMENT.keys() | OTHER_ELEMENTS.keys()
    assert not BY_DATA_ELEMENT.keys() & OTHER_ELEMENTS.keys()
    assert {item.mark for item in ITEMS.values()} | {mark for _, mark in DOCUMENT_CODES.values()} <= set("VEKO")


VISIT = forms_on_disk()["anc-visit"]
MEASURED = {"sbp": (60, 250), "dbp": (30, 150), "weight": (35, 150), "fundal_height": (8, 45), "hb": (30, 180),
            "plt": (5, 600), "glucose": (2, 30)}  # fmt: skip
numbers = st.fixed_dictionaries(
    {},
    optional={
        name: st.decimals(low, high, places=1, allow_nan=False, allow_infinity=False)
        for name, (low, high) in MEASURED.items()
    },
)
chosen = st.fixed_dictionaries(
    {}, optional={"edema": st.sampled_from(["neg", "1+", "4+"]), "urine_protein": st.sampled_from(["neg", "2+"])}
)


@settings(deadline=None, max_examples=80, database=None)
@given(numbers, chosen)
def test_what_a_form_says_is_read_back_from_its_resources(given_numbers, given_choices):
    """Record -> resource -> record is identity, for all that is measured at a visit."""
    answers = {**given_numbers, **given_choices}
    source = observation.Source(response_id="qr1", effective="2026-01-12T09:30:00+08:00")

    made = observation.to_observations(VISIT, answers, case(), source)
    read = {name: fact.value for one in made for name, fact in facts_of(one)}

    assert {name: read.get(name) for name in answers} == answers


def test_five_hundred_entries_are_one_transaction(hospital):
    woman = hospital.brings_in()
    results = [entry(measured("718-7", woman.subject, valueQuantity={**HB, "value": n})) for n in range(60, 560)]

    answer = hospital.post("", transaction(*results))

    assert answer.status_code == 200 and len(answer.json["entry"]) == 500
    assert {one["response"]["status"][:3] for one in answer.json["entry"]} == {"201"}
    assert hospital.get(f"/Observation?patient={woman.patient_id}&code=718-7&_summary=count").json["total"] == 500


def test_of_two_who_accept_the_same_referral_one_is_taken(hospital):
    """Two systems of the receiving hospital, each with the version that both have read."""
    settle_other(hospital)
    key = hospital.services.people.client("other-his").jwks
    organisation = hospital.services.people.client("other-his").organisation_id
    hospital.services.people.add_client(
        name="their-lab", organisation_id=organisation, scopes=["system/*.cruds"], jwks=key
    )
    woman = hospital.brings_in()
    with hospital.pool.connection() as conn:
        principal = hospital.services.people.principal_of(conn, DOCTOR)
    answers = {**example_answers("transfer-request"), "receiving_centre": "邻县人民医院", "transportable": True}
    occasions.begin(
        hospital.services, by=principal, occasion="referral", pregnancy_id=woman.pregnancy_id, answers=answers
    )
    [request] = hospital.search("/ServiceRequest", "other-his")
    known = find(hospital, "other-his", request["requisition"]["value"])
    version = f'W/"{known["meta"]["versionId"]}"'
    wanted = {
        "other-his": {**known, "status": "accepted", "lastModified": "2026-01-05T07:55:00+08:00"},
        "their-lab": {**known, "status": "rejected", "statusReason": {"text": "床位已满"}},
    }

    def say(who):
        return hospital.put(f"/Task/{known['id']}", wanted[who], who, If_Match=version)

    for who in wanted:
        hospital.token(who)
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(say, wanted))

    assert sorted(answer.status_code for answer in answers)[0] == 200
    [late] = [answer for answer in answers if answer.status_code != 200]
    assert late.status_code in (409, 412) and issues_of(late, late.status_code)


# --- the page -------------------------------------------------------------------------------------------------------

ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+::[^`]+)`")
CLAIMS = ("assert", "raises", "issues_of(", "expressions(")


def rows():
    return [match.groups() for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


@cache
def functions(path):
    text = (ROOT / "tests" / path).read_text(encoding="utf-8")
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.get_source_segment(text, node) or "" for node in found}


def test_every_line_of_the_list_is_on_the_page():
    assert {int(number) for number, _, _ in rows()} == set(range(1, LINES + 1))


@pytest.mark.parametrize(("number", "line", "tests"), rows(), ids=lambda cell: cell[:20])
def test_the_named_tests_are_there_and_can_fail(number, line, tests):
    named = NAMED.findall(tests)
    assert named, f"{number} {line}: no test"
    for name in named:
        path, _, function = name.partition("::")
        assert function in functions(path), name
        assert any(claim in functions(path)[function] for claim in CLAIMS), f"{name} cannot fail"
