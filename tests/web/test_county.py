"""The county's pages: the numbers, the women behind them, and both as files."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html import escape

import pytest
from markupsafe import escape as as_html
from openpyxl import load_workbook

from runtime.app import create_app
from tests.web.conftest import csrf_of, served
from tests.web.markup import assert_sound
from tests.web.visitor import PATIENCE_MS, Visitor
from workflows import indicators, parameters, unsure
from workflows.regions import load_pack

CHINESE = re.compile(r"[\u4e00-\u9fff]")
REPORT, WOMEN = "/indicators?period=2026Q1", "/indicators/I-10?period=2026Q1"
SCORE = "/reports/score.xlsx"
PAGES = [REPORT, WOMEN, "/reports?period=2026Q1", "/region", "/reports/submitted"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_county_is_sound_in_both_languages(shown, path, lang):
    client = shown.client("officer")
    client.set_cookie("yuntu_lang", lang)

    page = assert_sound(client.get(path))

    client.delete_cookie("yuntu_lang")
    if lang == "en":
        named = ("中文", "示范孕管员", "示范县妇幼保健院孕管中心")  # the language, and who is signed in
        assert [text for text in page.english if CHINESE.search(text) and text not in named] == []


@pytest.mark.parametrize("who", ["nurse", "doctor", "it", "auditor", "designer"])
@pytest.mark.parametrize(
    "path", [*PAGES[:3], "/indicators/report.xlsx", "/indicators/I-10/women.csv", "/reports/score.xlsx"]
)
def test_the_numbers_are_for_the_county(shown, who, path):
    assert shown.get(path, who).status_code == 403


def test_every_indicator_is_there_and_what_nothing_records_says_so_and_leads_nowhere(shown):
    html = shown.get(REPORT, "officer").get_data(as_text=True)

    for one in indicators.definitions().values():
        assert one.name.zh in html
        assert (f"/indicators/{one.id}?" in html) == one.is_recorded
    assert html.count("尚未记录") == sum(not one.is_recorded for one in indicators.definitions().values())
    assert "专业常识，待确认" in html and "本地设定，待确认" in html


def test_a_number_leads_to_the_women_behind_it_and_from_there_to_each(shown):
    html = shown.get(WOMEN, "officer").get_data(as_text=True)

    assert "测试甲" in html and "测试乙" in html and "未筛查" in html
    assert re.search(r'href="/pregnancies/[0-9a-f-]{36}"', html)
    other = shown.get(f"{WOMEN}&organisation=org-twn-2", "officer").get_data(as_text=True)
    assert "测试乙" in other and "测试甲" not in other


def test_both_are_taken_away_as_files_in_which_nobody_has_a_name(shown):
    book = shown.get("/indicators/report.xlsx?period=2026Q1", "officer")
    assert load_workbook(io.BytesIO(book.data)).sheetnames[0] == "指标 Indicators"
    assert book.headers["Content-Disposition"] == 'attachment; filename="indicators-2026Q1.xlsx"'
    text = shown.get("/indicators/I-10/women.csv?period=2026Q1", "officer").data.decode("utf-8-sig")

    assert text.count("not screened") == 4 and "测试" not in text
    exported = [row for row in shown.services.people.newest(actor="officer") if row["action"] == "export"]
    assert {row["subject_id"] for row in exported} == {None, "I-10"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/indicators?period=2026Q7", 422),
        ("/indicators?organisation=nowhere", 404),
        ("/indicators/I-99", 404),
        ("/indicators/report.pdf", 404),
    ],
)
def test_what_cannot_be_shown_is_a_page_that_says_why(shown, path, status):
    answer = shown.get(path, "officer")

    assert answer.status_code == status
    assert_sound(answer)


def test_the_pages_are_accessible_and_nothing_runs_over_the_edge(shown, chromium):
    with served(shown) as base:
        context = chromium.new_context(viewport={"width": 1366, "height": 768})
        context.set_default_timeout(PATIENCE_MS)
        person = Visitor(context, base)
        person.sign_in("officer", shown.passwords["officer"])
        for path in PAGES:
            person.goto(path)
            person.check()
        context.close()


def by_pack(site, pack):
    """The same site as if it had been installed with another pack."""
    services = replace(site.services, settings=replace(site.services.settings, pack=pack))
    client = create_app(services).test_client()
    csrf = csrf_of(client.get("/sign-in"))
    client.post("/sign-in", data={"login": "officer", "password": site.passwords["officer"], "csrf": csrf})
    return client


def test_an_expired_pack_says_so_on_every_page_and_one_in_force_does_not(shown):
    expired, valid = by_pack(shown, "cn-xf-2022"), by_pack(shown, "cn-baseline")

    for path in ("/tasks", *PAGES):
        assert "只用于演示，不能开始真实个案" in expired.get(path).get_data(as_text=True), path
        assert "只用于演示" not in valid.get(path).get_data(as_text=True), path


def test_the_score_sheet_is_there_where_the_region_asks_for_it_and_takes_other_points(shown):
    client = by_pack(shown, "cn-xf-2022")

    printed = client.get("/reports?period=2026Q1")
    assert_sound(printed)
    assert "应得 103 分" in printed.get_data(as_text=True) and "托底管理" in printed.get_data(as_text=True)
    assert "应得 100 分" in client.get("/reports?period=2026Q1&p5=5").get_data(as_text=True)
    assert client.get("/reports?period=2026Q1&p5=x").status_code == 422
    assert client.get("/reports?period=2026Q1&p12=5").status_code == 422
    book = load_workbook(io.BytesIO(client.get("/reports/score.xlsx?period=2026Q1&p5=5").data))
    assert list(book.active.values)[-1][2] == "应得 100 分"
    assert "托底管理" not in shown.get("/reports?period=2026Q1", "officer").get_data(as_text=True)


def test_contradictions_stand_with_their_decision_and_the_question_that_is_open(shown):
    html = by_pack(shown, "cn-xf-2022").get("/region").get_data(as_text=True)

    for told in load_pack("cn-xf-2022").contradictions:
        assert all(text in html for text in (told["id"], escape(told["decided"]), escape(told.get("question", ""))))
    assert html.count('tag--warn">请县里确认') == sum(
        "question" in told for told in load_pack("cn-xf-2022").contradictions
    )


def test_every_value_to_be_confirmed_is_on_the_page_with_its_mark(shown):
    html = shown.get("/region", "nurse").get_data(as_text=True)

    wanted = [key for key, _, source in load_pack("cn-baseline").leaves() if source.mark in ("known", "default")]
    assert wanted and [key for key in wanted if f"<code>{key}</code>" not in html] == []
    assert html.count("○") + html.count("◐") >= len(unsure.rows()) > 50


def test_words_for_people_are_shown_as_such_and_every_value_with_its_sentence(shown):
    html = by_pack(shown, "cn-cq-2022").get("/region").get_data(as_text=True)

    words, _, whole = html.partition('id="leaves"')
    for key, _, source in load_pack("cn-cq-2022").leaves():
        assert (f"<code>{key}</code>" in words) or key not in parameters.SHOWN, key
        assert f"<code>{key}</code>" in whole and str(as_html(source.text)) in whole, key
    assert "供人执行的文字要求" in html and "全部参数与出处" in html and load_pack("cn-cq-2022").name in html
