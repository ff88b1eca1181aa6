"""The panel beside the drawing board in which an expression is tried."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.web.conftest import csrf_of, served
from tests.web.visitor import visitor


def ask(site, expression, variables="", who="designer", **more):
    client = site.client(who)
    headers = {"X-CSRF-Token": csrf_of(client.get("/design" if who != "nurse" else "/tasks"))}
    return client.post("/design/try", json={"expression": expression, "variables": variables, **more}, headers=headers)


def test_the_value_keeps_all_its_digits_and_a_null_says_why(shown):
    third, lost = ask(shown, "=x / 3", '{"x": 1}'), ask(shown, "x / 0", '{"x": 1}')

    assert json.loads(third.get_data())["value"] == "0." + "3" * 34
    assert lost.json["value"] == "null"
    assert lost.json["diagnostics"][0]["message"].keys() == {"zh", "en"}


def test_what_cannot_be_read_names_the_position(shown):
    answer = ask(shown, "1 +")

    assert (answer.status_code, answer.json["position"]) == (422, 3)
    assert answer.json["message"]["zh"] and answer.json["message"]["en"]


@pytest.mark.parametrize(
    ("expression", "variables", "more", "status"),
    [
        ("1", "{", {}, 400),
        ("1", "[]", {}, 422),
        (1, "", {}, 400),
        ("1", {}, {}, 400),
        ("1", "", {"store": True}, 400),
        ("sum(for a in 1..9999, b in 1..9999 return a)", "", {}, 422),
        ("1", json.dumps({"x": "y" * 300_000}), {}, 400),
    ],
)
def test_what_does_not_fit_is_said_in_both_languages(shown, expression, variables, more, status):
    answer = ask(shown, expression, variables, **more)

    assert answer.status_code == status
    assert answer.json["message"]["zh"] and answer.json["message"]["en"]


def test_a_nurse_tries_nothing(shown):
    assert ask(shown, "1", who="nurse").status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "reason"), [("zh", "第 3 个字符"), ("en", "character 3")])
def test_a_designer_types_an_expression_and_reads_its_value(shown, chromium, lang, reason):
    with served(shown) as base, visitor(chromium, base, lang=lang) as person:
        person.sign_in("designer", shown.passwords["designer"])
        person.goto("/design/registration")
        expect(person.page.locator("#designer[data-ready]")).to_be_visible()
        page, panel = person.page, person.page.locator("#try")
        panel.locator("summary").click()
        expression, variables = panel.locator("[name=expression]"), panel.locator("[name=variables]")

        expression.fill("weeks + 1")
        variables.fill('{"weeks": 11}')
        panel.locator("button").click()
        expect(panel.locator("output")).to_have_text("12")
        person.check()

        expression.fill("1 / 0")
        panel.locator("button").click()
        expect(panel.locator("output")).to_have_text("null")
        expect(panel.locator("li").first).to_contain_text(reason)

        expression.fill("1 + + )")
        panel.locator("button").click()
        expect(panel.locator("output")).to_have_attribute("data-kind", "bad")
        expect(expression).to_be_focused()
        assert page.evaluate("document.activeElement.selectionStart") == 4
        person.context.close()
