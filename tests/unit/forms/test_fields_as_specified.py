"""Units, limits, codes, duties and columns of the forms, field by field, as their sources have them: a field that goes
missing or changes its meaning fails by its name. Limits are local settings [default] where no source is named."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path

import pytest

from web.forms import render
from workflows.forms import example_answers, forms_on_disk

HERE = Path(__file__).parent / "as_specified"
ON = date(2026, 1, 5)

SWEEP = (  # F-18 [seed:002 附件4]: these columns, in this order, and no other
    "姓名", "出生年月", "年龄", "婚否", "丈夫姓名", "生育情况（孕产次）", "末次月经", "是否怀孕", "是否孕检", "现住址",
    "户籍地址", "避孕措施", "联系电话", "备注",
)  # fmt: skip

CHECKLIST = {
    "admission": "admission to the delivery room",
    "before_birth": "preparing",
    "after_birth": "within 2 hours",
}


def rows(table: str) -> list[list[str]]:
    lines = (HERE / f"{table}.txt").read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def field(form: str, name: str):
    found = next((i for top in forms_on_disk()[form].items for i in top.walk() if i.link_id == name), None)
    assert found is not None, f"{form} has lost its field {name}"
    return found


@pytest.mark.parametrize("row", rows("numbers"), ids=lambda row: f"{row[0]}.{row[1]}")
def test_a_measured_field_has_its_unit_and_its_limits(row):
    form, name, unit, *limits = row[:7]
    item = field(form, name)

    assert item.unit is not None and item.unit.code == unit
    has = (item.limits.low, item.limits.high, item.limits.confirm_low, item.limits.confirm_high)
    for wanted, found in zip(limits, has, strict=True):
        assert wanted == "-" or (found is not None and float(found) == float(wanted)), (wanted, found)
    if any(limit is not None for limit in has) and unit != "{score}":  # a score has its ends by definition
        assert item.limits.mark is not None, "who still has to sign the number is shown"


@pytest.mark.parametrize("row", rows("codes"), ids=lambda row: f"{row[0]}.{row[1]}")
def test_a_choice_offers_every_answer_of_its_source_in_its_order(row):
    form, name, *rest = row
    offered = [option.code for option in field(form, name).options]
    wanted = rest[1 : rest.index("|", 1)]

    assert [code for code in offered if code in wanted] == wanted
    assert not set(offered) - set(wanted) - {"none", "normal", "not-performed"}, "an answer no source has"


@pytest.mark.parametrize("row", rows("duties"), ids=lambda row: f"{row[0]}.{row[1]}")
def test_a_field_is_a_duty_from_when_the_specification_says(row):
    item, since = field(row[0], row[1]), " ".join(row[2:])

    assert item.required if since == "always" else item.required_by and item.required_by.text == since


def test_the_sweep_has_exactly_the_columns_of_its_source():
    table = field("sweep", "rows")

    assert tuple(item.text.zh for item in table.items if item.is_question) == SWEEP


def test_the_checklist_of_the_delivery_room_has_its_three_moments():
    assert {item.link_id for item in forms_on_disk()["safety-checklist"].items} == set(CHECKLIST)


def test_the_fetus_part_and_the_heart_rates_repeat():
    assert field("delivery", "fetus").is_table and field("anc-visit", "fhr").repeats
    assert field("risk-grading", "evidence").is_table and field("transfer-departure", "escorts").is_table


def printed() -> list[tuple[str, list[str], list[str]]]:
    lines = (HERE / "fields.txt").read_text(encoding="utf-8").splitlines()
    cells = [line.split("|") for line in lines if line and not line.startswith("#")]
    return [(number.strip(), forms.split(), fields.split()) for number, forms, fields in cells]


def test_every_form_of_the_specification_is_held_against_its_source():
    """F-03 and F-05's rows are codes of the tables, F-18 and F-20 have tests of their own."""
    assert {number for number, _, _ in printed()} == {f"F-{n:02}" for n in range(1, 21)} - {"F-03", "F-18", "F-20"}


@pytest.mark.parametrize(
    ("number", "forms", "fields"), printed(), ids=lambda cell: cell if isinstance(cell, str) else ""
)
def test_a_printed_form_shows_every_field_of_its_source(number, forms, fields):
    held = {i.link_id: i for form in forms for top in forms_on_disk()[form].items for i in top.walk() if i.is_question}

    assert [name for name in fields if name not in held] == [], f"{number} has lost fields"
    assert [name for name in fields if held[name].hidden] == [], f"{number} hides what its source prints"
    filled = {form: render(forms_on_disk()[form], example_answers(form), on=ON, readonly=True) for form in forms}
    paper = "".join(str(page) for page in filled.values())
    assert [name for name in fields if html.escape(held[name].text.zh) not in paper] == [], f"{number} prints no label"
