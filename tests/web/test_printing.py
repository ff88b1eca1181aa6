"""What comes out of the printer: the recorded form with who, where, when and by which version, and nothing to click."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import example, served
from tests.web.visitor import visitor
from workflows import completion
from workflows.forms import forms_on_disk

pytestmark = pytest.mark.browser


def test_a_recorded_first_visit_prints_its_fields_and_its_answers_on_a4(site, chromium):
    task = site.task("task_first_visit")
    answers = {**example("anc-first"), "overall": "abnormal", "overall_text": "打印核对"}
    completion.complete(site.services, task.id, by=site.principal("nurse"), answers=answers)
    form = forms_on_disk()["anc-first"]
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/tasks/{task.id}")
        expect(person.page.get_by_role("button", name="打印这张表")).to_be_visible()
        person.check()
        person.page.emulate_media(media="print")
        expect(person.page.locator(".top__nav")).to_be_hidden()
        expect(person.page.locator(".actions").first).to_be_hidden()
        paper = person.page.locator("body").inner_text()
        for item in (i for top in form.items for i in top.walk() if i.link_id in answers and i.is_question):
            assert item.text.zh in paper, f"{item.link_id} is not printed"
        for said in ("甲镇卫生院", f"表单第 {form.version} 版", "填写：示范", "打印：示范", "2026-01-05", "打印核对"):
            assert said in paper, said
        assert "必填" not in paper
        wider = person.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0
        assert person.page.pdf(format="A4").startswith(b"%PDF")
