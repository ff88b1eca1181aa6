"""AC-13, G-2: a nurse types the lunar date where the last period is asked for, sees the Gregorian day before she saves,
and both are kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import example, served
from tests.web.test_amendments import variables
from tests.web.test_task_page import as_form
from tests.web.visitor import visitor

FRESH = {"name": "测试农历", "id_no": "999999199706150051", "handbook_no": "SF-2026-0009"}


def stored(site, case):
    """Her registration as it stands on record."""
    task = next(t for t in site.tasks(business_key=case, state=None) if t.element_id.endswith("task_register"))
    with site.services.engine.read() as conn:
        response = site.services.patients.response_to(conn, task.id, restricted=True)
    form = site.services.forms.get("registration", task.form_version)
    return form.answers_from_response(dict(response))


@pytest.mark.browser
@pytest.mark.parametrize(
    ("lang", "told", "day", "weekday"),
    [("zh", "九月十四", "2025-11-03", "周一"), ("en", "闰六月十五", "2025-08-08", "Fri")],
)
def test_ac13_in_a_browser_the_lunar_date_is_typed_into_the_field_itself(site, chromium, lang, told, day, weekday):
    with served(site) as base, visitor(chromium, base, lang=lang) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto("/register")
        page = person.page
        page.fill("#f-lmp", told)
        expect(page.locator("#f-lmp ~ .echo")).to_have_text(f"{told} = {day} {weekday}")  # before the field is left
        expect(page.locator("#f-lmp")).to_have_value(told)
        page.keyboard.press("Tab")
        expect(page.locator("#f-lmp")).to_have_value(day)
        expect(page.locator("#f-lmp_lunar_told")).to_have_value(told)
        expect(page.locator("#f-lmp_from_lunar")).to_contain_text(day)
        person.check()


@pytest.mark.browser
def test_ac13_in_a_browser_a_leap_month_that_was_not_is_said_at_the_field_and_both_dates_are_saved(site, chromium):
    answers = {**example("registration"), **FRESH}
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto("/register")
        page = person.page
        page.fill("#f-lmp", "闰四月初三")
        page.keyboard.press("Tab")
        expect(page.locator("#f-lmp-error")).to_contain_text("没有这个农历日期")
        for name in ("name", "id_no", "handbook_no", "phone", "contact_name", "contact_phone", "addr_current"):
            page.fill(f"#f-{name}", str(answers[name]))
        page.fill("#f-lmp", "农历九月十四")
        page.keyboard.press("Tab")
        expect(page.locator("#f-lmp")).to_have_value("2025-11-03")
        person.check()


@pytest.mark.parametrize(("typed", "told"), [("农历九月十四", "农历九月十四"), ("2025-11-3", None)])
def test_ac13_without_scripts_the_form_converts_it_when_it_is_sent(site, typed, told):
    given = {name: value for name, value in example("registration").items() if name not in ("lmp", "lmp_calendar")}

    answer = site.post("/register", "nurse", **as_form({**given, **FRESH, "lmp": typed}))

    assert answer.status_code == 303
    case = re.search(r"/pregnancies/([^?]+)", answer.location)[1]
    kept = stored(site, case)
    assert (kept["lmp"], kept.get("lmp_lunar_told")) == ("2025-11-03", told)
    assert (kept.get("lmp_calendar") == "lunar") is (told is not None)
    assert (variables(site, case)["lmp"], variables(site, case)["edd"]) == ("2025-11-03", "2026-08-10")


def test_ac13_a_lunar_date_that_is_none_is_refused_where_it_was_typed_and_nothing_is_opened(site):
    before = len(site.tasks())

    answer = site.post("/register", "nurse", **as_form({**example("registration"), **FRESH, "lmp": "闰四月初三"}))

    assert answer.status_code == 422 and "没有这个农历日期" in answer.text and 'value="闰四月初三"' in answer.text
    assert len(site.tasks()) == before
