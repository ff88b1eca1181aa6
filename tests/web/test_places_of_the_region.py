"""Who may grade and where a positive screening goes is what the region's pack says, by the level in the directory."""

from __future__ import annotations

import pytest

from engine.errors import Forbidden, Incorrect
from tests.web.conftest import example
from workflows import completion
from workflows.institutions import directory


def positive(site):
    """A woman of the first township whose screening was positive."""
    task = site.task("task_screen")
    plain = {name: value for name, value in example("risk-screening").items() if value != "yes"}
    completion.complete(site.services, task.id, by=site.principal("nurse"), answers={**plain, "s_2_2": "yes"})
    return task.business_key


def task_of(site, case, element):
    return next(one for one in site.tasks(business_key=case) if one.element_id == element)


def test_a_slip_begins_with_where_positive_screenings_go_and_names_no_other_place(site):
    case = positive(site)
    task = task_of(site, case, "task_refer_positive")
    nurse = site.principal("nurse")
    hospital = site.services.people.organisations()["org-hospital"]
    with site.services.engine.read() as conn:
        opened = completion.open_form(site.services, conn, task, today=site.services.clock().date())
    assert opened.answers["destination"] == hospital.name

    slip = {**example("screening-referral"), "destination": "org-twn-1"}
    with pytest.raises(Incorrect) as refused:
        completion.complete(site.services, task.id, by=nurse, answers=slip)
    assert [fault.path for fault in refused.value.faults] == ["destination"]
    assert "二级以上助产机构" in refused.value.faults[0].message.zh

    elsewhere = {**example("screening-referral"), "destination": "邻县人民医院"}
    completion.complete(site.services, task.id, by=nurse, answers=elsewhere)
    assert task_of(site, case, "task_grade").organisation == hospital.id


def test_a_hospital_below_the_level_that_the_region_asks_for_grades_nobody(site):
    case = positive(site)
    completion.complete(
        site.services,
        task_of(site, case, "task_refer_positive").id,
        by=site.principal("nurse"),
        answers={**example("screening-referral"), "destination": "org-hospital"},
    )
    task, doctor = task_of(site, case, "task_grade"), site.principal("doctor")
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}

    fields = {"level": "one", "centre": "none"}
    directory.add(
        site.services, by=site.principal("officer"), organisation=doctor.organisation, kind="level", fields=fields
    )
    with pytest.raises(Forbidden) as refused:
        completion.complete(site.services, task.id, by=doctor, answers={**plain, "informed_on": "2026-01-05"})
    assert "二级以上助产机构" in refused.value.message.zh and "level 2" in refused.value.message.en

    fields["level"] = "two"
    directory.add(
        site.services, by=site.principal("officer"), organisation=doctor.organisation, kind="level", fields=fields
    )
    completion.complete(site.services, task.id, by=doctor, answers={**plain, "informed_on": "2026-01-05"})
