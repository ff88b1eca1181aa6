"""What operators and auditors see and do: incidents, late timers, messages, one instance, figures, the trail."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import chinese_calendar
import pytest
from playwright.sync_api import expect

from engine.commands.contracts import Actor, PublishMessage
from tests.web.conftest import served
from tests.web.markup import assert_sound
from tests.web.visitor import visitor

TABS = ["incidents", "timers", "messages", "jobs", "batches"]


def history_of(site, instance):
    return list(site.get(f"/instances/{instance}", "it").text.split("<tr"))


def failed_projection(site):
    """An incident as a mapping that raised leaves it; answers its id and its instance."""
    task, incident = site.task("task_screen"), uuid4()
    with site.pool.connection() as conn:
        conn.execute(
            "INSERT INTO incident (region_id, id, instance_id, element_id, path, kind, message_zh, message_en, detail,"
            " opened_at) VALUES (%s, %s, %s, 'task_screen', 'call_risk_screening/task_screen', 'projection',"
            " '映射失败', 'the mapping failed', '{}', now())",
            [site.services.region_id, incident, task.instance_id],
        )
    return incident, task.instance_id


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("who", ["it", "designer", "auditor"])
def test_every_tab_is_a_sound_page_and_only_those_who_operate_are_offered_to(shown, tab, who):
    answer = shown.get(f"/operations?tab={tab}", who)

    assert answer.status_code == 200
    assert_sound(answer)
    assert 'method="post" action="/operations' not in answer.text


def test_it_is_said_where_the_known_holidays_end(shown, monkeypatch):
    assert "放假安排只知道到" not in shown.get("/operations", "it").text

    monkeypatch.setattr(chinese_calendar.constants, "holidays", {date(2025, 10, 1): "National Day"})

    page = shown.get("/operations", "it")
    assert_sound(page)
    assert "放假安排只知道到 2025-12-31" in page.text


@pytest.mark.parametrize("path", ["/operations", "/audit"])
def test_a_nurse_is_refused_where_the_engine_is_run(shown, path):
    assert shown.get(path, "nurse").status_code == 403


def test_an_incident_is_shown_with_its_cause_retried_and_gone(site):
    incident, instance = failed_projection(site)

    page = site.get("/operations", "it")
    assert_sound(page)
    assert "映射失败" in page.text and f"/instances/{instance}" in page.text

    assert site.post(f"/operations/incidents/{incident}/owner", "it", owner="designer").status_code == 303
    assert "designer" in site.get("/operations", "it").text
    assert site.post(f"/operations/incidents/{incident}/retry", "it", variables="{}").status_code == 303
    assert "映射失败" not in site.get("/operations", "it").text
    assert site.post(f"/operations/incidents/{incident}/retry", "it", variables="{}").status_code == 409
    assert site.post(f"/operations/incidents/{incident}/retry", "designer", variables="{}").status_code == 403


@pytest.mark.parametrize("variables, status", [("[1]", 422), ("{", 400)])
def test_variables_that_are_no_object_are_refused_and_nothing_changes(site, variables, status):
    incident, _instance = failed_projection(site)

    assert site.post(f"/operations/incidents/{incident}/retry", "it", variables=variables).status_code == status
    assert "映射失败" in site.get("/operations", "it").text


def test_a_message_without_a_receiver_is_listed_and_delivered_again(site):
    message = PublishMessage(name="message_nobody_hears", key="k-7", payload={"secret": "x"})
    site.services.engine.execute(message, by=Actor(id="it", kind="person"))

    page = site.get("/operations?tab=messages", "it").text

    assert "message_nobody_hears" in page and "k-7" in page and "secret" not in page
    address = page.split('action="/operations/messages/')[1].split('"')[0]
    assert site.post(f"/operations/messages/{address}", "it").status_code == 303


def test_an_instance_tells_who_did_what_where_and_holds_and_goes_on(site):
    instance = site.task("task_screen").instance_id

    page = site.get(f"/instances/{instance}", "it")
    assert_sound(page)
    done = next(row for row in history_of(site, instance) if "完成" in row and "task_first_visit" in row)
    assert "nurse" in done and "示范妇幼专干" in done and "甲镇卫生院" in done

    assert site.post(f"/instances/{instance}/suspend", "it", reason="演练").status_code == 303
    held = site.get(f"/instances/{instance}", "it").text
    assert "已挂起" in held and "演练" in held
    assert site.post(f"/instances/{instance}/activate", "it", reason="演练结束").status_code == 303
    assert site.post(f"/instances/{instance}/vanish", "it").status_code == 404
    assert site.post(f"/instances/{instance}/suspend", "nurse", reason="x").status_code == 403


def test_an_instance_of_another_township_does_not_exist_for_a_nurse(shown):
    instance = shown.task("task_screen").instance_id

    assert shown.get(f"/instances/{instance}", "nurse").status_code == 200
    assert shown.get(f"/instances/{instance}", "nurse2").status_code == 404
    assert shown.get(f"/instances/{uuid4()}", "it").status_code == 404


def test_an_auditor_lands_on_the_trail_which_names_records_and_nobody(site):
    site.get(f"/pregnancies/{site.task('task_screen').business_key}", "nurse")

    assert site.get("/", "auditor").location == "/audit"
    page = site.get("/audit", "auditor")
    assert_sound(page)
    assert "nurse" in page.text and site.task("task_screen").business_key in page.text and "测试甲" not in page.text
    only = site.get("/audit?actor=auditor", "auditor").text
    assert "?actor=auditor" in only and "?actor=nurse" not in only
    assert site.get("/audit?before=9999999999999999999999&actor=x", "auditor").status_code == 200


@pytest.mark.browser
def test_figures_stand_on_the_diagram_and_in_a_table_and_every_page_of_operators_is_accessible(site, chromium):
    _incident, instance = failed_projection(site)
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("it", site.passwords["it"])
        for path in ("/operations", "/operations?tab=timers", f"/instances/{instance}"):
            person.goto(path)
            person.check()
        person.goto("/design/registration/1/statistics")
        expect(person.page.locator("#diagram[data-ready]")).to_be_visible()
        expect(person.page.locator(".figure").first).to_be_visible()
        row = person.page.locator("tr", has_text="task_first_visit")
        expect(row.locator("td").nth(1)).to_have_text("3")  # of four women one is not yet registered
        person.check()
        person.context.close()


@pytest.mark.browser
def test_the_auditors_page_is_accessible(shown, chromium):
    with served(shown) as base, visitor(chromium, base) as person:
        person.sign_in("auditor", shown.passwords["auditor"])
        person.page.wait_for_url(lambda url: url.endswith("/audit"))
        person.check()
        person.context.close()


def test_what_waits_or_failed_at_a_place_that_names_an_infection_is_for_those_who_may_know_of_purple(site):
    """The township's nurse may; whoever keeps the machines running sees that something failed, not where nor for whom;
    the village doctor sees nothing of it."""
    task = site.task("task_screen")
    instance, told = task.instance_id, {"infections": ["hiv"]}
    found = PublishMessage(name="message_infection_found", key=task.business_key, payload=told)
    site.services.engine.execute(found, by=Actor(id="nurse", kind="person"))
    incident, _ = failed_projection(site)
    with site.pool.connection() as conn:
        conn.execute("UPDATE incident SET path = 'call_pmtct/task_pmtct_plan' WHERE id = %s", [incident])

    address = f"/instances/{instance}"
    nurse, operator, village = (site.get(address, who) for who in ("nurse", "it", "village"))

    assert [page.status_code for page in (nurse, operator, village)] == [200, 200, 200]
    assert "call_pmtct/task_pmtct_plan" in nurse.text and "映射失败" in nurse.text
    assert_sound(operator)
    assert "pmtct" not in operator.text and "映射失败" not in operator.text and "受保护的位置" in operator.text
    assert "受保护" not in village.text and "pmtct" not in village.text
    for page in ("/operations", "/operations?tab=timers", f"{address}/moves"):
        assert "call_pmtct/" not in site.get(page, "it").text, page
    assert str(instance) in site.get("/operations", "it").text
    assert site.post(f"/operations/incidents/{incident}/retry", "it", variables="{}").status_code == 303
