"""Filling in a task: what was typed is never lost, whatever the answer is."""

from __future__ import annotations

import json
import re

import pytest

from engine.store import reads
from tests.web.conftest import csrf_of, example
from tests.web.markup import assert_sound
from workflows import completion


def as_form(answers):
    """Answers as a browser posts them."""
    posted = {}
    for name, value in answers.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            posted |= {f"{name}[{n}].{inner}": str(v) for n, row in enumerate(value) for inner, v in row.items()}
        elif isinstance(value, list):
            posted[name] = [str(one) for one in value]
        else:
            posted[name] = (
                {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
            )
    return posted


@pytest.fixture
def screening(site):
    return site.task("task_screen")


def submit(site, task, who="nurse", **more):
    return site.post(f"/tasks/{task.id}", who, **{"idempotency_key": "k-1", **as_form(example(task.form)), **more})


def test_a_complete_form_closes_the_task_and_leads_back_to_the_list_it_came_from(site, screening):
    answer = submit(site, screening, list="view=all&order=created")

    assert answer.status_code == 303
    assert answer.location == f"/tasks?view=all&order=created&done={screening.id}"
    assert site.stored(screening.id).state == "completed"
    assert "已提交：妊娠风险筛查" in site.get(answer.location, "nurse").get_data(as_text=True)


def test_what_finishing_it_brings_for_her_is_said_with_its_hour_an_emergency_too(site):
    task = site.task("task_first_visit")
    found = {**as_form(example("anc-first")), "sbp": "172", "dbp": "115", "overall": "normal"}

    answer = site.post(f"/tasks/{task.id}", "nurse", _confirm=["overall", "sbp", "dbp", "urine_protein"], **found)
    assert answer.status_code == 303, answer.text

    shown = site.get(answer.location, "nurse").get_data(as_text=True)
    notice = shown[shown.index("已提交：第1次产前检查") : shown.index("<table")]
    assert "她接下来要办的" in notice and notice.index("填写转诊单") < notice.index("妊娠风险筛查")
    assert "还剩 10 分钟" in notice and "01-05 08:10 前" in shown  # the list names the hour where hours count


def test_what_is_counted_in_minutes_stands_above_the_list_for_those_who_may_do_it(site):
    task = site.task("task_first_visit")
    found = {**as_form(example("anc-first")), "sbp": "172", "dbp": "115", "overall": "normal"}
    confirmed = ["overall", "sbp", "dbp", "urine_protein"]
    assert "以分钟计" not in site.get("/tasks", "nurse").text
    answer = site.post(f"/tasks/{task.id}", "nurse", _confirm=confirmed, **found)
    assert answer.status_code == 303, answer.text
    (asks,) = site.tasks(element_id="task_request_transfer")

    for view in ("mine", "team", "all"):
        shown = site.get(f"/tasks?view={view}", "nurse")
        assert_sound(shown)
        pinned = shown.text[shown.text.index("以分钟计，先办") : shown.text.index("</section>")]
        assert f"/tasks/{asks.id}" in pinned and "测试" in pinned and "还剩 10 分钟" in pinned, view
    for view, who in (("done", "nurse"), ("team", "nurse2"), ("team", "officer")):
        assert "以分钟计" not in site.get(f"/tasks?view={view}", who).text, (view, who)
    with site.services.engine.read() as conn:
        conn.execute("SET LOCAL enable_seqscan = off")
        asked = {"region_id": site.services.region_id, "limit": 6, "offset": 0}
        words = ("read_user_tasks", "where_state_open", "where_hurried", "order_window")
        plan = conn.execute("EXPLAIN " + " ".join(reads.SQL[word] for word in words), asked).fetchall()
    assert "user_task_hurried_idx" in str(plan), plan


def test_submit_and_next_opens_the_next_task_of_the_same_list(site, screening):
    answer = submit(site, screening, then="next", list="view=all")

    assert answer.status_code == 303
    assert answer.location.startswith("/tasks/") and "list=view%3Dall" in answer.location
    assert str(screening.id) not in answer.location.split("?")[0]
    assert site.get(answer.location, "nurse").status_code == 200


def test_a_missing_answer_is_named_linked_and_nothing_typed_is_lost(site):
    task = site.task("task_first_visit")
    given = {**example("anc-first"), "sbp": "9999"}
    del given["hb"]

    answer = site.post(f"/tasks/{task.id}", "nurse", **as_form(given))

    assert answer.status_code == 422
    assert_sound(answer)
    html = answer.get_data(as_text=True)
    assert 'id="form-errors"' in html and 'href="#f-hb"' in html and 'href="#f-sbp"' in html
    assert 'value="9999"' in html and 'value="112"' not in html and f'value="{given["dbp"]}"' in html
    assert site.stored(task.id).state == "created"


def test_the_same_submission_twice_is_one_completion(site, screening):
    first, second = submit(site, screening), submit(site, screening)

    assert (first.status_code, second.status_code) == (303, 303)
    assert len([t for t in site.tasks(state="completed") if t.id == screening.id]) == 1


@pytest.mark.parametrize("left_out", [(), ("sbp",)], ids=["whole", "a field missing"])
def test_who_comes_second_sees_the_record_and_his_own_answers_marked_as_not_saved(site, left_out):
    task = site.task("task_first_visit")
    assert submit(site, task).status_code == 303
    mine = {**example("anc-first"), "hb": "131", "doctor": "后来者"}
    for name in left_out:
        del mine[name]

    answer = site.post(f"/tasks/{task.id}", "nurse", **{"idempotency_key": "k-2", **as_form(mine)})

    assert answer.status_code == 409
    assert_sound(answer)
    html = answer.get_data(as_text=True)
    assert "已由 示范妇幼专干 办结，您填写的内容没有保存" in html and "notice--done" not in html
    row = next(part for part in html.split("<tr") if "血红蛋白</th>" in part)
    recorded, typed = row.split("<td>")[1:3]
    assert str(example("anc-first")["hb"]) in recorded and "131" in typed and "不同" in typed
    before, folded = html.split('<details class="more">')[:2]
    assert "血红蛋白</th>" in before and "血红蛋白</th>" not in folded and "舒张压</th>" in folded
    copied = html.split("<textarea")[1].split("</textarea>")[0]
    assert "readonly" in copied and "131" in copied and "后来者" in copied
    assert '<input type="text"' not in html.split("<main")[1]


def test_a_task_that_is_over_shows_what_was_recorded(site):
    task = site.task("task_first_visit")
    site.post(f"/tasks/{task.id}", "nurse", idempotency_key="k-1", **as_form({**example("anc-first"), "hb": "133"}))

    answer = site.get(f"/tasks/{task.id}", "nurse")

    assert_sound(answer)
    html = answer.get_data(as_text=True)
    assert "这项任务已经结束" in html and '<span class="answered" id="f-hb">133</span>' in html


def test_a_record_that_names_an_infection_is_shown_to_those_who_may_know(site):
    task = site.task("task_first_visit")
    site.post(f"/tasks/{task.id}", "nurse", idempotency_key="k-1", **as_form(example("anc-first")))

    village = site.get(f"/tasks/{task.id}", "village").get_data(as_text=True)

    assert "没有可显示的记录" in village and 'class="answered"' not in village
    assert 'class="answered"' in site.get(f"/tasks/{task.id}", "nurse").get_data(as_text=True)


def test_a_page_older_than_the_stored_task_answers_412_with_the_answers_still_there(site, screening):
    answer = submit(site, screening, revision=screening.revision + 7)

    assert answer.status_code == 412
    assert_sound(answer)
    assert site.stored(screening.id).state == "created"


def put_draft(site, task, who, answers, revision, **more):
    client = site.client(who)
    token = csrf_of(client.get("/tasks"))
    body = json.dumps({"answers": answers, "revision": revision, **more})
    return client.put(f"/tasks/{task.id}/draft", data=body, headers={"X-CSRF-Token": token})


def test_an_unfinished_form_is_kept_and_found_again(site):
    task = site.task("task_first_visit")

    answer = put_draft(site, task, "nurse", {"sbp": "12"}, task.revision)

    assert answer.status_code == 200
    assert answer.json["revision"] == site.stored(task.id).revision and answer.json["saved_at"] == "08:00:00"
    html = site.get(f"/tasks/{task.id}", "nurse").get_data(as_text=True)
    assert 'value="12"' in html and "已恢复草稿" in html


def test_a_field_that_was_cleared_stays_empty_where_something_was_known(site):
    task = site.task("task_first_visit")
    known = re.search(r'id="f-filled_on"[^>]*value="2026-01-05"', site.get(f"/tasks/{task.id}", "nurse").text)

    put_draft(site, task, "nurse", {"sbp": "12"}, task.revision)

    assert known and not re.search(r'id="f-filled_on"[^>]*value="2026', site.get(f"/tasks/{task.id}", "nurse").text)


def test_whoever_types_first_holds_the_task_and_others_see_it(site):
    task = site.task("task_first_visit")
    put_draft(site, task, "nurse", {"sbp": "120"}, task.revision)

    assert site.stored(task.id).assignee == "nurse"
    html = site.get(f"/tasks/{task.id}", "officer").get_data(as_text=True)
    assert "正在由 示范妇幼专干 填写" in html


def test_a_draft_on_a_stale_revision_is_refused_as_json(site):
    task = site.task("task_first_visit")

    answer = put_draft(site, task, "nurse", {"sbp": "120"}, task.revision + 3)

    assert answer.status_code == 412
    assert answer.json["message"].keys() == {"zh", "en"}


def test_a_second_window_of_the_same_person_does_not_overwrite_what_the_first_has_kept(site):
    task = site.task("task_first_visit")
    first = put_draft(site, task, "nurse", {"sbp": "12"}, task.revision, over="").json
    again = put_draft(site, task, "nurse", {"sbp": "128"}, first["revision"], over=first["mark"])
    assert again.status_code == 200

    late = put_draft(site, task, "nurse", {"sbp": "90"}, first["revision"], over=first["mark"])

    assert (late.status_code, late.json["message"]["zh"]) == (412, "草稿已在别处被改过")
    assert site.stored(task.id).draft == {"sbp": "128"}


def test_a_role_the_task_is_not_meant_for_may_look_but_not_submit(site, screening):
    page = site.get(f"/tasks/{screening.id}", "village").get_data(as_text=True)
    answer = submit(site, screening, "village")

    assert "由其他岗位办理" in page and "提交并下一位" not in page
    assert answer.status_code == 403
    assert site.stored(screening.id).state == "created"


def test_evaluating_answers_calculated_values_without_storing_anything(site):
    task = site.task("task_first_visit")
    client = site.client("nurse")
    headers = {"X-CSRF-Token": csrf_of(client.get("/tasks"))}
    body = json.dumps({"seq": 4, "answers": {"height": "160", "weight": "55"}})

    answer = client.post(f"/tasks/{task.id}/evaluate", data=body, headers=headers)

    assert answer.json["seq"] == 4
    assert str(answer.json["calculated"]["bmi"]).startswith("21.5")
    assert site.stored(task.id) == task


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"answers": 7}', b'{"answers": {}, "answers": {}}', b"\xff"])
@pytest.mark.parametrize("method, tail", [("POST", "evaluate"), ("PUT", "draft")])
def test_unreadable_json_is_refused_in_both_languages(shown, body, method, tail):
    task = shown.task("task_first_visit")
    client = shown.client("nurse")
    headers = {"X-CSRF-Token": csrf_of(client.get("/tasks"))}

    answer = client.open(f"/tasks/{task.id}/{tail}", method=method, data=body, headers=headers)

    assert answer.status_code in (400, 422)
    assert answer.json["message"].keys() == {"zh", "en"}
    assert shown.stored(task.id) == task


def test_her_name_above_a_form_leads_to_her_page(shown):
    task = shown.task("task_screen")
    link = f'<p class="banner__name"><a href="/pregnancies/{task.business_key}">'

    assert link in shown.get(f"/tasks/{task.id}", "nurse").text
    assert link not in shown.get(f"/pregnancies/{task.business_key}", "nurse").text


def value_of(page, name):
    return re.search(rf'<input(?=[^>]*name="{name}")[^>]*value="([^"]*)"', page)


def test_who_is_signed_in_stands_as_the_one_who_signs_until_they_say_otherwise(site, screening):
    nurse = site.services.people.account("nurse").name
    page = site.get(f"/tasks/{screening.id}", "nurse").get_data(as_text=True)
    assert value_of(page, "doctor")[1] == nurse

    refused = submit(site, screening, doctor="测试代签", screened_on="9999-01-01")
    assert refused.status_code == 422
    assert value_of(refused.get_data(as_text=True), "doctor")[1] == "测试代签"


def test_a_draft_keeps_what_was_typed_where_a_name_stands(site, screening):
    for typed, shown in (({"doctor": "测试代签"}, "测试代签"), ({"screened_on": "2026-01-05"}, "")):
        completion.save_draft(site.services, screening.id, typed, by=site.principal("nurse"))

        page = site.get(f"/tasks/{screening.id}", "nurse").get_data(as_text=True)
        assert (value_of(page, "doctor") or [None, ""])[1] == shown
