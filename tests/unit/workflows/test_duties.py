"""The duties of each case: what a high-risk woman is owed, by her region's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from engine.clock import CHINA
from workflows.duties import Known, colours_of, duties
from workflows.regions import load_pack

NOW = datetime(2026, 2, 1, 9, tzinfo=CHINA)
GRADED = {"colour": "red", "purple": False, "graded_at": "2026-01-20T10:00:00+08:00"}


@dataclass
class Task:
    due_at: datetime | None = None
    completed_at: datetime | None = None
    created_at: datetime = NOW - timedelta(days=12)


def the_list(pack="cn-baseline", tasks=(), case_file=(), variables=GRADED, may_know=True):
    known = Known(
        variables=variables,
        tasks=dict(tasks),
        case_file=None if case_file is None else dict(case_file),
        colours=colours_of(variables, may_know_purple=may_know),
        pack=load_pack(pack),
        now=NOW,
    )
    return {duty.verb: duty for duty in duties(known)}


def states(duty):
    return {check.name.zh: check.state for check in duty.checks}


@pytest.mark.parametrize(
    ("pack", "verbs"),
    [("cn-baseline", ["发现", "登记", "报告", "管理", "救治"]), ("cn-zj-2022", ["发现", "登记", "报告", "管理"])],
)
def test_the_words_are_those_of_the_region(pack, verbs):
    assert list(the_list(pack)) == verbs


@pytest.mark.parametrize("colour", ["green", "yellow", None])
def test_a_woman_without_a_case_file_colour_has_no_such_list(colour):
    assert the_list(variables={**GRADED, "colour": colour}) == {}


def test_nothing_is_done_by_itself_but_finding_and_the_registers():
    found = the_list()

    assert {verb: duty.state for verb, duty in found.items()} == {
        "发现": "done",
        "登记": "due",
        "报告": "due",
        "管理": "due",
        "救治": "by-need",
    }
    assert str(found["发现"].checks[0].on) == "2026-01-20"


def test_a_task_past_its_due_moment_is_overdue_and_a_finished_one_done_on_its_day():
    late, done = Task(due_at=NOW - timedelta(hours=1)), Task(completed_at=datetime(2026, 1, 22, 23, 30, tzinfo=CHINA))

    found = the_list(tasks={"task_report_risk": late, "task_open_case_file": done})

    assert (found["报告"].state, found["登记"].state) == ("overdue", "done")
    assert str(found["登记"].checks[1].on) == "2026-01-22"


@pytest.mark.parametrize(
    ("pack", "colour", "asked"),
    [
        ("cn-cq-2022", "red", {"产科高年资医师负责", "个性化管理方案", "诊疗方案", "应急预案"}),
        ("cn-cq-2022", "orange", set()),
        ("cn-xf-2022", "orange", {"产科高年资医师负责"}),
        ("cn-zj-2022", "orange", {"个性化管理方案", "诊疗方案", "应急预案", "区域专家组制订方案（专科会诊）"}),
        ("cn-baseline", "red", set()),
    ],
)
def test_plans_and_seniority_are_asked_where_the_region_asks_them(pack, colour, asked):
    found = set(states(the_list(pack, variables={**GRADED, "colour": colour})["管理"]))

    always = {"专案责任医师", "孕管员面对面随访一次", "随访至产后 42 天", "病例讨论：定期"}
    assert found - always == asked


@pytest.mark.parametrize(
    ("title", "state"), [("associate_chief", "done"), ("chief", "done"), ("attending", "due"), (None, "due")]
)
def test_a_senior_obstetrician_is_an_associate_chief_or_above(title, state):
    found = the_list("cn-xf-2022", case_file={"responsible_doctor": "示范", "responsible_doctor_title": title})

    assert states(found["管理"])["产科高年资医师负责"] == state


def test_a_case_file_that_the_reader_may_not_know_is_hidden_not_missing():
    assert states(the_list("cn-xf-2022", case_file=None)["管理"])["专案责任医师"] == "hidden"


def test_who_may_not_know_of_infections_sees_no_list_that_there_is_for_one_alone():
    purple = {**GRADED, "colour": "green", "purple": True}

    assert the_list(variables=purple) != {}
    assert the_list(variables=purple, may_know=False) == {}


def test_a_referral_without_its_result_is_still_to_be_done():
    asked = Task(completed_at=NOW - timedelta(days=2))
    told = Task(completed_at=NOW, created_at=NOW - timedelta(days=1))

    assert the_list(tasks={"task_request_transfer": asked})["救治"].state == "due"
    assert the_list(tasks={"task_request_transfer": asked, "task_transfer_result": told})["救治"].state == "done"
