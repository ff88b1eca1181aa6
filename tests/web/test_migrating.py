"""The operator's pages: a version's instances taken to another, tokens moved, batches over a query, versions held."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from engine.operations.batches import BatchRunner
from tests.web.conftest import csrf_of, served
from tests.web.markup import assert_sound
from tests.web.visitor import visitor
from web.pages.batches import OPERATIONS

PLAN = "/design/pregnancy_journey/1/migration"


@pytest.fixture
def changed(site):
    """Version 2 of the journey, and of the screening that it calls: the task there has another id."""
    for key, old, new in (
        ("risk_screening", "task_screen", "task_screen_for_risk"),
        ("pregnancy_journey", "task_confirm_end", "task_confirm_the_end"),
    ):
        xml = site.get(f"/design/{key}/1.bpmn", "designer").get_data().replace(old.encode(), new.encode())
        client = site.client("designer")
        headers = {"X-CSRF-Token": csrf_of(client.get("/design")), "Content-Type": "application/xml"}
        answer = client.post("/design/deploy", data=xml, headers=headers)
        assert answer.status_code == 201, answer.text
    return site


def fields(page):
    """What the form of a page would send as it is."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    for name, inside in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inside)
        found[name] = chosen.group(1) if chosen else ""
    return {name: value for name, value in found.items() if name not in ("csrf", "next")}


def run(site):
    runner = BatchRunner(site.services.engine)
    for _ in range(20):
        runner._rest_until = 0.0
        runner.run_some()


def open_tasks(site):
    return sorted(task.path for task in site.tasks())


def test_a_plan_suggests_is_tried_run_as_a_batch_watched_and_taken_back(changed):
    site, before = changed, open_tasks(changed)
    page = site.get(PLAN, "it")
    assert_sound(page)
    assert "task_screen_for_risk" in page.text and "被调用流程" in page.text

    asked = fields(page)
    assert asked["map:risk_screening:task_screen"] == "task_screen_for_risk"
    tried = site.post(PLAN, "it", **asked, do="try")
    assert_sound(tried)
    assert "查到 4 个实例，试了 4 个，4 个可行" in tried.text
    assert open_tasks(site) == before

    start = {**asked, **fields(tried), "do": "start", "reason": "2026 版", "rate": "10000"}
    for wrong in ({}, {"confirmed": "3"}, {"confirmed": "4", "timer:*": "restart"}, {"confirmed": "4", "total": ""}):
        refused = site.post(PLAN, "it", **start | wrong)
        assert refused.status_code == 422 and "没有开始" in refused.text, wrong
        assert_sound(refused)
    assert count(site, "batch") == 0
    begun = site.post(PLAN, "it", **start, confirmed="4")
    assert begun.status_code == 303
    run(site)
    batch = site.get(begun.location, "it")
    assert_sound(batch)
    assert "4 / 4" in batch.text and "2026 版" in batch.text and "已完成" in batch.text
    assert open_tasks(site) == sorted(path.replace("task_screen", "task_screen_for_risk") for path in before)
    [row] = site.services.people.audit_rows(subject_id=begun.location.split("/")[-1])
    assert (row["action"], row["actor_id"], row["detail"]["reason"]) == ("CreateBatch", "it", "2026 版")

    instance = site.task("task_screen_for_risk").instance_id
    assert "回到 v1" in site.get(f"/instances/{instance}", "it").text
    assert site.post(f"/instances/{instance}/migration/reversal", "it", reason="看错了").status_code == 303
    assert site.task("task_screen").instance_id == instance
    assert site.post(f"/instances/{instance}/migration/reversal", "it").status_code == 409
    back = site.post(f"{begun.location}/reversal", "it", reason="整批撤回")
    run(site)
    shown = site.get(back.location, "it")
    assert_sound(shown)
    assert "重试失败的 1 个" in shown.text, "the one that was taken back already is named"
    assert open_tasks(site) == before
    assert site.post(f"{back.location}/reversal", "it").status_code == 422
    assert site.post(f"{begun.location}/reversal", "nurse").status_code == 403


def count(site, table):
    with site.pool.connection() as conn:
        return conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_what_has_nowhere_to_go_is_named_before_anything_is_done(changed):
    asked = fields(changed.get(PLAN, "designer")) | {"map:risk_screening:task_screen": ""}

    tried = changed.post(PLAN, "designer", **asked, do="try")

    assert_sound(tried)
    assert "element-removed" in tried.text and "/instances/" in tried.text
    assert "不可行的原因" in tried.text and "按所在环节" in tried.text
    assert "call_risk_screening/task_screen</code>" in tried.text


def test_one_instance_is_migrated_after_a_dry_run(changed):
    site, instance = changed, changed.task("task_screen").instance_id
    path = f"/instances/{instance}/migration"
    page = site.get(path, "designer")
    assert_sound(page)

    tried = site.post(path, "designer", **fields(page), do="try")
    assert_sound(tried)
    assert "试运行：可行" in tried.text and "call_risk_screening/task_screen_for_risk" in tried.text
    assert site.task("task_screen")
    assert site.post(path, "designer", **fields(page), do="start").location.startswith(f"/instances/{instance}")
    assert site.task("task_screen_for_risk").instance_id == instance
    refused = site.post(path, "designer", **fields(page), do="try")
    assert refused.status_code == 409 and "已是此版本" in refused.text


def test_a_token_is_moved_where_the_page_offers_it_and_a_wrong_move_is_refused_on_the_page(site):
    task = site.task("task_screen")
    path = f"/instances/{task.instance_id}/moves"
    page = site.get(path, "it")
    assert_sound(page)
    assert 'value="call_risk_screening"' in page.text and 'value="call_risk_screening/task_screen"' in page.text

    wrong = site.post(path, "it", cancel=task.path, before="task_of_nobody", do="try", variables="{}")
    assert wrong.status_code == 422
    assert_sound(wrong)
    assert f'value="{task.path}" checked' in wrong.text
    move = {"cancel": "call_risk_screening", "before": "call_antenatal_visits", "variables": "{}", "reason": "电话"}
    tried = site.post(path, "it", **move, do="try")
    assert tried.status_code == 200 and "试运行：可行" in tried.text, tried.text
    assert site.stored(task.id).is_open
    assert site.post(path, "it", **move, do="start").status_code == 303
    assert not site.stored(task.id).is_open
    assert "已移动令牌" in site.get(f"/instances/{task.instance_id}", "it").text
    assert site.post(path, "designer", **move, do="try").status_code == 403


def test_every_page_of_operators_is_sound_and_in_english_holds_no_untranslated_sentence(shown):
    client, instance = shown.client("it"), shown.task("task_screen").instance_id
    forms = [f"/operations/batches/new?operation={operation}" for operation in (*OPERATIONS, "")]
    pages = ("migration", "moves")
    names = re.compile("示范\\w+|中文")

    for lang in ("zh", "en"):
        client.set_cookie("yuntu_lang", lang)
        for path in (*forms, PLAN, "/design", f"/instances/{instance}", *(f"/instances/{instance}/{p}" for p in pages)):
            page = assert_sound(client.get(path))
            said = [names.sub("", text) for text in page.english]
            assert lang == "zh" or [text for text in said if re.search(r"[\u4e00-\u9fff]", text)] == [], path
    client.delete_cookie("yuntu_lang")


def test_a_batch_over_a_query_is_tried_created_paused_resumed_and_done(site):
    where = {"operation": "suspend", "process": "pregnancy_journey:1", "state": "active", "where": "", "reason": "演练"}

    tried = site.post("/operations/batches/new", "it", **where, do="try")
    assert_sound(tried)
    assert "查到 4 个实例，试了 4 个，4 个可行" in tried.text
    begun = site.post("/operations/batches/new", "it", **where, do="start", rate="10000").location
    for action, state in (("pause", "已暂停"), ("resume", "执行中")):
        assert site.post(f"{begun}/{action}", "it").status_code == 303
        assert state in site.get(begun, "it").text
    assert site.post(f"{begun}/rate", "it", rate="fast").status_code == 422
    assert site.post(f"{begun}/rate", "it", rate="9000").status_code == 303
    run(site)
    assert "已完成" in site.get(begun, "auditor").text
    assert "suspended" in {row["state"] for row in counts(site)}
    assert site.post(f"{begun}/pause", "it").status_code == 409
    again = site.post("/operations/batches/new", "it", **{**where, "state": ""}, do="try").text
    assert "4 个实例，试了 4 个，0 个可行" in again and "不可行的原因" in again


def counts(site):
    with site.pool.connection() as conn:
        rows = conn.execute("SELECT status::text FROM instance").fetchall()
    return [{"state": status} for (status,) in rows]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"process": "", "where": "{"},
        {"state": "active", "started_after": "10.1.2026"},
        {"state": "active", "instance_ids": "x"},
        {"state": "active", "rate": "0"},
    ],
)
def test_a_query_that_cannot_be_read_leaves_what_was_typed_and_says_why(site, wrong):
    answer = site.post("/operations/batches/new", "it", operation="suspend", do="start", **wrong)

    assert answer.status_code in (400, 422)
    assert_sound(answer)
    assert 'class="notice notice--error"' in answer.text
    with site.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM batch").fetchone() == (0,)


def test_the_list_leads_to_migrating_a_journey_whose_called_processes_alone_are_new(shown):
    listed = shown.get("/design", "designer").text  # women run on version 1 of it, and there is no other

    assert 'href="/design/pregnancy_journey/1/migration"' in listed
    assert "/design/antenatal_visits/1/migration" not in listed  # it runs within the journey
    assert shown.get("/design/pregnancy_journey/1/migration", "designer").status_code == 200


def test_a_designer_takes_migrations_back_and_creates_no_other_batch(shown):
    page = shown.get("/operations/batches/new?operation=revert", "designer").text

    assert "撤回迁移" in page and ">终止<" not in page
    assert shown.post("/operations/batches/new", "designer", operation="terminate", do="try").status_code == 403
    assert shown.get("/operations/batches/00000000-0000-0000-0000-000000000000", "it").status_code == 404
    for path in (PLAN, "/operations/batches/new"):
        assert shown.get(path, "nurse").status_code == 403


def test_a_version_is_held_with_a_reason_and_released(site):
    assert site.post("/design/registration/1/suspend", "designer", reason="期限有误").status_code == 303
    page = site.get("/design", "designer")
    assert_sound(page)
    assert "已暂停启动" in page.text
    assert site.post("/design/registration/1/activate", "designer").status_code == 303
    assert "已暂停启动" not in site.get("/design", "designer").text
    assert site.post("/design/registration/1/vanish", "designer").status_code == 404
    assert site.post("/design/registration/9/suspend", "designer").status_code == 404
    assert site.post("/design/registration/1/suspend", "nurse").status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_operators_pages_are_accessible_and_fit_a_narrow_screen(changed, chromium, lang):
    site, instance = changed, changed.task("task_screen").instance_id
    with served(site) as base, visitor(chromium, base, lang=lang) as person:
        person.sign_in("it", site.passwords["it"])
        for path in (f"/instances/{instance}/moves", "/operations/batches/new?operation=modify", "/design", PLAN):
            person.goto(path)
            person.check()
        person.page.click('button[value="try"]')
        person.check()
        person.page.fill('input[name="confirmed"]', "4")
        person.page.click('button[value="start"]')
        person.page.wait_for_url(re.compile("/operations/batches/[0-9a-f-]{36}"))
        person.check()


@pytest.mark.browser
def test_a_mapping_is_made_by_choosing_elements_rehearsed_confirmed_run_and_taken_back_in_the_browser(
    changed, chromium
):
    """Both diagrams stand beside each other and name what becomes what by one number."""
    site, instance = changed, changed.task("task_screen").instance_id
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("designer", site.passwords["designer"])
        person.goto(PLAN)
        page = person.page
        pair = page.locator('[data-pair][aria-label$="risk_screening"][data-ready="true"]')
        old, new = pair.locator('[data-side="old"]'), pair.locator('[data-side="new"]')

        def badge(side, element):
            return side.locator(f'.djs-overlays[data-container-id="{element}"] .joint').inner_text()

        number = badge(new, "task_screen_for_risk")
        assert badge(old, "task_screen") == f"{number} · 1", "its number, and how many wait there"
        page.select_option('select[name="map:risk_screening:task_screen"]', "")
        expect(old.locator('[data-element-id="task_screen"].map-gone')).to_be_visible()
        page.click('button[value="try"]')
        expect(page.get_by_text("element-removed").first).to_be_visible()

        old.locator('[data-element-id="task_screen"] .djs-hit').first.click()
        expect(pair.locator("[data-said]")).to_contain_text("已选 task_screen")
        new.locator('[data-element-id^="gateway"], [data-element-id^="end"]').locator(".djs-hit").first.click()
        expect(pair.locator("[data-said]")).to_contain_text("类型不同")
        new.locator('[data-element-id="task_screen_for_risk"] .djs-hit').first.click()
        expect(pair.locator("[data-said]")).to_contain_text("task_screen 对应到 task_screen_for_risk")
        assert page.input_value('select[name="map:risk_screening:task_screen"]') == "task_screen_for_risk"
        person.check()

        page.click('button[value="try"]')
        expect(page.get_by_text("4 个可行")).to_be_visible()
        page.fill('input[name="rate"]', "1000")
        page.click('button[value="start"]')
        expect(page.get_by_text("没有开始")).to_be_visible()
        page.click('button[value="try"]')
        page.fill('input[name="confirmed"]', "4")
        page.click('button[value="start"]')
        page.wait_for_url(re.compile("/operations/batches/[0-9a-f-]{36}"))
        page.get_by_role("button", name="暂停").click()
        page.get_by_role("button", name="继续").click()
        run(site)
        expect(page.get_by_text("4 / 4")).to_be_visible()  # the page looks again by itself
        expect(page.get_by_text("已完成").first).to_be_visible()
        assert site.task("task_screen_for_risk").instance_id == instance

        page.get_by_role("button", name="撤回这一批").click()
        page.wait_for_load_state("networkidle")
        run(site)
        expect(page.get_by_text("4 / 4")).to_be_visible()
        assert site.task("task_screen").instance_id == instance
