"""Registering, finding and following a woman."""

from __future__ import annotations

from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_task_page import as_form

FRESH = {"name": "测试丁", "id_no": "999999199706150051", "handbook_no": "SF-2026-0009"}


def register(site, who="nurse", **changes):
    answers = {**example("registration"), **FRESH, **changes}
    return site.post("/register", who, idempotency_key="r-1", **as_form(answers))


def test_registering_a_woman_opens_her_page_with_her_first_task(site):
    answer = register(site)

    assert answer.status_code == 303
    page = site.get(answer.location, "nurse")
    assert_sound(page)
    html = page.get_data(as_text=True)
    assert "测试丁" in html and "138****0000" in html and "第1次产前检查" in html


def test_a_double_click_registers_her_once(site):
    assert register(site).location == register(site).location


def test_what_is_missing_is_named_and_the_rest_stays(site):
    answer = register(site, phone="", name="测试戊")

    assert answer.status_code == 422
    assert_sound(answer)
    html = answer.get_data(as_text=True)
    assert 'href="#f-phone"' in html and 'value="测试戊"' in html


def test_a_woman_in_care_is_not_registered_twice(site):
    register(site)

    answer = site.post("/register", "nurse2", idempotency_key="r-2", **as_form({**example("registration"), **FRESH}))

    assert answer.status_code == 409
    assert_sound(answer)


def test_a_woman_is_found_by_name_initials_and_document_and_no_name_stands_in_an_address(shown):
    for words in ("测试甲", "csj", "0027", "SF-2026-0001"):
        answer = shown.post("/search", "nurse", q=words)
        assert_sound(answer)
        assert "测试甲" in answer.get_data(as_text=True), words
    assert shown.get("/search?q=测试甲", "nurse").status_code == 405


def test_another_townships_woman_is_not_found(shown):
    assert "测试乙" not in shown.post("/search", "nurse", q="测试").get_data(as_text=True)
    assert "测试乙" in shown.post("/search", "nurse2", q="测试").get_data(as_text=True)


def test_one_letter_lists_nobody(shown):
    assert "测试甲" not in shown.post("/search", "officer", q="测").get_data(as_text=True)


def test_her_page_tells_the_same_in_the_diagram_and_in_the_list(shown):
    task = shown.task("task_screen")

    html = shown.get(f"/pregnancies/{task.business_key}", "nurse").get_data(as_text=True)

    assert '"now": ["call_prenatal_screening", "call_risk_screening"]' in html
    assert 'aria-current="step"' in html and "妊娠风险筛查" in html
    assert "完成" in html and "第1次产前检查" in html


def test_her_timeline_leads_to_what_was_recorded_at_each_visit(shown):
    screening = shown.task("task_screen")
    finished = shown.tasks(state="completed", business_key=screening.business_key)

    html = shown.get(f"/pregnancies/{screening.business_key}", "nurse").get_data(as_text=True)

    line = html[html.index('id="timeline"') : html.index('id="records"')]
    assert {task.element_id for task in finished} == {"task_register", "task_first_visit"}
    assert [line.count(f'href="/tasks/{task.id}"') for task in finished] == [1, 1]
    for task in finished:
        record = shown.get(f"/tasks/{task.id}", "nurse").get_data(as_text=True)
        assert "这项任务已经结束" in record and "必填" not in record and "还剩" not in record and "逾期" not in record


def test_a_called_diagram_is_shown_with_its_own_places(shown):
    task = shown.task("task_screen")
    page = f"/pregnancies/{task.business_key}"

    inside = shown.get(f"{page}?inside=call_registration", "nurse")

    assert_sound(inside)
    html = inside.get_data(as_text=True)
    assert "/design/registration/1.bpmn" in html and "task_first_visit" in html and '"now": []' in html
    assert '"now": ["task_screen"]' in shown.get(f"{page}?inside=call_risk_screening", "nurse").get_data(as_text=True)
    assert "/design/pregnancy_journey/1.bpmn" in shown.get(f"{page}?inside=nothing", "nurse").get_data(as_text=True)


def test_looking_at_her_leaves_an_audit_row(site):
    task = site.task("task_screen")

    site.get(f"/pregnancies/{task.business_key}", "officer")

    rows = site.services.people.audit_rows(limit=1000)
    assert [r for r in rows if str(task.business_key) in str(r) and "officer" in str(r)] != []


def test_purple_is_shown_beside_the_colour_only_to_those_who_may_know():
    from web import risk

    known = {
        "colour": "orange",
        "purple": True,
        "gradings": [{"graded_at": "2026-02-01", "colour": "orange", "purple": True, "criteria": ["O-1.2", "P-1"]}],
    }

    assert [c.code for c in risk.chips(known, frozenset({"R-OB"}))] == ["orange", "purple"]
    assert [c.code for c in risk.chips(known, frozenset({"R-VDOC"}))] == ["orange"]
    assert risk.changes(known, frozenset({"R-OB"}))[0].reasons == ["O-1.2", "P-1"]
    assert risk.changes(known, frozenset({"R-VDOC"}))[0].reasons == ["O-1.2"]
