"""The sign-in ends while somebody types: at a shared computer that is every morning, and no word of hers is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import example, served
from tests.web.visitor import visitor
from web import security

pytestmark = pytest.mark.browser
TYPED = "会话结束以后才写的话"
RETURN = "() => window.dispatchEvent(new Event('focus'))"  # as when a person comes back from another window


def end_session(site, person):
    """As the clock or an administrator ends it: the browser is not told."""
    token = next(c["value"] for c in person.context.cookies() if c["name"] == security.SESSION_COOKIE)
    site.services.people.sign_out(token)


def sign_in_beside(site, person, who):
    """In the window that the page's own link opens."""
    with person.context.expect_page() as opened:
        person.page.locator(".notice--warn a[target=_blank]").click()
    beside = opened.value
    beside.fill("#login", who)
    beside.fill("#password", site.passwords[who])
    beside.press("#password", "Enter")
    beside.wait_for_url(lambda url: "/sign-in" not in url)
    beside.close()


def test_what_is_typed_after_the_session_ended_is_handed_in_after_the_same_person_signed_in_again(site, chromium):
    task = site.task("task_screen")
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/tasks/{task.id}")
        page = person.page
        end_session(site, person)
        for name, value in example("risk-screening").items():
            radio = page.locator(f'input[type=radio][name="{name}"][value="{value}"]')
            if radio.count():
                radio.check()
        page.fill("#f-doctor", TYPED)
        page.keyboard.press("Control+Enter")
        link = page.locator(".notice--warn a[target=_blank]")
        expect(link).to_be_focused()
        expect(page.locator("main")).to_contain_text("登录已失效：填写的内容还在本页，没有交出")
        expect(page.locator("#f-doctor")).to_have_value(TYPED)
        person.check()

        sign_in_beside(site, person, "nurse2")
        page.evaluate(RETURN)
        expect(page.locator("main")).to_contain_text("现在登录的是另一个人")
        assert site.stored(task.id).is_open and not site.stored(task.id).draft

        sign_in_beside(site, person, "nurse")
        page.evaluate(RETURN)
        expect(link).to_have_count(0)
        expect(page.locator("#saved")).to_contain_text("草稿已保存")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: "done=" in url)

    assert site.stored(task.id).completed_by == "nurse"


def test_a_registration_waits_too(site, chromium):
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto("/register")
        end_session(site, person)
        person.page.fill("#f-name", "测试戊")
        person.page.keyboard.press("Control+Enter")
        expect(person.page.locator(".notice--warn a[target=_blank]")).to_be_focused()

        sign_in_beside(site, person, "nurse")
        person.page.evaluate(RETURN)
        expect(person.page.locator(".notice--warn a[target=_blank]")).to_have_count(0)
        person.page.keyboard.press("Control+Enter")
        expect(person.page.locator(".errors, .error-summary, [data-focus]").first).to_be_visible()
        expect(person.page.locator("#f-name")).to_have_value("测试戊")
