"""What is printed and listed of women: labels, the register of priority women, the services of a region, and the
course of a case that a review begins with."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from engine.commands.contracts import PublishMessage, SetVariables, StartInstance
from engine.store import reads
from runtime.start import INSTALLER
from tests.web.markup import assert_sound
from workflows import course_of_case
from workflows.service_map import SERVICES

FACTORS = {"social_factors": ["mobile", "poor"]}


@pytest.fixture
def woman(site):
    return site.task("task_screen").business_key


def case_of(site, key):
    with site.services.engine.read() as conn:
        return reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", key)


def know(site, key, **variables):
    command = SetVariables(instance_id=case_of(site, key).id, variables=variables)
    site.services.engine.execute(command, by=INSTALLER)


def test_the_label_has_a_sticker_for_each_colour_on_both_sheets_and_purple_only_for_those_who_may_know(site, woman):
    grading = {
        "colour": "orange",
        "purple": True,
        "graded_at": "2026-01-05T09:00:00+08:00",
        "criteria": ["O-1.2", "P-1"],
    }
    know(site, woman, colour="orange", purple=True, graded_at=grading["graded_at"], gradings=[grading])

    page = site.get(f"/pregnancies/{woman}/label", "nurse")

    assert_sound(page)
    for text, times in (('sticker chip chip--orange"', 2), ('sticker chip chip--purple"', 2), ("2026-01-05", 2)):
        assert page.text.count(text) >= times, text
    assert "P-1" not in page.text and "O-1.2" not in page.text  # the reason is on no label
    village = site.get(f"/pregnancies/{woman}/label", "village").text
    assert "sticker chip chip--orange" in village and "chip--purple" not in village and "紫" not in village
    assert site.get(f"/pregnancies/{woman}/label", "nurse2").status_code == 404
    with site.services.pool.connection() as conn:
        seen = conn.execute("SELECT count(*) FROM audit WHERE action = 'print'").fetchone()[0]
    assert seen == 2


def test_screened_positive_and_not_graded_is_marked_so(site, woman):
    assert "筛查阳性" not in site.get(f"/pregnancies/{woman}/label", "nurse").text
    know(site, woman, screening="positive", colour=None)

    assert site.get(f"/pregnancies/{woman}/label", "nurse").text.count(">筛查阳性<") == 2


def test_priority_women_are_listed_with_factors_plan_and_next_date_and_exported_without_names(site, woman):
    empty = site.get("/registers/focus", "nurse")
    assert_sound(empty)
    know(site, woman, policy={**case_of(site, woman).variables["policy"], "focus": {
        "enabled": True, "factors": ["mobile", "poor"], "register_within": "P3D", "plan_from_days": 196,
        "plan_within": "P28D", "support_within": "P14D"}})  # fmt: skip
    site.services.engine.execute(PublishMessage(name="message_focus_told", key=woman, payload=FACTORS), by=INSTALLER)
    know(site, woman, **FACTORS)

    page = site.get("/registers/focus", "nurse")
    assert_sound(page)
    assert f"/pregnancies/{woman}" in page.text and "未登记" in page.text
    assert f"/pregnancies/{woman}" not in site.get("/registers/focus", "nurse2").text
    assert site.get("/registers/focus", "doctor").status_code == 403

    file = site.get("/registers/focus.xlsx", "nurse")
    rows = list(load_workbook(io.BytesIO(file.data)).active.iter_rows(values_only=True))
    assert rows[1][0] == woman and "测试" not in str(rows)
    assert site.get("/registers/focus.pdf", "nurse").status_code == 404


def test_a_region_that_counts_services_sees_them_with_where_she_stands(site, woman):
    assert "全程服务" not in site.get(f"/pregnancies/{woman}", "nurse").text
    know(site, woman, pack="cn-sp-2018")

    page = site.get(f"/pregnancies/{woman}", "nurse")

    assert_sound(page)
    assert len(SERVICES) == 13 and len({service.period.zh for service in SERVICES}) == 5
    shown = page.text.split('id="services"')[1]
    assert "婚前保健" in shown and "[known]" in shown and "不在本系统" in shown


def test_the_course_of_a_case_is_written_from_its_record_without_naming_an_infection(site, woman):
    with site.services.engine.read() as conn:
        text = course_of_case.of_case(conn, site.services.region_id, woman)
    lines = text.splitlines()

    assert lines == sorted(lines) and any("建册" in line for line in lines)
    graded = {"registered_on": "2026-01-05", "gradings": [{"colour": "red", "graded_at": "2026-02-01T09:00:00+08:00"}]}
    assert course_of_case.written(graded, []) == "2026-01-05 建册\n2026-02-01 评估分级：红"

    case = case_of(site, woman).variables
    names = (
        "pregnancy_id",
        "patient_id",
        "home_organisation",
        "hospital_organisation",
        "county_organisation",
        "policy",
    )
    known = {name: case[name] for name in names} | {"near_miss_criteria": ["cardiac"]}
    start = StartInstance(definition_key="near_miss_review", business_key=woman, variables=known)
    site.services.engine.execute(start, by=INSTALLER)
    review = next(task for task in site.tasks(business_key=woman) if task.element_id == "task_near_miss_record")
    assert lines[0] in site.get(f"/tasks/{review.id}", "doctor").text
