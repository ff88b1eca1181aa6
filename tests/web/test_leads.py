"""A pregnancy heard of in the village, entered from a page."""

from __future__ import annotations

from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_task_page import as_form

FRESH = {"name": "测试丁", "id_no": "999999199706150051"}


def enter(site, who="village", key="l-1", **changes):
    answers = {**example("pregnancy-lead"), **FRESH, **changes}
    given = {name: value for name, value in answers.items() if value is not None and name != "duplicate_checked"}
    return site.post("/leads/new", who, idempotency_key=key, **as_form(given))


def leads(site):
    return [task for task in site.tasks() if task.definition_key == "pregnancy_lead"]


def test_a_village_doctor_enters_a_lead_and_the_township_has_to_follow_it(site):
    page = site.get("/leads/new", "village")
    assert_sound(page)
    assert 'value="2026-01-05"' in page.text and "示范村医" in page.text

    answer = enter(site)

    assert answer.status_code == 303
    (task,) = leads(site)
    assert (task.element_id, task.organisation) == ("task_follow_lead", "org-twn-1")
    assert_sound(site.get(answer.location, "village"))
    assert str(task.id) in answer.location and str(task.id) in site.get("/tasks", "nurse").text


def test_a_double_click_enters_one_lead(site):
    assert enter(site).location == enter(site).location and len(leads(site)) == 1


def test_a_woman_in_care_or_with_an_open_lead_is_not_entered_again(site):
    in_care = enter(site, id_no=example("registration")["id_no"])
    assert in_care.status_code == 409 and "已有在管妊娠" in in_care.text
    assert_sound(in_care)
    assert leads(site) == []

    enter(site)
    again = enter(site, "nurse2", key="l-2")
    assert again.status_code == 409 and "未了结的孕情线索" in again.text and len(leads(site)) == 1


def test_without_a_document_a_person_says_that_she_was_looked_up(site):
    none = {"id_type": "none", "id_no": None, "id_none_reason": "外地新近嫁入"}

    refused = enter(site, **none)

    assert refused.status_code == 422 and 'href="#f-duplicate_checked"' in refused.text
    assert leads(site) == []
    said = {**example("pregnancy-lead"), **none, "id_no": ""}
    assert site.post("/leads/new", "village", idempotency_key="l-9", **as_form(said)).status_code == 303
