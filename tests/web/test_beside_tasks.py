"""Beside the form of a task: handing it on, remarks, files."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import served
from tests.web.markup import assert_sound
from tests.web.visitor import NARROW, WIDE, visitor

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def handed(site):
    """A screening of the first township, with a second nurse there."""
    site.services.people.add_account(
        login="nurse3", name="示范专干丙", organisation_id="org-twn-1", roles=["R-MCHW"], password="x" * 20, by="test"
    )
    return site.task("task_screen")


def test_a_task_handed_on_is_in_her_list_until_she_has_opened_it(site, handed):
    address = f"/tasks/{handed.id}"
    assert "示范妇幼专干" in site.get(address, "officer").text

    answer = site.post(f"{address}/assignment", "officer", assignee="nurse", reason="请今天办", idempotency_key="a-1")

    assert answer.status_code == 303 and site.stored(handed.id).assignee == "nurse"
    listed = site.get("/tasks?view=mine", "nurse")
    assert_sound(listed)
    assert "有 1 项任务转交给您" in listed.text and "示范孕管员 转交" in listed.text
    shown = site.get(address, "nurse")
    assert_sound(shown)
    assert "请今天办" in shown.text
    assert "转交给您" not in site.get("/tasks?view=mine", "nurse").text
    assert "已查看" in site.get(address, "officer").text


def test_what_cannot_be_is_said_on_the_page_and_what_was_typed_stays(site, handed):
    address = f"/tasks/{handed.id}"

    refused = site.post(f"{address}/assignment", "officer", assignee="nurse2", reason="试试", idempotency_key="a-1")
    wrong = site.client("nurse").post(
        f"{address}/attachments",
        data={"csrf": re.search(r'name="csrf" value="([^"]+)', site.get(address, "nurse").text)[1]},
    )

    assert (refused.status_code, wrong.status_code) == (422, 422)
    assert_sound(refused)
    assert "岗位或机构不符" in refused.text and 'value="试试"' in refused.text and "请选择一个文件" in wrong.text
    assert site.stored(handed.id).assignee is None


def test_who_may_only_look_gets_no_form_and_whoever_must_not_see_it_no_page(site, handed):
    looking = site.get(f"/tasks/{handed.id}", "village").text

    assert 'enctype="multipart/form-data"' not in looking
    assert site.post(f"/tasks/{handed.id}/comments", "village", body="x").status_code == 403
    assert site.post(f"/tasks/{handed.id}/comments", "nurse2", body="x").status_code == 404
    assert site.post(f"/tasks/{handed.id}/assignment", "nurse", assignee="nurse3").status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize(
    "lang, width, remark, attach", [("zh", WIDE, "留言", "添加附件"), ("en", NARROW, "Remark", "Attach")]
)
def test_a_nurse_says_something_puts_a_file_to_it_and_hands_it_on(
    site, handed, chromium, tmp_path, lang, width, remark, attach
):
    file = tmp_path / "化验单.pdf"
    file.write_bytes(PDF)
    with served(site) as base, visitor(chromium, base, lang=lang, width=width) as nurse:
        nurse.sign_in("nurse", site.passwords["nurse"])
        nurse.goto(f"/tasks/{handed.id}")
        nurse.check()
        nurse.page.fill("textarea[name=body]", "<b>电话</b>打不通")
        nurse.page.get_by_role("button", name=remark).click()
        expect(nurse.page.locator(".remark")).to_have_text("<b>电话</b>打不通")
        nurse.page.set_input_files("input[type=file]", file)
        nurse.page.get_by_role("button", name=attach).click()
        link = nurse.page.get_by_role("link", name="化验单.pdf")
        expect(link).to_be_visible()
        with nurse.page.expect_download() as download:
            link.click()
        assert download.value.path().read_bytes() == PDF
        nurse.check()
        assert "化验单" not in nurse.page.url and "/attachments/" in download.value.url

        site.post(f"/tasks/{handed.id}/claim", "nurse")
        nurse.goto(f"/tasks/{handed.id}")
        nurse.page.select_option("select[name=assignee]", "nurse3")
        nurse.page.locator("form[action$='/assignment'] button").click()
        expect(nurse.page.locator("#beside ol.links li")).to_have_count(1)
        nurse.check()
    assert site.stored(handed.id).assignee == "nurse3"
