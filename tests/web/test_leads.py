"""A pregnancy heard of in the village, entered from a page."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest

from engine.commands.contracts import StartInstance
from engine.errors import Conflict
from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_task_page import as_form
from workflows import completion, intake

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


def test_the_list_says_who_a_lead_is_about(site):
    enter(site)

    page = site.get("/tasks", "nurse")

    assert_sound(page)
    assert f'<span lang="zh-CN">{FRESH["name"]}</span>' in page.text


def test_of_two_leads_finished_at_the_same_moment_as_tasks_one_is_refused(site):
    opened = [begun(site) for _ in range(2)]
    answers = {**example("pregnancy-lead"), **FRESH}
    barrier, outcomes = threading.Barrier(2), []

    def finish(task_id):
        barrier.wait()
        try:
            completion.complete(site.services, task_id, by=site.principal("village"), answers=answers)
            outcomes.append("done")
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=finish, args=(task_id,)) for task_id in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "open-lead"]


def begun(site):
    """A lead whose form is still to be filled in."""
    by = site.principal("village")
    lead = str(uuid4())
    variables = intake.start_variables(site.services, by=by.actor, pregnancy_id=lead, patient_id=str(uuid4()))
    start = StartInstance(definition_key="pregnancy_lead", business_key=lead, variables=variables)
    site.services.engine.execute(start, by=by.actor)
    return next(task.id for task in site.tasks(business_key=lead) if task.element_id == "task_record_lead")


def test_ac30_a_registration_finished_as_a_task_is_refused_for_a_woman_in_care(site):
    opened = intake.open_case(site.services, by=site.principal("nurse"))
    (task_id,) = opened.user_task_ids

    with pytest.raises(Conflict) as refused:
        completion.complete(
            site.services, task_id, by=site.principal("nurse"), answers=example("registration") | {"name": "同号"}
        )

    assert refused.value.code == "open-pregnancy" and site.stored(task_id).is_open
    other = {"id_no": FRESH["id_no"], "handbook_no": "SF-2026-0077"}  # the same name and telephone, another document
    completion.complete(
        site.services, task_id, by=site.principal("nurse"), answers={**example("registration"), **other}
    )


def test_the_task_of_a_lead_names_the_woman_and_leads_to_no_page_that_is_not_there(site):
    enter(site)
    (task,) = leads(site)

    page = site.get(f"/tasks/{task.id}", "nurse")

    assert_sound(page)
    banner = page.text.partition('class="banner__name"')[2].partition("</p>")[0]
    assert "测试丁" in banner and "href" not in banner
