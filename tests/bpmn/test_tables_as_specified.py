"""Every row of the tables D2 and D3, and the parts of D5–D14, counted and named as their sources have them: one that
goes missing, loses its number or its verification fails by its code."""

import re
from pathlib import Path

import pytest

from engine.dmn import read_decisions
from tests.bpmn.test_diagrams import BPMN
from workflows import tables
from workflows.forms import forms_on_disk

DECISIONS = BPMN / "decisions"
LISTED = Path(__file__).parent / "as_specified" / "criteria.txt"
COUNTS = {"S": 57, "G": 1, "Y": 37, "O": 37, "R": 36, "P": 1}  # §6.2, §6.3; Y-2.1 is the heading of four rows

# what stands for each table of §6; D1 is arithmetic and D5 a pack's routing, both in workflows/policies
STANDS_FOR = {
    "D2": ("screening", {"screening_table", "screening_auto", "screening_outcome"}),
    "D3": ("grading", {"grading_table", "grading_auto", "grading_local"}),
    "D4": ("grading", {"risk_grading_result"}),
    "D6": ("reporting", {"report_deadline", "risk_consequences"}),
    "D7": ("visits", {"visit_interval", "next_visit"}),
    "D8": ("findings", {"findings_table", "findings"}),
    "D9": ("reviews", {"postnatal_route"}),
    "D10": ("pmtct_tasks", {"pmtct_mother", "pmtct_child_tasks"}),
    "D11": ("newborn_windows", {"newborn_window"}),
    "D12": ("newborn_risk", {"newborn_risk", "preterm_interval"}),
    "D13": ("reviews", {"near_miss_row", "near_miss_found", "near_miss"}),
    "D14": ("social", {"social_focus"}),
}


def listed():
    lines = [line for line in LISTED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [[cell.strip() for cell in (line + " |").split("|")] for line in lines]


def plain(text):
    return re.sub(r"\s", "", text).translate(str.maketrans("（）：，；", "():,;"))


def test_there_are_as_many_rows_as_the_sources_have():
    found = [row[0] for row in listed()]

    assert {kind: sum(code.startswith(kind) for code in found) for kind in COUNTS} == COUNTS
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("row", listed(), ids=lambda row: row[0])
def test_a_row_is_there_with_its_numbers_its_source_and_who_decides(row):
    code, verified, decided, words, numbers = row[:5]
    known = tables.row_of(code)

    assert known is not None, f"{code} is missing"
    assert plain(words) in plain(known["text"]), code
    assert re.findall(r"[≥≤<>]?\d+(?:\.\d+)?", plain(known["text"])) == numbers.split(), code
    mark, _, source = verified.partition(" ")
    assert (known["verified"], known["mark"]) == (mark, "src" if source else "known"), code
    assert known["input"] == decided, code
    form = forms_on_disk()["risk-screening" if code.startswith("S") else "risk-grading"]
    assert code.lower().replace("-", "_").replace(".", "_") in form.by_link_id, f"{code} is not asked"


@pytest.mark.parametrize("table", STANDS_FOR)
def test_each_table_is_a_decision_with_cases_beside_it(table):
    name, decisions = STANDS_FOR[table]

    assert decisions <= set(read_decisions((DECISIONS / f"{name}.dmn").read_bytes()).decisions)
    cases = (DECISIONS / f"{name}.cases.csv").read_text(encoding="utf-8")
    assert any(decision in cases for decision in decisions), f"{table} has no case"


def test_every_finding_of_a_visit_is_in_the_table():
    text = (DECISIONS / "findings.dmn").read_text(encoding="utf-8")

    assert [n for n in range(1, 24) if not re.search(rf'"A-{n}"', text)] == []


def test_every_organ_of_a_near_miss_is_in_the_table_and_on_the_form():
    text = (DECISIONS / "reviews.dmn").read_text(encoding="utf-8")
    organs = {"cardiac", "respiratory", "renal", "coagulation", "hepatic", "neurological", "uterine"}

    assert {organ for organ in organs if f'<text>"{organ}"</text>' not in text} == set()
    asked = forms_on_disk()["near-miss"].by_link_id["near_miss_criteria"]
    assert {option.code for option in asked.options} - {"none"} == organs


def test_every_window_of_a_newborn_is_in_the_table():
    text = (DECISIONS / "newborn_windows.dmn").read_text(encoding="utf-8")

    for test in ("heart", "hearing", "blood", "blood_special", "hbv_vaccine", "hbig"):
        assert f'<text>"{test}"</text>' in text, test


def test_mother_and_child_have_their_tasks_for_each_infection():
    text = (DECISIONS / "pmtct_tasks.dmn").read_text(encoding="utf-8")

    for infection in ("hbv", "syphilis", "hiv", "unknown"):
        assert f'<text>"{infection}"</text>' in text or f'"{infection}"' in text, infection
