"""What a high-risk woman is owed, on her page; and who sees what is overdue."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from engine.commands.contracts import SetVariables
from engine.store import reads
from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_county import by_pack
from workflows import completion, escalation
from workflows.regions import load_pack


def set_variables(site, case, **known):
    """As an operator puts them right."""
    with site.services.engine.read() as conn:
        instance = reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", case)
    command = SetVariables(instance_id=instance.id, variables=known, reason="for the test")
    site.services.engine.execute(command, by=site.principal("it").actor)


@pytest.fixture
def orange(site):
    """One woman of the site as she would be after her grading; the second, purple alone."""
    cases = sorted({task.business_key for task in site.tasks() if task.business_key})
    colour = {"colour": "orange", "purple": False, "graded_at": "2026-01-04T10:00:00+08:00"}
    for case, known in zip(cases, (colour, {**colour, "colour": "green", "purple": True})):
        set_variables(site, case, **known)
    return cases[:2]


def text_of(site, path, who):
    answer = site.get(path, who)
    assert_sound(answer)
    return re.sub(r"<[^>]+>|\s+", " ", answer.get_data(as_text=True))


def test_a_high_risk_woman_has_the_five_duties_on_her_page(site, orange):
    text = text_of(site, f"/pregnancies/{orange[0]}", "officer")

    assert "每例必办" in text
    for verb in ("发现", "登记", "报告", "管理", "救治"):
        assert f"{verb}一例" in text
    assert "孕管员面对面随访一次" in text and "待做" in text and "需要时" in text


def test_what_there_is_for_an_infection_alone_is_not_shown_to_those_who_may_not_know(site, orange):
    assert "每例必办" in text_of(site, f"/pregnancies/{orange[1]}", "officer")
    assert "每例必办" not in text_of(site, f"/pregnancies/{orange[1]}", "county")


def test_a_woman_without_a_colour_has_no_such_list(site):
    case = next(task.business_key for task in site.tasks())

    assert "每例必办" not in text_of(site, f"/pregnancies/{case}", "nurse")


def test_the_times_of_the_ladder_come_from_the_pack_and_each_step_keeps_the_earlier(site):
    steps = escalation.ladder(load_pack("cn-baseline"))
    due = site.clock()

    assert [step.role for step in steps] == ["R-OB-AC", "R-PM-P", "R-MED", "R-PM-F", "R-DIR", "R-HCADM", "R-MSO"]
    at_last = due + timedelta(days=30)
    assert escalation.reached(steps, due, at_last, urgent=True) == steps
    assert escalation.reached(steps, due, at_last, urgent=False) == steps[:-1], (
        "the safety office: what is urgent alone"
    )
    for step in steps[:-1]:
        reached = step.reached_at(due, urgent=False)
        assert step not in escalation.reached(steps, due, reached - timedelta(seconds=1), urgent=False)
        assert step in escalation.reached(steps, due, reached, urgent=False)
        assert step.reached_at(due, urgent=True) < reached
    assert escalation.reached(steps, due, due, urgent=True) == []


UP_THE_LADDER = {"officer": 2, "leader": 4, "county": 7}  # who, after how many days


@pytest.mark.parametrize("days", [1, 3, 5, 8, 30])
def test_a_task_past_its_clock_comes_to_the_next_level_and_stays_open_below(site, days):
    task = site.task("task_first_visit")
    site.clock.set(task.due_at + timedelta(days=days, minutes=1))

    for who, sees in {**{who: days >= after for who, after in UP_THE_LADDER.items()}, "safety": False}.items():
        answer = site.get("/escalations", who)
        assert_sound(answer)
        assert (f"/tasks/{task.id}" in answer.get_data(as_text=True)) == sees, who
    assert site.stored(task.id).is_open
    assert site.get("/escalations", "nurse").status_code == 403


def test_a_red_womans_task_comes_sooner(site):
    task = site.task("task_first_visit")
    site.clock.set(task.due_at + timedelta(days=1, minutes=1))
    assert str(task.id) not in site.get("/escalations", "officer").get_data(as_text=True)

    set_variables(site, task.business_key, colour="red")

    assert str(task.id) in site.get("/escalations", "officer").get_data(as_text=True)
    assert str(task.id) not in site.get("/escalations", "safety").get_data(as_text=True)
    site.clock.set(task.due_at + timedelta(days=4, minutes=1))
    assert str(task.id) in site.get("/escalations", "safety").get_data(as_text=True)


@pytest.mark.parametrize(
    ("known", "process", "is_urgent"),
    [
        ({"colour": "red"}, None, True),
        ({"colour": "orange"}, "pregnancy_journey", False),
        ({"urgency": "emergency"}, "referral", True),
        ({"urgency": "planned"}, "referral", False),
        ({"end_code": "ended.maternal_death"}, "pregnancy_journey", True),
        ({}, "death_review", True),
        ({}, "rescue", True),
    ],
)
def test_urgent_are_a_red_woman_an_emergency_and_a_death(known, process, is_urgent):
    assert escalation.is_urgent(known, process) == is_urgent


def test_the_own_institutions_steps_see_their_own_institutions_tasks_alone(site):
    task = site.task("task_first_visit")  # of the township
    site.clock.set(task.due_at + timedelta(days=30))

    for who in ("data", "medical", "senior"):
        page = site.get("/escalations", who)
        assert_sound(page)
        assert str(task.id) not in page.get_data(as_text=True), who


def test_who_leads_another_institution_than_the_countys_has_no_step(site):
    steps = escalation.ladder(load_pack("cn-baseline"))

    assert escalation.step_of(steps, {"R-DIR"}, "hospital") is None
    assert escalation.step_of(steps, {"R-DIR"}, "county_mch").role == "R-DIR"


def test_a_finished_task_is_nobodys_any_more(site):
    task = site.task("task_first_visit")
    completion.complete(site.services, task.id, by=site.principal("nurse"), answers=example("anc-first"))
    site.clock.set(task.due_at + timedelta(days=30))

    assert str(task.id) not in site.get("/escalations", "county").get_data(as_text=True)


def test_a_case_started_with_a_pack_out_of_force_says_so_on_her_page(site):
    case = next(task.business_key for task in site.tasks())
    assert "只用于演示" not in text_of(site, f"/pregnancies/{case}", "nurse")

    set_variables(site, case, pack="cn-xf-2022")

    assert "只用于演示，不能开始真实个案" in text_of(site, f"/pregnancies/{case}", "nurse")
    assert by_pack(site, "cn-baseline").get(f"/pregnancies/{case}").status_code == 200
