"""D2 and D3 hold every row of their forms, and D3 the rows that a region adds."""

import re
from datetime import date

import pytest

from engine.dmn import read_decisions
from tests.bpmn.test_diagrams import BPMN
from workflows import tables
from workflows.forms import forms_on_disk
from workflows.regions import load_pack
from workflows.routing import code_of

POLICY = load_pack("cn-baseline").policy()
ON = date(2026, 1, 5)
TABLES = {"risk-screening": ("screening", 57), "risk-grading": ("grading", 112)}  # §6.2; §6.3 with the heading Y-2.1
JUDGED_ONLY = {"G-0"}  # follows from the others


def codes_of(form):
    return [code_of(item) for item in forms_on_disk()[form].by_link_id if re.fullmatch(r"[sgyorp](_\d+)+", item)]


@pytest.mark.parametrize("form", TABLES)
def test_every_item_of_the_form_is_a_row_that_says_its_source_and_how_sure_it_is(form):
    rows = {code: tables.row_of(code) for code in codes_of(form)}

    assert len(rows) == TABLES[form][1]
    for code, row in rows.items():
        assert row["text"] and row["group"], code
        assert row["verified"] in "✔◐○" and row["mark"] in ("src", "known"), code
        assert row["input"] in ("computed", "ticked", "both", "heading"), code


@pytest.mark.parametrize("form", TABLES)
def test_what_a_row_calls_computed_has_a_rule_and_nothing_else_has(form):
    name = TABLES[form][0]
    table = read_decisions((BPMN / "decisions" / f"{name}.dmn").read_bytes())
    computed = {code for code in codes_of(form) if tables.row_of(code)["input"] in ("computed", "both")}
    text = (BPMN / "decisions" / f"{name}.dmn").read_text(encoding="utf-8")

    assert f"{name}_table" in table.decisions
    assert set(re.findall(r'<text>"([SGYORP]-[\d.]+)"</text>', text)) == computed - JUDGED_ONLY


def test_a_value_that_was_not_measured_does_not_silence_the_others():
    assert tables.grading_criteria({"hb": "not-performed", "age": 41}, POLICY, ON) == ["O-1.1"]
    assert tables.screening_items({"plt": "asked-unknown", "age": 41}, ON) == ["S-1.1"]


def test_ac03_a_regions_own_row_counts_once_it_is_enabled():
    row = {"code": "Y-90.1", "fact": "height", "op": "<=", "value": 145, "text": "身高 ≤145 cm", "enabled": False}
    short = {"height": 144}

    assert tables.grading_criteria(short, {**POLICY, "local_criteria": [row]}, ON) == []
    found = tables.grading_criteria(short, {**POLICY, "local_criteria": [{**row, "enabled": True}]}, ON)
    assert tables.aggregate(found, POLICY, ON)["colour"] == "yellow"


def test_ac03_the_national_table_finds_her_positive_and_green_and_zhejiang_waits_for_its_text():
    (row,) = load_pack("cn-zj-2022").value("risk.local_criteria")
    short, policy = {"height": 144}, load_pack("cn-zj-2022").policy()

    assert tables.screening_items(short, ON) == ["S-1.2"]
    assert tables.aggregate(tables.grading_criteria(short, POLICY, ON), POLICY, ON)["colour"] == "green"
    assert (row["fact"], row["op"], row["value"], row["enabled"]) == ("height", "<=", 145, False)
    assert tables.grading_criteria(short, policy, ON) == []  # not verified, so it does not count
    verified = {**policy, "local_criteria": [{**row, "enabled": True}]}
    assert tables.aggregate(tables.grading_criteria(short, verified, ON), verified, ON)["colour"] == "yellow"


def test_ac28_pink_sorts_between_orange_and_red_by_data_alone():
    six = {"id": "gz-six", "flags": [{"id": "purple", "prefix": "P"}], "colours": [
        {"id": "green", "prefix": "G"}, {"id": "yellow", "prefix": "Y"}, {"id": "orange", "prefix": "O"},
        {"id": "pink", "prefix": "K"}, {"id": "red", "prefix": "R"},
    ]}  # fmt: skip
    rules = {**POLICY, "scheme": six}

    assert tables.aggregate(["O-1.2", "K-1"], rules, ON)["colour"] == "pink"
    assert tables.aggregate(["R-1.12", "K-1", "P-1"], rules, ON) == {
        "colour": "red",
        "purple": True,
        "scheme": "gz-six",
    }
