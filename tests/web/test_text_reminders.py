"""M-20 on her page: whether she wants to be reminded by text message, said and taken back; what pages say of whom."""

from __future__ import annotations

import pytest

from tests.web.conftest import served
from tests.web.markup import assert_sound
from tests.web.visitor import NARROW, WIDE, visitor


@pytest.fixture
def case(site):
    return site.task("task_screen").business_key


def test_her_word_is_written_down_from_her_page_and_taken_back_there(site, case):
    path = f"/pregnancies/{case}"
    assert "尚未询问本人" in site.get(path, "nurse").text

    assert site.post(f"{path}/texts", "nurse", agreed="yes").status_code == 303
    page = site.get(path, "nurse")
    assert_sound(page)
    assert "本人已同意" in page.text and "撤回同意" in page.text
    site.post(f"{path}/texts", "nurse", agreed="no")
    assert "本人不同意" in site.get(path, "nurse").text


def test_strangers_and_nonsense_are_refused(site, case):
    assert site.post(f"/pregnancies/{case}/texts", "nurse2", agreed="yes").status_code == 404
    assert site.post(f"/pregnancies/{case}/texts", "it", agreed="yes").status_code == 403
    assert site.post(f"/pregnancies/{case}/texts", "nurse", agreed="maybe").status_code == 422


def test_what_is_on_record_is_named_on_her_page(site, case):
    page = site.get(f"/pregnancies/{case}", "nurse").text
    assert "第1次产前检查服务记录表" in page.partition('id="records"')[2]


@pytest.mark.browser
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_bar_of_the_county_officer_is_one_line_and_everything_is_reached(shown, chromium, lang, width):
    with served(shown) as base, visitor(chromium, base, lang=lang, width=width) as person:
        person.sign_in("officer", shown.passwords["officer"])
        person.goto("/tasks")
        if width == WIDE:
            assert person.page.locator("header.top").bounding_box()["height"] < 75  # with the line of the demonstration
        more = person.page.locator("details.top__more")
        more.locator("summary").click()
        more.locator('a[href="/inbox"]').click()
        person.page.wait_for_url("**/inbox")
        person.check()
