"""What a form does in a hurry is what it does at length: reading answers, asking who is asked, settling."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from marshmallow import ValidationError
from marshmallow.experimental.context import Context

from workflows.forms import example_answers, forms_on_disk
from workflows.forms.enabling import condition_of, holds
from workflows.forms.layout import Layout, layout
from workflows.forms.schema import faultless, without_blanks
from workflows.forms.sheet import Sheet

FORMS = forms_on_disk()
TODAY = date(2026, 1, 5)
ROUNDS = 25
ODD = (
    None,
    "",
    " ",
    [],
    [None],
    {},
    "x",
    "2026-01-04",
    "20260102",
    "未查",
    "不详",
    True,
    False,
    0,
    7,
    Decimal("36.5"),
    -3,
)
OTHERS = ([], None, "other", True, False, 1, Decimal(1), ["other"])
CONTEXT = {"edd": "2026-08-10", "lmp": "2025-11-03", "prepregnancy_weight": 54}


def answers_of(form, chance):
    """Of the example some, others of another kind, and codes of what may be chosen."""
    found = {}
    known = example_answers(form.id)
    for item in form.layout.columns:
        kind = chance.random()
        if kind < 0.5 and item.link_id in known:
            found[item.link_id] = known[item.link_id]
        elif kind < 0.75 and item.options:
            codes = [option.code for option in item.options]
            found[item.link_id] = chance.sample(codes, min(2, len(codes))) if item.repeats else chance.choice(codes)
        elif kind < 0.75 and item.type == "boolean":
            found[item.link_id] = chance.random() < 0.5
        elif kind > 0.99:
            found[item.link_id] = chance.choice(ODD)
    if chance.random() < 0.03:
        found["of_another_form"] = 1
    return found


def by_the_schema(form, given):
    with Context[date](TODAY):
        try:
            return repr(form.schema.load(given))
        except ValidationError:
            return None


@pytest.mark.parametrize("form_id", FORMS)
def test_answers_are_accepted_as_the_schema_accepts_them(form_id):
    form, chance = FORMS[form_id], random.Random(form_id)
    for _ in range(ROUNDS):
        given = without_blanks(answers_of(form, chance))
        accepted = faultless(form.layout, given, TODAY)

        assert (None if accepted is None else repr(accepted)) == by_the_schema(form, given), given


@pytest.mark.parametrize("form_id", FORMS)
def test_each_odd_answer_to_each_question_is_refused_or_read_as_the_schema_does(form_id):
    form = FORMS[form_id]
    for item in form.layout.columns:
        for odd in ODD:
            given = without_blanks({item.link_id: odd})
            accepted = faultless(form.layout, given, TODAY)

            if accepted is None and odd == {} and item.is_table:
                continue  # one bare row is left to the schema
            assert (None if accepted is None else repr(accepted)) == by_the_schema(form, given), given


def at_length(short: Layout) -> Layout:
    """Every round is walked again until nothing moves, and no condition is made ready."""
    rows = {name: at_length(row) for name, row in short.rows.items()}
    return replace(short, calculates_once=False, rows=rows)


def settled(form_layout, answers):
    sheet = Sheet(form_layout, answers, {**CONTEXT, "today": TODAY.isoformat()})
    sheet.settle()
    return sheet


@pytest.mark.parametrize("form_id", FORMS)
def test_a_form_that_has_settled_after_one_round_would_not_move_in_another(form_id):
    form, chance = FORMS[form_id], random.Random(form_id)
    every_name = frozenset(form.by_link_id)
    complete = at_length(layout(form.items, every_name))
    for _ in range(ROUNDS):
        given = faultless(form.layout, without_blanks(answers_of(form, chance)), TODAY)
        if given is None:
            continue
        short, long = settled(form.layout, given), settled(complete, given)

        assert repr(short.shown()) == repr(long.shown())
        assert repr(short.calculated()) == repr(long.calculated())
        assert (short.enabled(), short.duties()) == (long.enabled(), long.duties())
        read = {name: value for name, value in long.environment.items() if name in short.environment}
        assert repr(dict(sorted(short.environment.items()))) == repr(dict(sorted(read.items())))


def test_a_condition_that_hangs_on_what_is_hidden_or_calculated_is_asked_again():
    moved = [form.id for form in FORMS.values() if form.layout.conditions_read and not form.layout.calculates_once]
    once = [form.id for form in FORMS.values() if form.layout.calculates_once]

    assert len(once) > len(moved)  # else the short way is none


@pytest.mark.parametrize("form_id", FORMS)
def test_a_condition_that_stands_ready_holds_where_its_item_says_so(form_id):
    chance = random.Random(form_id)
    for item in FORMS[form_id].by_link_id.values():
        ready = condition_of(item)
        for condition in item.conditions:
            for value in (
                condition.answer,
                [condition.answer],
                [],
                None,
                "other",
                True,
                False,
                1,
                Decimal(1),
                ["other"],
            ):
                environment = {each.question: chance.choice([each.answer, [], "other"]) for each in item.conditions}
                environment[condition.question] = value
                assert ready(environment) == holds(item, environment), (item.link_id, environment)
