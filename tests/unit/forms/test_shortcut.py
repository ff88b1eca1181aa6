"""The short way of a form's expressions answers what the library answers, or leaves it to the library."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from workflows.forms import forms_on_disk
from workflows.forms.expressions import Expression, compile_fhirpath, plain

MORE = (
    "%a + %b - %c * 2",
    "(%a - 3) * (%b + 1) > %c",
    "%d.daysUntil(%e) <= 280 - %a",
    "%d.addDays(%a).daysUntil(%e)",
    "%d.yearsUntil(%e) >= 18",
    "%a.halfUp(0) > 3",
    "%a > '3'",
    "%d > %e",
    "%a + %d",
    "%d.daysUntil(7)",
    "%a = %b",
    "(%a / %b).halfUp(1)",
    "(%a div %b).toString() & '-' & (%a mod %b).toString()",
    "iif(%a > %b, %a.toString(), {})",
    "iif(%a > %b, %d & 'x', %e)",
    "%a / %b * 3",
    "%a.empty() or %a = 'met'",
    "%a.where($this = 'none').empty() or %a.count() = 1",
    "%a.count() = 2",
    "%a.empty() or %b",
    "%a = 3",
    "%a > 1 and %b > 2",
    "%a > 1 xor %b > 2",
    "%a >= 1 and %a <= 84 and %b.empty()",
    "%a.exists()",
    "%a.exists() or %b.empty()",
    "true",
    "%a > 1 or %b > 2",
    "(%a > 1 and %b = 'met').not()",
    "%a != 'met' and %b != 3",
    "%a.exists() and %a != 'met'",
    "iif(%a.where($this = 'met').exists(), 'x', iif(%b.exists(), 'y', {}))",
    "iif(%a > 1, %b, %d)",
    "%a.where($this = true).exists()",
    "(%a | %b | %d).where($this = true).empty()",
    "iif((%a | %b).where($this = true).exists(), 'x', iif(%d = 'met', {}, 'z'))",
    "%d.daysUntil(%e).exists()",
    "(%a + %b > 3).not()",
    "%a = true",
    "%a != false or %b > -3",
    "%d.naegele().exists()",
    "%d.naegele().daysUntil(%e)",
    "%d.fromLunar(%e)",
    "%d.minutesUntil(%e) < 30",
    "%a.daysUntil(%b) > 3 or %d = 'met'",
)
VALUES: tuple[Any, ...] = (
    *(0, 1, -7, 84, 196, 10**9, Decimal("0.0"), Decimal("5.0"), Decimal("67.25")),
    *(
        True,
        False,
        [],
        [1],
        [1, 2],
        ["none"],
        ["none", "met"],
        [True],
        [True, False],
        [False],
        "",
        "3",
        "met",
        "not-performed",
    ),
    *("2026-02-28", "2026-03-01T08:30:00+08:00", "2024-02-29", "2026-13-01"),
)


def expressions() -> list[str]:
    items = (each for form in forms_on_disk().values() for item in form.items for each in item.walk())
    found = {
        expression.text
        for item in items
        for expression in (
            item.enabled_by,
            item.required_by,
            item.calculated,
            *(c.expression for c in item.constraints),
        )
        if expression is not None
    }
    return sorted(found | set(MORE))


def answers(expression: Expression, environment: dict[str, Any]) -> str:
    return repr([plain(value) for value in expression.evaluate(environment)])


@pytest.mark.parametrize("text", expressions())
def test_both_ways_answer_the_same(text):
    short = compile_fhirpath(text)
    library = replace(short, short=None)
    chance = random.Random(text)

    for _ in range(60):
        environment = {name: chance.choice(VALUES) for name in short.names}
        assert answers(short, environment) == answers(library, environment), environment


def test_the_common_expressions_have_a_short_way():
    assert compile_fhirpath("280 - %visit_date.daysUntil(%edd)").short
    assert compile_fhirpath("%ga_days >= 112").short
    assert compile_fhirpath("%sbp > %dbp").short
    assert compile_fhirpath("%contact.empty() or %contact = 'met'").short
    assert compile_fhirpath("%ga_days >= 168 and %ga_days <= 202 and %ogtt_0.empty()").short
    assert compile_fhirpath("%signs.where($this = 'none').empty() or %signs.count() = 1").short


@pytest.mark.parametrize("text", ["%a.where($this = 1)", "%a = %b", "3.5 > %a", "%a > 1 xor %b > 2", "%a.first()"])
def test_what_it_is_not_made_for_has_none(text):
    assert compile_fhirpath(text).short is None
