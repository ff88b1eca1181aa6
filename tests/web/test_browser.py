"""The pages in a real browser: what everybody meets, and a nurse's and a designer's work from end to end."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import example, served
from tests.web.visitor import NARROW, WIDE, visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def base(shown):
    with served(shown) as address:
        yield address


def addresses(site):
    """Name of a page -> who opens it, and where."""
    screening, first = site.task("task_screen"), site.task("task_first_visit")
    return {
        "tasks": ("nurse", "/tasks"),
        "nothing to do": ("nurse", "/tasks?colour=red"),
        "screening": ("nurse", f"/tasks/{screening.id}"),
        "first visit": ("nurse", f"/tasks/{first.id}"),
        "a task of others": ("village", f"/tasks/{screening.id}"),
        "registering": ("nurse", "/register"),
        "a lead": ("village", "/leads/new"),
        "her page": ("nurse", f"/pregnancies/{screening.business_key}?inside=call_registration"),
        "no such page": ("nurse", "/nothing"),
        "processes": ("designer", "/design"),
        "drawing board": ("designer", "/design/risk_screening"),
        "closed to you": ("designer", "/register"),
    }


READY = {"her page": "#diagram[data-ready]", "drawing board": "#designer[data-ready]"}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("who", ["nurse", "village", "designer"])
def test_every_page_is_accessible_quiet_and_at_home(shown, base, chromium, who, lang, width):
    with visitor(chromium, base, lang=lang, width=width) as person:
        person.goto("/sign-in")
        person.check()
        person.sign_in(who, shown.passwords[who])
        for name, (owner, path) in addresses(shown).items():
            if owner == who:
                person.goto(path)
                if name in READY:
                    expect(person.page.locator(READY[name])).to_be_visible()
                person.check()


def test_twenty_rows_fit_on_a_screen_of_768_pixels(shown, base, chromium):
    with visitor(chromium, base) as person:
        person.sign_in("nurse", shown.passwords["nurse"])
        row = person.page.locator("main .table tbody tr").first.bounding_box()
        head = person.page.locator("main .table tbody").bounding_box()

    assert head["y"] + 20 * row["height"] < 768


def test_on_a_telephone_the_task_and_its_deadline_are_seen_without_moving_sideways(shown, base, chromium):
    with visitor(chromium, base, width=360) as person:
        person.sign_in("nurse", shown.passwords["nurse"])
        row = person.page.locator("main .table tbody tr").first
        for part in (row.locator("a.open"), row.locator(".badge")):
            expect(part).to_be_visible()
            box = part.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
        person.check()


def test_a_list_is_worked_with_the_keyboard_alone(shown, base, chromium):
    with visitor(chromium, base) as person:
        person.sign_in("nurse", shown.passwords["nurse"])
        person.page.keyboard.press("ArrowDown")
        person.page.keyboard.press("ArrowDown")
        second = person.page.locator("a.open").nth(1)
        expect(second).to_be_focused()
        person.page.keyboard.press("?")
        expect(person.page.locator("dialog#keys")).to_be_visible()
        person.check()
        person.page.keyboard.press("Escape")
        person.page.keyboard.press("/")
        expect(person.page.locator("#q")).to_be_focused()
        person.page.keyboard.type("csj")
        person.page.keyboard.press("Enter")
        expect(person.page.locator("h1")).to_have_text("查找孕产妇")
        expect(person.page.locator(".table a.open").first).to_have_text("测试甲")
        assert "csj" not in person.page.url
        person.check()


ACTIVE = """() => { const at = document.activeElement; const set = at.closest('fieldset.choice');
  const value = (one) => one.value; return { tag: at.tagName, type: at.type, name: at.name,
  values: set ? [...set.querySelectorAll('input')].map(value) : at.options ? [...at.options].map(value) : [] }; }"""


def fill_by_keyboard(page, answers):
    """From the first field to the submit button with nothing but keys: Enter goes on, a digit chooses."""
    page.locator(".form-fields input:visible, .form-fields select:visible").first.focus()
    for _ in range(300):
        at = page.evaluate(ACTIVE)
        if at["tag"] in ("BUTTON", "A", "BODY"):
            return
        wanted = answers.get(at["name"])
        if at["values"]:
            for one in wanted if isinstance(wanted, list) else [] if wanted is None else [wanted]:
                choose(
                    page, at, {True: "true", False: "false"}.get(one, str(one)) if isinstance(one, bool) else str(one)
                )
        elif at["type"] == "checkbox":
            if wanted is True:
                page.keyboard.press("Space")
        elif wanted is not None:
            page.keyboard.press("Control+A")
            page.keyboard.type(str(wanted))
        page.keyboard.press("Enter")
    raise AssertionError("the form has no end")


def choose(page, at, value):
    number = at["values"].index(value)
    if at["tag"] == "SELECT":
        page.keyboard.press("Home")
        for _ in range(number):
            page.keyboard.press("ArrowDown")
    else:
        page.keyboard.press(str(number + 1))


def test_a_nurse_registers_a_woman_without_touching_the_mouse(site, chromium):
    fresh = {"name": "测试丁", "id_no": "999999199706150051", "handbook_no": "SF-2026-0009"}
    answers = {**example("registration"), **fresh}
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto("/register")
        fill_by_keyboard(person.page, answers)
        person.page.keyboard.press("Control+Enter")
        person.page.wait_for_url(re.compile("/pregnancies/"))
        expect(person.page.locator("h1")).to_contain_text("测试丁")
        expect(person.page.locator("#diagram[data-ready]")).to_be_visible()
        person.check()
        person.context.close()


def test_a_refused_form_puts_the_focus_on_what_is_wrong_and_leads_to_the_field(site, chromium):
    task = site.task("task_first_visit")
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/tasks/{task.id}")
        person.page.fill("#f-sbp", "112")
        person.page.keyboard.press("Control+Enter")
        summary = person.page.locator("#form-errors")
        expect(summary).to_be_focused()
        person.check()
        expect(person.page.locator("#f-sbp")).to_have_value("112")
        summary.locator('a[href="#f-hb"]').click()
        expect(person.page.locator("#f-hb")).to_be_focused()
        person.context.close()
    assert site.stored(task.id).is_open


def test_what_is_typed_is_kept_as_a_draft_and_found_again_in_another_browser(site, chromium):
    task = site.task("task_first_visit")
    with served(site) as base:
        with visitor(chromium, base) as person:
            person.sign_in("nurse", site.passwords["nurse"])
            person.goto(f"/tasks/{task.id}")
            person.page.fill("#f-height", "161")
            expect(person.page.locator("[data-draft-status]")).to_contain_text("草稿已保存")
            person.check()
        with visitor(chromium, base) as later:
            later.sign_in("nurse", site.passwords["nurse"])
            later.goto(f"/tasks/{task.id}")
            expect(later.page.locator("#f-height")).to_have_value("161")


# --- the drawing board ------------------------------------------------------------------------------------------------


def open_board(person, site, key):
    person.sign_in("designer", site.passwords["designer"])
    person.goto(f"/design/{key}")
    expect(person.page.locator("#designer[data-ready]")).to_be_visible()


def select(person, element):
    person.page.locator(f'.djs-element[data-element-id="{element}"] .djs-hit').first.click()


def open_group(person, title):
    header = person.page.locator(".bio-properties-panel-group-header", has_text=title)
    if header.locator(".bio-properties-panel-group-header-button").get_attribute("aria-expanded") != "true":
        header.click()


def test_a_designer_changes_a_step_is_told_what_is_wrong_mends_it_and_goes_live(site, chromium):
    with served(site) as base, visitor(chromium, base) as person:
        open_board(person, site, "registration")
        page = person.page
        select(person, "task_register")
        due = page.locator('[data-entry-id="yuntu-due"] input')
        rightly = due.input_value()

        due.fill("=registered_on +")
        page.click("#check")
        expect(page.locator("#status")).to_have_text("未通过校验，未发布")
        finding = page.locator("#findings-list button", has_text="task_register")
        expect(finding).to_be_visible()
        expect(page.locator('[data-element-id="task_register"].finding--error')).to_be_visible()
        person.check()
        select(person, "task_first_visit")
        finding.click()
        expect(page.locator('[data-element-id="task_register"].selected')).to_be_visible()

        page.locator('[data-entry-id="yuntu-due"] input').fill(rightly)
        page.locator('[data-entry-id="yuntu-priority"] input').fill("70")
        page.click("#deploy")
        page.click("#confirm button[value=yes]")
        expect(page.locator("#designer")).to_have_attribute("data-deployed", "2")
        expect(page.locator("#status")).to_have_text("已发布为 v2")
        person.check()
        person.goto("/design")
        expect(page.locator("tr", has_text="registration").first).to_contain_text("v2")
        person.context.close()
    assert {task.definition_version for task in site.tasks()} == {1}


def test_saving_fifty_milliseconds_after_typing_keeps_the_value(site, chromium):
    with served(site) as base, visitor(chromium, base) as person:
        open_board(person, site, "registration")
        page = person.page
        select(person, "task_register")
        page.locator('[data-entry-id="yuntu-priority"] input').click()
        page.keyboard.type("66", delay=10)
        page.wait_for_timeout(50)
        with page.expect_request("**/design/check") as sent:
            page.keyboard.press("Control+s")
        assert 'priority="66"' in sent.value.post_data
        expect(page.locator("#status")).not_to_have_text("正在校验…")
        person.context.close()


@pytest.mark.parametrize("key, elements", [("registration", 9), ("antenatal_visits", 40)])
def test_every_string_of_the_drawing_board_is_chinese(shown, base, chromium, key, elements):
    with visitor(chromium, base) as person:
        open_board(person, shown, key)
        walked = 0
        for drawn in person.page.locator(".djs-shape, .djs-connection").all()[: elements * 2]:
            if drawn.locator(".djs-hit").count():
                drawn.locator(".djs-hit").first.click(force=True)
                walked += 1
        board = person.page.locator("#designer")

        assert walked >= elements
        assert json.loads(board.get_attribute("data-untranslated") or "[]") == []


def test_a_designer_sees_the_labels_of_pools_and_lanes_beside_the_palette(shown, base, chromium):
    with visitor(chromium, base) as person:
        open_board(person, shown, "registration")
        palette = person.page.locator(".djs-palette").bounding_box()
        edge = min(shape.bounding_box()["x"] for shape in person.page.locator(".djs-shape:not([style*=none])").all())

        assert edge >= palette["x"] + palette["width"]


def test_a_draft_that_is_refused_is_a_warning_and_the_page_that_comes_too_late_keeps_what_was_typed(site, chromium):
    task = site.task("task_first_visit")
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/tasks/{task.id}")
        site.complete("task_first_visit", "nurse", "anc-first")

        person.page.fill("#f-hb", "131")
        told = person.page.locator("[data-draft-status]")
        expect(told).to_contain_text("草稿未保存")
        expect(told).to_have_css("position", "fixed")
        expect(told).to_have_css("color", "rgb(107, 74, 0)")
        person.check()
        person.page.keyboard.press("Control+Enter")
        expect(person.page.locator(".notice--warn")).to_be_focused()
        expect(person.page.locator("#mine")).to_have_value(re.compile("131"))
        person.check()
        person.context.close()


def test_an_english_form_names_the_day_in_english(shown, base, chromium):
    with visitor(chromium, base, lang="en") as person:
        person.sign_in("nurse", shown.passwords["nurse"])
        person.goto(f"/tasks/{shown.task('task_first_visit').id}")

        expect(person.page.locator("[data-item=filled_on] .echo")).to_have_text("Mon")
