"""Every page of institutions is sound in both languages, and nobody sees what is not theirs."""

from __future__ import annotations

import re

import pytest

from tests.api.test_beside_tasks import sent
from tests.databases import copied
from tests.institutions.conftest import XINFENG, County
from tests.web.markup import assert_sound

CHINESE = re.compile(r"[一-鿿]")
NAMED = ("中文", "示范孕管员", "示范县妇幼保健院孕管中心")  # the language, and who is signed in
PAGES = (
    "/institutions",
    "/institutions?state=overdue",
    "/institutions/begin/official_notice",
    "/institutions/directory",
    "/institutions/directory?organisation=org-hospital&kind=staff",
    "/institutions/staff?period=2026Q1",
    "/institutions/returns?period=2026Q1",
    "/institutions/reviews?period=2026Q1",
    "/institutions/registers?period=2026Q1",
)


@pytest.fixture(scope="module")
def lived_in(server, settled):
    """Duties, a matter, lines of the directory: something on every page."""
    with copied(server, settled[0], "pages") as url:
        county = County(settled[1], url, YUNTU_PACK=XINFENG)
        county.post("/institutions/calendar", "officer")
        county.ask("POST", "/api/institutions/matters", "midwife", json={"kind": "adverse_event"})
        line = {"organisation": "org-hospital", "kind": "staff", "fields": {"name": "甲", "post": "midwife"}}
        county.ask("POST", "/api/institutions/directory", "officer", json=line)
        county.to("2026-02-25")
        yield county
        county.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sound_in_both_languages(lived_in, path, lang):
    client = lived_in.client("officer")
    client.set_cookie("yuntu_lang", lang)

    page = assert_sound(client.get(path))

    client.delete_cookie("yuntu_lang")
    if lang == "en":
        assert [text for text in page.english if CHINESE.search(text) and text not in NAMED] == []


@pytest.mark.parametrize("who", ["village", "it", "auditor", "designer", None])
@pytest.mark.parametrize("path", [p for p in PAGES if "directory" not in p])
def test_the_work_of_institutions_is_for_those_who_work_there(lived_in, who, path):
    answer = lived_in.get(path, who)

    assert answer.status_code == 403 if who else answer.status_code == 302


def test_files_put_to_a_duty_are_counted_beside_it(county):
    county.post("/institutions/calendar", "officer")
    county.to("2026-01-25")
    task = county.task("task_duty", "org-hospital")
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    file = sent("signatures.pdf", pdf, "application/pdf")
    answer = county.ask("POST", f"/api/user-tasks/{task.id}/attachments", "midwife", **file)
    assert answer.status_code == 201, answer.text

    found = county.ask("GET", "/api/institutions/duties", "midwife").json["items"]
    assert [one["files"] for one in found if one["task"] == str(task.id)] == [1]
