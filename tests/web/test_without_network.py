"""AC-33: power or network lost at the township. What was typed is kept on the machine and handed in later, and
deadlines count from when it was filled in, not from when it arrived."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask import request
from playwright.sync_api import expect

from engine.errors import Incorrect
from engine.store import reads
from tests.web.conftest import BEGIN, example, served
from tests.web.test_amendments import variables
from tests.web.test_browser import fill_by_keyboard
from tests.web.visitor import visitor
from workflows import completion

FILLED = datetime.fromisoformat(BEGIN)
BACK = datetime.fromisoformat("2026-01-08T09:00:00+08:00")
POSITIVE = {**example("risk-screening"), "s_2_1": "yes"}
IN_STORE = """() => new Promise((resolve) => { const asked = indexedDB.open("yuntu", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("kept", { keyPath: "id" });
  asked.onsuccess = () => { const all = asked.result.transaction("kept").objectStore("kept").getAll();
    all.onsuccess = async () => { const rows = all.result.map((row) => new Blob([row.sealed]).text());
      asked.result.close(); resolve(await Promise.all(rows)); }; }; })"""
READY = "() => navigator.serviceWorker.ready.then(() => true)"


def element(site, case, name):
    return next(task for task in site.tasks(business_key=case) if task.element_id == name)


def response_to(site, task):
    with site.services.engine.read() as conn:
        return site.services.patients.response_to(conn, task.id, restricted=True)


# --- what a late hand-in does ----------------------------------------------------------------------------------------


def test_ac33_a_form_handed_in_days_later_starts_its_clocks_at_the_time_of_filling_and_both_times_are_kept(site):
    task = site.task("task_screen")
    site.services.timekeeper.advance_to(BACK)

    filled = FILLED + timedelta(hours=1)
    completion.complete(site.services, task.id, by=site.principal("nurse"), answers=POSITIVE, happened_at=filled)

    referral = element(site, task.business_key, "task_refer_positive")
    assert referral.due_at == datetime.fromisoformat("2026-01-05T23:59:59+08:00")  # the day of the screening
    assert site.stored(task.id).completed_at == BACK  # when it came in stays on record
    assert datetime.fromisoformat(response_to(site, task)["authored"]) == filled
    with site.services.engine.read() as conn:
        rows = reads.history(conn, site.services.region_id, task.instance_id)
    (row,) = [one for one in rows if one.event == "completed" and one.element_id == "task_screen"]
    assert (row.at, row.detail["happened_at"]) == (BACK, filled.isoformat())


def test_ac33_a_red_grading_is_reported_24_hours_from_its_signature_although_it_came_two_days_later(site):
    case = site.task("task_screen").business_key
    doctor = site.principal("doctor")
    completion.complete(site.services, site.task("task_screen").id, by=site.principal("nurse"), answers=POSITIVE)
    slip = element(site, case, "task_refer_positive")
    completion.complete(site.services, slip.id, by=site.principal("nurse"), answers=example("screening-referral"))
    task = element(site, case, "task_grade")
    signed = FILLED + timedelta(hours=2)
    site.services.timekeeper.advance_to(FILLED + timedelta(days=2))
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}
    red = {**plain, "informed_on": "2026-01-05", "r_1_1_1": True}

    completion.complete(site.services, task.id, by=doctor, answers=red, happened_at=signed)

    assert element(site, case, "task_report_risk").due_at == signed + timedelta(hours=24)
    assert datetime.fromisoformat(variables(site, case)["graded_at"]) == signed


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(days=-1)], ids=["ahead", "before the task"])
def test_a_time_that_cannot_be_is_refused_and_nothing_is_stored(site, off):
    task = site.task("task_screen")

    with pytest.raises(Incorrect) as refused:
        by = site.principal("nurse")
        completion.complete(site.services, task.id, by=by, answers=POSITIVE, happened_at=FILLED + off)

    assert refused.value.code == "entered-at" and site.stored(task.id).is_open
    answer = site.post(f"/tasks/{task.id}", "nurse", entered_at="vorgestern", **POSITIVE)
    assert answer.status_code == 422 and "填写时间无法识别" in answer.text


def test_over_http_the_time_of_filling_is_said_beside_the_answers(site):
    task = site.task("task_screen")
    site.services.timekeeper.advance_to(BACK)
    people = site.services.people
    headers = {"Authorization": f"Bearer {people.issue_token(account=people.account('nurse')).access_token}"}
    path = f"/api/user-tasks/{task.id}/completion"
    client = site.app.test_client()

    late = client.post(path, json={"answers": POSITIVE, "entered_at": "2026-01-09T00:00:00+08:00"}, headers=headers)
    assert (late.status_code, late.json["code"]) == (422, "entered-at")
    assert client.post(path, json={"answers": POSITIVE, "entered_at": BEGIN}, headers=headers).status_code == 200
    referral = element(site, task.business_key, "task_refer_positive")
    assert referral.due_at == datetime.fromisoformat("2026-01-05T23:59:59+08:00")


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_ac33_in_a_browser_the_network_goes_the_page_is_reloaded_and_the_form_is_handed_in_by_itself(site, chromium):
    task = site.task("task_screen")
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/tasks/{task.id}")
        page = person.page
        page.evaluate(READY)
        page.reload()
        person.check()
        her = page.locator(".banner__name").inner_text()

        person.context.set_offline(True)
        fill_by_keyboard(page, POSITIVE)
        page.locator("#saved").evaluate("said => { said.textContent = ''; }")
        page.locator("#f-doctor").dispatch_event("input")  # as kept as anything that is typed: with all before it
        expect(page.locator("#saved")).to_contain_text("已加密保存在本机")
        page.reload()
        expect(page.locator('input[name="s_2_1"][value="yes"]')).to_be_checked()
        expect(page.locator("#f-doctor")).to_have_value(POSITIVE["doctor"])
        expect(page.locator(".banner__name")).to_have_text(her)  # never a form without the woman it is about
        page.locator("button.button--main").click()
        expect(page.locator("#saved")).to_contain_text("已提交，加密保存在本机")
        page.reload()  # it is not lost now either
        expect(page.locator("#saved")).to_contain_text("已提交，加密保存在本机")
        assert site.stored(task.id).is_open

        site.services.timekeeper.advance_to(BACK)
        person.context.set_offline(False)
        page.wait_for_url(re.compile("/tasks.*done="))
        expect(page.locator("main")).to_contain_text("已提交：")
        expect(page.locator("main")).not_to_contain_text("尚未交出")
        assert page.evaluate(IN_STORE) == []

    referral = element(site, task.business_key, "task_refer_positive")
    assert referral.due_at == datetime.fromisoformat("2026-01-05T23:59:59+08:00")
    assert response_to(site, task)["authored"].startswith("2026-01-05T08:0")


@pytest.mark.browser
def test_ac33_in_a_browser_the_power_goes_while_a_woman_is_registered_and_only_the_nurse_finds_what_she_typed(
    site, chromium
):
    fresh = {"name": "测试停电", "id_no": "999999199706150051", "handbook_no": "SF-2026-0009"}
    answers = {**example("registration"), **fresh}
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto("/register")
        fill_by_keyboard(person.page, answers)
        expect(person.page.locator("[data-draft-status]")).to_contain_text("草稿已加密存于本机")
        kept = person.page.evaluate(IN_STORE)
        assert kept and fresh["name"] not in kept[0] and fresh["id_no"] not in kept[0]
        person.page.close(run_before_unload=False)
        person.context.clear_cookies(name="yuntu_session")  # the machine was switched off

        site.services.timekeeper.advance_to(BACK)
        person.page = person.context.new_page()
        person.sign_in("nurse2", site.passwords["nurse2"])
        person.goto("/register")
        expect(person.page.locator("#f-name")).to_have_value("")
        assert "停电" not in person.page.content()
        person.context.clear_cookies(name="yuntu_session")

        person.sign_in("nurse", site.passwords["nurse"])
        expect(person.page.locator("main")).to_contain_text("本机有断网时填写、尚未交出的表单")
        person.check()
        person.page.get_by_role("link", name="新建册", exact=True).last.click()
        person.page.get_by_role("button", name="用本机保存的").click()
        expect(person.page.locator("#f-name")).to_have_value("测试停电")
        expect(person.page.locator("p.kept")).to_contain_text("2026-01-05 08:0")
        person.check()
        person.page.keyboard.press("Control+Enter")
        person.page.wait_for_url(re.compile("/pregnancies/"))
        assert person.page.evaluate(IN_STORE) == []
        case = person.page.url.rsplit("/", 1)[-1].partition("?")[0]

    assert variables(site, case)["registered_on"] == "2026-01-05"


@pytest.mark.browser
def test_in_a_browser_with_the_network_there_a_refused_form_is_not_called_offline_and_nothing_of_it_is_left_behind(
    site, chromium
):
    answers = {**example("registration"), "name": "测试在线", "id_no": "999999199706150051", "handbook_no": "SF-2026-9"}
    with served(site) as base, visitor(chromium, base) as person:
        page = person.page
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto("/register")
        fill_by_keyboard(page, {**answers, "contact_name": None})
        expect(page.locator("[data-draft-status]")).to_contain_text("草稿已加密存于本机")
        page.keyboard.press("Control+Enter")
        expect(page.locator("main")).to_contain_text("有 1 处需要修改")
        expect(page.locator("body")).to_have_attribute("data-device-key", re.compile("."))
        expect(page.locator("p.kept")).to_have_count(0)

        sent = []
        site.app.before_request_funcs.setdefault(None, []).append(
            lambda: (
                sent.append(request.form.to_dict()) if request.method == "POST" and request.form.get("name") else None
            )
        )
        page.clock.install()
        page.clock.pause_at("2030-01-01")  # nothing is written on this machine while she types the last field
        page.fill("#f-contact_name", "测试联系人")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(re.compile("/pregnancies/"))
        expect(page.locator("main")).not_to_contain_text("尚未交出")
        assert page.evaluate(IN_STORE) == []

    assert (
        sent[-1]["kept"] == sent[-1]["idempotency_key"]
    )  # what a slow writing still leaves is forgotten by its number


@pytest.mark.browser
def test_ac33_in_a_browser_the_form_of_a_claimed_task_opens_for_the_first_time_without_a_network(site, chromium):
    task, nurse = site.task("task_screen"), site.principal("nurse")
    other = next(t for t in site.tasks() if t.id != task.id and t.form and t.organisation == task.organisation)
    completion.claim(site.services, task.id, by=nurse)
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", site.passwords["nurse"])
        page = person.page  # the list of tasks is where she is after signing in
        page.wait_for_selector("body[data-made-ready]", state="attached")
        page.evaluate(READY)
        (sealed,) = page.evaluate(IN_STORE)
        assert str(task.id) not in sealed and "测试" not in sealed
        person.check()
        page.reload()
        page.wait_for_selector("body[data-made-ready]", state="attached")
        asked = "SELECT detail FROM audit WHERE subject_id = %s AND action = 'read'"
        with site.pool.connection() as conn:
            looks = conn.execute(asked, [task.business_key]).fetchall()
        assert looks == [({"kept": "offline"},)], "fetched once, and on record as what it was"

        person.context.set_offline(True)
        page.goto(f"{base}/tasks/{other.id}")
        expect(page.locator("#ready a")).to_have_count(1)  # a task that nobody has claimed is not here; hers is named
        page.click("#ready a")
        expect(page.locator(".banner__name")).not_to_be_empty()
        fill_by_keyboard(page, POSITIVE)
        page.locator("button.button--main").click()
        expect(page.locator("#saved")).to_contain_text("已提交，加密保存在本机")
        assert site.stored(task.id).is_open

        site.services.timekeeper.advance_to(BACK)
        person.context.set_offline(False)
        page.wait_for_url(re.compile("/tasks.*done="))
        page.wait_for_selector("body[data-made-ready]", state="attached")
        assert page.evaluate(IN_STORE) == [], "what she no longer holds is forgotten"

    assert response_to(site, task)["authored"].startswith("2026-01-05T08:0")


@pytest.mark.browser
def test_ac33_in_a_browser_what_a_colleague_wrote_meanwhile_is_not_overwritten(site, chromium):
    task = site.task("task_screen")
    with served(site) as base, visitor(chromium, base, lang="en") as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/tasks/{task.id}")
        person.page.evaluate(READY)
        person.page.reload()
        person.context.set_offline(True)
        person.page.fill("#f-doctor", "断网医师")
        person.page.keyboard.press("Tab")
        expect(person.page.locator("#saved")).to_contain_text("kept on this machine")

        completion.save_draft(site.services, task.id, {"doctor": "后来医师"}, by=site.principal("nurse"))
        person.context.set_offline(False)
        person.page.reload()
        expect(person.page.locator(".notice--warn")).to_contain_text("the task was changed since")
        expect(person.page.locator("#f-doctor")).to_have_value("后来医师")
        person.page.get_by_role("button", name="Use what is kept here").click()
        expect(person.page.locator("#f-doctor")).to_have_value("断网医师")
        expect(person.page.locator("p.kept")).to_contain_text("Hand in as of 2026-01-05 08:0")
