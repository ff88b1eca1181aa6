"""Every page for every role: sound HTML, nothing shown to whom it does not belong."""

from __future__ import annotations

import re

import pytest

from tests.web.markup import assert_sound, page_of
from web import rights
from web.pages import bp

CARERS = ["nurse", "midwife", "doctor", "senior", "officer"]
EVERYBODY = ["village", *CARERS, "county", "designer", "publisher", "it", "auditor"]
PATHS = {
    "/sign-in": [
        "village",
        "nurse",
        "midwife",
        "doctor",
        "senior",
        "officer",
        "county",
        "designer",
        "publisher",
        "it",
        "auditor",
    ],
    "/tasks": [
        "village",
        "nurse",
        "midwife",
        "doctor",
        "senior",
        "officer",
        "county",
        "designer",
        "publisher",
        "it",
        "auditor",
    ],
    "/tasks?view=done&colour=orange&overdue=1&order=created&page=7": ["nurse", "auditor"],
    "/register": CARERS,
    "/leads/new": ["village", "nurse", "officer"],
    "/design": ["designer", "publisher", "it"],
    "/design/pregnancy_journey": ["designer", "publisher", "it"],
}
REFUSED = {
    "/leads/new": ["doctor", "midwife", "county", "designer", "it", "auditor"],
    "/register": ["village", "county", "designer", "it", "auditor"],
    "/design": ["village", "nurse", "midwife", "doctor", "senior", "officer", "county", "auditor"],
}


@pytest.mark.parametrize("path, who", [(path, who) for path, everybody in PATHS.items() for who in everybody])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_is_sound_html_under_a_strict_policy_in_both_languages(shown, path, who, lang):
    client = shown.client(who)
    client.set_cookie("yuntu_lang", lang)

    answer = client.get(path)

    assert answer.status_code == 200
    assert_sound(answer)
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in answer.get_data(as_text=True)
    client.delete_cookie("yuntu_lang")


@pytest.mark.parametrize("path, who", [(path, who) for path, everybody in REFUSED.items() for who in everybody])
def test_a_page_is_closed_to_a_role_without_the_right(shown, path, who):
    answer = shown.get(path, who)

    assert answer.status_code == 403
    assert_sound(answer)


@pytest.mark.parametrize(
    "path", ["/tasks", "/register", "/design", "/pregnancies/x", "/design/pregnancy_journey/1.bpmn"]
)
def test_a_stranger_is_led_to_sign_in_and_back_again(shown, path):
    answer = shown.get(path)

    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=%2F") or answer.location.startswith("/sign-in?next=/")


def test_every_endpoint_has_its_row_of_rights_and_no_row_is_left_over(shown):
    served = {rule.endpoint for rule in shown.app.url_map.iter_rules() if rule.endpoint.startswith(f"{bp.name}.")}

    assert served == rights.PUBLIC | rights.RIGHTS.keys()


def test_every_task_page_and_every_womans_page_is_sound(shown):
    for task in shown.tasks(organisations=["org-twn-1"]):
        assert_sound(shown.get(f"/tasks/{task.id}", "nurse"))
        assert_sound(shown.get(f"/pregnancies/{task.business_key}", "nurse"))


@pytest.mark.parametrize("who, path", [("nurse", "/tasks/{0.id}"), ("nurse", "/pregnancies/{0.business_key}")])
def test_another_townships_woman_does_not_exist(shown, who, path):
    theirs = shown.task("task_first_visit", "org-twn-2")

    answer = shown.get(path.format(theirs), who)

    assert answer.status_code == 404
    assert "测试乙" not in answer.get_data(as_text=True)
    assert shown.get(path.format(theirs), "nurse2").status_code == 200
    assert shown.get(path.format(theirs), "officer").status_code == 200


def test_a_designer_sees_no_woman(shown):
    task = shown.task("task_screen")

    assert shown.get(f"/pregnancies/{task.business_key}", "designer").status_code == 403
    assert "测试甲" not in shown.get("/tasks?view=all", "designer").get_data(as_text=True)


def test_a_role_without_clinical_rights_is_not_offered_everybodys_tasks(shown):
    html = shown.get("/tasks?view=all", "it").get_data(as_text=True)

    assert "全部可见" not in html and "妊娠风险筛查</a>" not in html
    assert "全部可见" in shown.get("/tasks", "county").get_data(as_text=True)


def test_an_address_that_is_no_page_is_a_page_that_says_so(shown):
    beyond = f"/design/antenatal_visits?version={10**19}"
    for path in ("/nothing", "/tasks/17", "/design/nothing", "/pregnancies/nothing", beyond):
        who = "designer" if path.startswith("/design") else "nurse"
        answer = shown.get(path, who)
        assert answer.status_code == 404, path
        assert_sound(answer)


@pytest.mark.parametrize("path", ["/tasks?element=%00", "/tasks?colour=a%00b", "/sign-in?next=%00"])
def test_a_character_that_cannot_be_stored_is_refused_in_an_address_too(shown, path):
    answer = shown.get(path, "nurse")
    assert answer.status_code == 400
    assert_sound(answer)


def test_the_list_says_name_week_task_window_state_and_whose_it_is(shown):
    html = shown.get("/tasks", "nurse").get_data(as_text=True)
    row = next(row for row in re.findall(r"<tr.*?</tr>", html, re.S) if "妊娠风险筛查" in row)

    assert [part for part in ("测试甲", "9+0", "甲镇卫生院", "未认领") if part not in row] == []


def test_a_list_may_be_narrowed_to_what_the_callers_roles_may_be_given_by_process(shown):
    def offered(who, path="/tasks"):
        html = shown.get(path, who).get_data(as_text=True).split('name="element">')[1].split("</select>")[0]
        return set(re.findall(r'<option value="([^"]+)"', html)), set(re.findall(r'<optgroup label="([^"]+)"', html))

    (nurse, groups), (midwife, _), (doctor, _) = offered("nurse"), offered("midwife"), offered("doctor")
    everything, _ = offered("nurse", "/tasks?view=all")

    assert {"task_register", "task_antenatal_visit"} <= nurse and "产前检查" in "".join(groups)
    assert "task_record_delivery" in midwife and "task_record_delivery" not in nurse
    assert "task_grade" in doctor and "task_grade" not in nurse
    assert nurse < everything and {"task_record_delivery", "task_grade"} <= everything
    assert "task_grade" in offered("nurse", "/tasks?element=task_grade")[0]


def test_a_list_with_no_row_says_so_and_offers_the_way_back(shown):
    html = shown.get("/tasks?colour=red", "nurse").get_data(as_text=True)

    assert "没有符合条件的任务" in html and "清除筛选" in html


def test_who_has_nothing_to_do_is_led_to_what_they_may_see(shown):
    empty = shown.get("/tasks?view=mine", "county").get_data(as_text=True)
    assert "没有符合条件的任务" in empty and '<p><a href="?view=all">' in empty

    everything = shown.get("/tasks?view=all", "county").get_data(as_text=True)
    assert "没有符合条件的任务" not in everything


@pytest.mark.parametrize("view", ["mine", "team", "unassigned", "done", "all"])
def test_the_count_on_a_tab_is_the_number_of_rows_behind_it(shown, view):
    html = shown.get(f"/tasks?view={view}", "nurse").get_data(as_text=True)
    current = re.search(r'<a href="[^"]*" aria-current="page">[^<]*<span class="count">(\d+)', html)

    assert current is not None
    assert int(current.group(1)) == html.count('class="open"')
    assert f"共 {current.group(1)} 条" in html


def test_english_pages_hold_no_untranslated_sentence(shown):
    client = shown.client("nurse")
    client.set_cookie("yuntu_lang", "en")
    task = shown.task("task_screen")
    chinese = re.compile(r"[\u4e00-\u9fff]")
    names = re.compile("测试.|示范\\w+|中文|.镇\\w+")
    first = shown.task("task_first_visit")
    pages = [f"/tasks/{task.id}", f"/tasks/{first.id}", "/register", f"/pregnancies/{first.business_key}"]

    for path in ("/tasks", f"/pregnancies/{task.business_key}", "/nothing", *pages):
        page = page_of(client.get(path))
        said = [text for text in page.english if text != page.title]  # a tab is called after the task, which is data
        assert [text for text in said if chinese.search(names.sub("", text))] == [], path
    client.delete_cookie("yuntu_lang")
