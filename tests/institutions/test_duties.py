"""The calendar of institutions: what is owed, recorded with evidence, missed, put right; and the monthly sheet."""

from __future__ import annotations

from datetime import date, datetime
from html import unescape

import pytest

from engine.errors import Forbidden
from tests.institutions.conftest import example
from workflows.institutions import calendar, sheets
from workflows.institutions.duties import EVIDENCE, duties_of, table
from workflows.regions import load_pack, pack_ids

OFFICER, HOSPITAL, TOWNSHIP = "org-mch", "org-hospital", "org-twn-1"
PREGNANT = {
    "sweep_name": "测试己",
    "sweep_birth": "1996-07",
    "sweep_age": 29,
    "sweep_married": "yes",
    "sweep_births": "1-0",
    "sweep_lmp": "2025-12-20",
    "sweep_pregnant": "yes",
    "sweep_checked": "no",
    "sweep_addr_current": "甲镇一村",
    "sweep_addr_household": "甲镇一村",
    "sweep_contraception": "无",
    "sweep_phone": "13800000006",
    "sweep_remarks": "精神疾病",
}


def due(task) -> date:
    return task.due_at.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+08:00").tzinfo).date()


def test_every_line_of_the_table_is_asked_for_somewhere_with_its_sentence_and_mark():
    on = date(2022, 4, 2)
    owed = [d for p in pack_ids() for kind in KINDS for d in duties_of(kind, load_pack(p), on)]
    once_past = {"education_plan", "officer_training"}

    assert {row["code"] for row in table()} - {d.code.partition("-")[0] for d in owed} - once_past == set()
    assert {row["evidence"] for row in table()} <= EVIDENCE
    assert all(d.source and d.mark in ("seed", "src", "known", "default") and d.name.zh and d.name.en for d in owed)


KINDS = ("hospital", "township", "county_mch", "county_health", "village", "ems", "blood")


@pytest.mark.parametrize(
    ("pack", "kind", "code", "first", "months"),
    [
        ("cn-xf-2022", "hospital", "drill", "2026-03-31", 3),
        ("cn-xf-2022", "hospital", "near_miss_review", "2026-03-31", 3),
        ("cn-xf-2022", "county_mch", "pmc_supervision", "2026-02-28", 2),
        ("cn-xf-2022", "township", "sweep", "2026-02-05", 1),
        ("cn-cq-2022", "county_health", "annual_report", "2026-01-31", 12),
        ("cn-cq-2022", "hospital", "epidemic_drill", "2026-12-31", 12),
        ("cn-sp-2018", "hospital", "death_return", "2026-01-31", 1),
        ("cn-zj-2022", "hospital", "popular_science", "2026-03-31", 3),
    ],
)
def test_a_region_says_who_owes_what_and_when(pack, kind, code, first, months):
    (found,) = [d for d in duties_of(kind, load_pack(pack), date(2026, 1, 6)) if d.code == code]

    assert (found.first.isoformat(), found.every_months) == (first, months)


def test_an_institution_is_asked_for_nothing_that_its_region_does_not_ask_for():
    assert {d.code for d in duties_of("township", load_pack("cn-baseline"), date(2026, 1, 5))} == {
        *(f"statistics-{day}" for day in ("0110", "0410", "0710", "1012"))
    }
    assert duties_of("village", load_pack("cn-xf-2022"), date(2026, 1, 5)) == []


def test_the_county_takes_up_every_duty_once_and_nobody_else_may(county):
    with pytest.raises(Forbidden):
        calendar.take_up(county.services, by=county.principal("nurse"))
    first = calendar.take_up(county.services, by=county.principal("officer"))

    assert first > 10 and calendar.take_up(county.services, by=county.principal("officer")) == 0


def test_a_duty_is_recorded_with_evidence_the_next_period_follows_and_a_measure_is_a_task_until_it_passes(county):
    calendar.take_up(county.services, by=county.principal("officer"))
    county.to("2026-03-24")
    drill = next(t for t in county.tasks(limit=200) if county.variables(t).get("duty", {}).get("code") == "drill")
    assert (drill.element_id, due(drill)) == ("task_duty", date(2026, 3, 31))
    page = county.get(f"/tasks/{drill.id}", "midwife").get_data(as_text=True)
    assert "专项技能培训与急救演练" in page and load_pack("cn-xf-2022").source(
        "emergency.drill_months"
    ).text in unescape(page)

    measure = {"measure": "补充材料", "measure_owner": "护士长", "measure_due": "2026-04-30"}
    answers = {**example("duty-evidence"), "held_on": "2026-03-24", "rectification": [measure]}
    done = county.ask("POST", f"/api/user-tasks/{drill.id}/completion", "midwife", json={"answers": answers})
    assert done.status_code == 200, done.get_data(as_text=True)

    action = county.task("task_action_item", HOSPITAL)
    assert due(action) == date(2026, 4, 30) and "补充材料" in county.get(f"/tasks/{action.id}", "midwife").text
    county.finish("task_action_item", "midwife", "action-item", HOSPITAL, action_done_on="2026-03-24")
    county.finish(
        *("task_action_check", "officer", "action-check", OFFICER),
        **{"checked_on_date": "2026-03-24", "action_passed": False, "new_due": "2026-05-31"},
    )
    assert due(county.task("task_action_item", HOSPITAL)) == date(2026, 5, 31)
    county.finish("task_action_item", "midwife", "action-item", HOSPITAL, action_done_on="2026-03-24")
    county.finish("task_action_check", "officer", "action-check", OFFICER, checked_on_date="2026-03-24")
    assert "task_action_item" not in county.open(HOSPITAL)
    county.to("2026-06-24")
    again = [t for t in county.tasks(limit=200) if county.variables(t).get("duty", {}).get("code") == "drill"]
    assert [due(t) for t in again] == [date(2026, 6, 30)]


def test_a_duty_that_was_missed_stays_open_beside_the_next_one(county):
    calendar.take_up(county.services, by=county.principal("officer"))
    county.to("2026-02-25")
    missed = [
        t for t in county.tasks(limit=200) if county.variables(t).get("duty", {}).get("code") == "self_assessment"
    ]

    assert sorted(due(t) for t in missed) == [date(2026, 1, 31), date(2026, 2, 28)]
    with county.services.engine.read() as conn:
        found = calendar.periods(county.services, conn, county.principal("doctor"), date(2026, 2, 25))
    states = {(p.duty["code"], p.due_on.isoformat()): p.state for p in found}
    assert states["self_assessment", "2026-01-31"] == "overdue" and states["self_assessment", "2026-02-28"] == "open"
    assert {p.organisation for p in found} == {HOSPITAL}


def test_ac25_a_pregnant_woman_on_the_sheet_without_a_case_is_a_lead_at_once_with_reminders_on_day_1_and_4(county):
    calendar.take_up(county.services, by=county.principal("officer"))
    county.to("2026-02-01")
    sheet = county.task("task_sweep", TOWNSHIP)  # day 1: it is on the unit's list
    assert due(sheet) == date(2026, 2, 5) and "task_remind_sweep" not in county.open(OFFICER)
    county.to("2026-02-05")  # day 4 has passed: the county reminds who has not reported
    assert "task_remind_sweep" in county.open(OFFICER)

    county.finish(
        *("task_sweep", "nurse", "sweep", TOWNSHIP),
        **{"rows": [example("sweep")["rows"][0], PREGNANT], "sweep_new_pregnant": 1, "reported_on": "2026-02-05"},
    )

    leads = [t for t in county.tasks(definition_key="pregnancy_lead") if t.organisation == TOWNSHIP]
    assert leads and all((t.created_at - sheet.created_at).days < 5 for t in leads)
    assert {t.created_at for t in leads} == {county.services.clock()}  # at once: within 24 hours
    assert "task_sweep_leads" not in county.open(TOWNSHIP) and "task_sweep_received" in county.open(OFFICER)
    with county.services.engine.read() as conn:
        (known,) = county.services.patients.named(conn, "测试己")
    assert known["phone_masked"] == "138****0006" and known["pregnancy_id"] is None


def test_who_is_in_care_or_heard_of_already_becomes_no_second_lead(county):
    calendar.take_up(county.services, by=county.principal("officer"))
    county.woman("nurse", name="测试己", id_no="999999199706150043", handbook_no="SF-2026-0009")
    county.to("2026-02-02")

    rows = [{**PREGNANT, "sweep_birth": "1997-06", "sweep_age": 28}]
    heard_of = {**PREGNANT, "sweep_name": "测试辛"}
    county.finish(*("task_sweep", "nurse", "sweep", TOWNSHIP), rows=[*rows, heard_of], sweep_new_pregnant=1)
    assert len({t.business_key for t in county.tasks(definition_key="pregnancy_lead")}) == 1
    county.finish("task_sweep_received", "officer", "sweep-check", OFFICER, checked_on_date="2026-02-02")
    county.to("2026-03-02")
    county.finish(*("task_sweep", "nurse", "sweep", TOWNSHIP), rows=[*rows, heard_of], sweep_new_pregnant=0)

    assert len({t.business_key for t in county.tasks(definition_key="pregnancy_lead")}) == 1


def test_whom_the_unit_counts_and_the_sheet_does_not_name_is_a_persons_to_enter(county):
    calendar.take_up(county.services, by=county.principal("officer"))
    county.to("2026-02-02")

    county.finish(*("task_sweep", "nurse", "sweep", TOWNSHIP), rows=[PREGNANT], sweep_new_pregnant=2)

    assert len({t.business_key for t in county.tasks(definition_key="pregnancy_lead")}) == 1
    assert "task_sweep_leads" in county.open(TOWNSHIP)


def test_next_months_sheet_is_filled_in_with_who_is_not_pregnant_and_says_who_is_new(county):
    calendar.take_up(county.services, by=county.principal("officer"))
    county.to("2026-02-02")
    county.finish(*("task_sweep", "nurse", "sweep", TOWNSHIP), rows=[example("sweep")["rows"][0], PREGNANT])
    county.finish("task_sweep_received", "officer", "sweep-check", OFFICER, checked_on_date="2026-02-02")
    county.to("2026-03-02")
    page = county.get(f"/tasks/{county.task('task_sweep', TOWNSHIP).id}", "nurse").get_data(as_text=True)
    assert "测试乙" in page and "测试己" not in page and "甲镇卫生院" in page

    later = {**example("sweep")["rows"][0], "sweep_name": "测试庚", "sweep_birth": "2000-01"}
    task = county.task("task_sweep", TOWNSHIP)
    county.finish(*("task_sweep", "nurse", "sweep", TOWNSHIP), rows=[example("sweep")["rows"][0], later])

    shown = county.get(f"/tasks/{task.id}", "nurse").get_data(as_text=True)
    assert shown.count("；新增") == 1


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"sweep_birth": "1976-03", "sweep_age": 49}, False),  # she turned 50 this month
        ({"sweep_birth": "1976-04", "sweep_age": 49}, True),
        ({"sweep_birth": "1995年3月", "sweep_age": 30}, True),
        ({"sweep_birth": "不详", "sweep_age": 30}, True),
        ({"sweep_birth": "1995-03", "sweep_age": 30, "sweep_pregnant": "yes"}, False),
    ],
)
def test_who_stays_on_the_sheet(row, kept):
    carried = sheets.carried_on([{"sweep_pregnant": "no", "sweep_remarks": "智力障碍；新增", **row}], date(2026, 3, 1))

    assert bool(carried) is kept
    assert all(one["sweep_remarks"] == "智力障碍" for one in carried)


def test_a_sheet_about_a_woman_whom_the_region_does_not_sweep_is_sent_back_with_her_row(county):
    """`sweep.age` of 信丰: 15–49."""
    calendar.take_up(county.services, by=county.principal("officer"))
    county.to("2026-02-01")
    task = county.task("task_sweep", TOWNSHIP)
    assert "15–49 岁妇女；精神病、智力障碍、其他" in county.get(f"/tasks/{task.id}", "nurse").get_data(as_text=True)
    body = {"answers": {**example("sweep"), "rows": [{**PREGNANT, "sweep_age": 52}]}}

    answer = county.ask("POST", f"/api/user-tasks/{task.id}/completion", "nurse", json=body)

    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["path"] == "rows[0].sweep_age" and "15–49" in error["message"]["zh"]
