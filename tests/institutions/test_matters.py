"""Notices, checks, adverse events, requests and reviews, from the page that begins them to the measures they leave."""

from __future__ import annotations

import re
from html import unescape

import pytest

from engine.commands.contracts import PublishMessage
from engine.errors import Conflict, Incorrect
from engine.store import reads
from runtime.start import INSTALLER
from tests.institutions.conftest import example
from workflows.duplicates import JOURNEY
from workflows.institutions import evidence_lock, session

OFFICER, HOSPITAL, TOWNSHIP, HEALTH = "org-mch", "org-hospital", "org-twn-1", "org-county-health"


def begin(county, kind, who, **body):
    return county.ask("POST", "/api/institutions/matters", who, json={"kind": kind, **body})


def test_an_interview_is_recorded_answered_sent_back_settled_and_its_demands_become_measures(county):
    assert begin(county, "official_notice", "doctor", organisation=TOWNSHIP).status_code == 403
    assert begin(county, "official_notice", "county").status_code == 422
    assert begin(county, "official_notice", "county", organisation=HOSPITAL).status_code == 201

    county.finish("task_notice_issue", "county", "official-notice", HEALTH)
    county.finish("task_interview", "county", "interview-record", HEALTH)
    county.finish("task_notice_reply", "doctor", "notice-reply", HOSPITAL)
    county.finish(*("task_notice_check", "county", "notice-check", HEALTH), notice_settled=False, reply_by="2026-02-01")
    assert "task_notice_reply" in county.open(HOSPITAL)
    county.finish("task_notice_reply", "doctor", "notice-reply", HOSPITAL)
    county.finish("task_notice_check", "county", "notice-check", HEALTH)

    assert county.open(HOSPITAL) == ["task_action_item"]
    found = county.ask("GET", "/api/institutions/matters", "doctor").json["items"]
    assert sorted((one["kind"], one["open"]) for one in found) == [("action_item", True), ("official_notice", False)]
    assert county.ask("GET", "/api/institutions/matters", "nurse").json["items"] == []


def test_a_check_goes_through_the_regions_own_sheet_and_leads_to_measures_and_a_notice(county):
    line = {"organisation": OFFICER, "kind": "check_item", "fields": {"at": "township", "item": "五色标识齐全"}}
    assert county.ask("POST", "/api/institutions/directory", "officer", json=line).status_code == 201
    woman = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    with county.services.pool.connection() as conn:
        colour = 'UPDATE instance SET variables = variables || \'{"colour": "red"}\' WHERE business_key = %s'
        conn.execute(colour, (woman.pregnancy_id,))
    page = county.post("/institutions/begin/inspection", "officer", organisation=TOWNSHIP)
    form = county.get(page.headers["Location"], "officer").get_data(as_text=True)
    assert page.status_code == 303 and "五色标识齐全" in form and "SF-2026-0009" in form and "测试壬" not in form

    county.finish("task_inspection", "officer", "inspection", OFFICER)

    assert "task_action_item" in county.open(TOWNSHIP) and "task_notice_issue" in county.open(OFFICER)


@pytest.mark.parametrize(("grade", "county_too"), [("1", True), ("2", True), ("3", False), ("4", False)])
def test_an_adverse_event_with_harm_goes_to_the_county_another_stays_in_the_institution(county, grade, county_too):
    assert begin(county, "adverse_event", "midwife").status_code == 201
    county.finish("task_event_report", "midwife", "adverse-event", HOSPITAL, event_grade=grade)
    county.finish("task_event_analysis", "senior", "event-analysis", HOSPITAL)

    assert ("task_event_county" in county.open(OFFICER)) is county_too
    assert ("task_action_item" in county.open(HOSPITAL)) is not county_too


def test_an_event_may_be_reported_without_a_name(county):
    begin(county, "adverse_event", "midwife")
    answers = {name: value for name, value in example("adverse-event").items() if name != "reporter"}
    task = county.task("task_event_report", HOSPITAL)
    path = f"/api/user-tasks/{task.id}/completion"

    assert county.ask("POST", path, "midwife", json={"answers": answers}).status_code == 422
    named = {**answers, "event_anonymous": True}
    assert county.ask("POST", path, "midwife", json={"answers": named}).status_code == 200


def test_a_request_to_another_department_goes_round_until_the_help_has_come(county):
    assert begin(county, "support_request", "nurse").status_code == 201
    county.finish("task_support_request", "nurse", "support-request", TOWNSHIP)
    county.finish("task_support_answer", "officer", "support-answer", OFFICER)
    county.finish("task_support_result", "nurse", "support-result", TOWNSHIP, support_came=False)
    county.finish("task_support_answer", "officer", "support-answer", OFFICER)
    county.finish("task_support_result", "nurse", "support-result", TOWNSHIP)

    assert county.open(TOWNSHIP) == [] and county.open(OFFICER) == []


def test_a_review_begun_by_hand_needs_chair_departments_and_expert_and_leaves_measures_and_a_notice(county):
    woman = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    assert begin(county, "near_miss_review", "doctor", pregnancy="no-such").status_code == 404
    assert begin(county, "near_miss_review", "doctor", pregnancy=woman.pregnancy_id).status_code == 201
    assert begin(county, "near_miss_review", "doctor", pregnancy=woman.pregnancy_id).status_code == 409
    county.finish("task_near_miss_record", "doctor", "near-miss", HOSPITAL, session=[])
    review = county.task("task_near_miss_facility", HOSPITAL)
    lacking = {"answers": {**example("near-miss"), "session": example("near-miss")["session"][1:2]}}
    refused = county.ask("POST", f"/api/user-tasks/{review.id}/completion", "senior", json=lacking)
    assert refused.status_code == 422 and refused.json["code"] == "session" and len(refused.json["errors"]) == 2

    county.finish("task_near_miss_facility", "senior", "near-miss", HOSPITAL)
    without_expert = example("near-miss")["session"][:3]
    for sat, status in ((without_expert, 422), (example("near-miss")["session"], 200)):
        body = {**example("near-miss"), "review_level": "county", "session": sat, "notice_wanted": True}
        task = county.task("task_near_miss_county", OFFICER)
        answer = county.ask("POST", f"/api/user-tasks/{task.id}/completion", "county", json={"answers": body})
        assert answer.status_code == status, answer.text

    assert "task_action_item" in county.open(HOSPITAL)
    assert {"task_notice_issue", "task_near_miss_rectified"} <= set(county.open(OFFICER))


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, 0),
        ({"attendee_signed": False}, 1),  # the chair did not sign in; three departments are left
        ({"attendee_post": "member"}, 1),
        ({"attendee_department": "县医院产科"}, 0),
    ],
)
def test_a_session_has_one_chair_who_signed_in(changes, faults):
    rows = [dict(row) for row in example("near-miss")["session"]]
    rows[0] |= changes
    if not faults:
        session.require({"session": rows, "review_level": "facility"})
        return
    with pytest.raises(Incorrect) as refused:
        session.require({"session": rows, "review_level": "facility"})
    assert len(refused.value.faults) == faults


def test_a_newborns_death_is_reviewed_and_meanwhile_nothing_of_the_record_is_corrected(county):
    woman = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    assert begin(county, "newborn_death_review", "officer", pregnancy=woman.pregnancy_id).status_code == 201
    with county.services.engine.read() as conn, pytest.raises(Conflict):
        evidence_lock.require_unlocked(conn, county.services.region_id, [woman.pregnancy_id])
    refused = county.post(f"/pregnancies/{woman.pregnancy_id}/results", "doctor", name="hb", value="99", reason="x")
    assert refused.status_code in (409, 422)

    county.finish("task_newborn_facility_review", "senior", "newborn-death-review", HOSPITAL)
    county.finish("task_newborn_county_review", "county", "newborn-death-review", OFFICER)

    with county.services.engine.read() as conn:
        evidence_lock.require_unlocked(conn, county.services.region_id, [woman.pregnancy_id])
    assert "task_action_item" in county.open(HOSPITAL)


def test_a_reported_death_begins_its_review_and_a_twins_is_reviewed_after_it(county):
    woman = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    reported(county, woman, 1)
    reported(county, woman, 2)
    assert county.open(HOSPITAL).count("task_newborn_facility_review") == 1

    for child in (1, 2):
        assert county.variables(county.task("task_newborn_facility_review", HOSPITAL))["child_order"] == child
        county.finish("task_newborn_facility_review", "senior", "newborn-death-review", HOSPITAL)
        county.finish("task_newborn_county_review", "county", "newborn-death-review", OFFICER)

    with county.services.engine.read() as conn:
        evidence_lock.require_unlocked(conn, county.services.region_id, [woman.pregnancy_id])
    assert "task_newborn_facility_review" not in county.open(HOSPITAL)


def test_the_death_of_a_child_born_outside_is_reviewed_by_the_township(county):
    woman = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")

    reported(county, woman, 1, born_outside=True)

    assert "task_newborn_facility_review" in county.open(TOWNSHIP)


def reported(county, woman, child, **told):
    """As the child's process tells it when the report of the death is done."""
    with county.services.engine.read() as conn:
        case = reads.instance_by_business_key(conn, county.services.region_id, JOURNEY, woman.pregnancy_id)
    payload = {**case.variables, "child_order": child, "born_outside": False, **told}
    told_of = PublishMessage(name="message_newborn_death_reported", key=woman.pregnancy_id, payload=payload)
    assert county.services.engine.execute(told_of, by=INSTALLER).instance_id is not None


def test_the_page_of_institutions_shows_duties_and_matters_and_the_list_says_what_a_task_is_about(county):
    assert county.post("/institutions/calendar", "nurse").status_code == 403
    assert county.post("/institutions/calendar", "officer").status_code == 303
    begin(county, "adverse_event", "midwife")
    county.to("2026-02-25")

    page = unescape(county.get("/institutions", "doctor").get_data(as_text=True))
    assert "质量安全" in page and "逾期" in page and "不良事件" in page and "摸排" not in page
    only = unescape(county.get("/institutions?state=overdue", "doctor").get_data(as_text=True))
    assert only.count('class="is-overdue"') == len(re.findall(r'<tr class="is-overdue"><td class="number">', only))
    assert "产儿科自我评估" in county.get("/tasks", "doctor").text
    assert county.ask("GET", "/api/institutions/duties?state=overdue", "nurse").json["items"] != []
    assert county.get("/institutions", "village").status_code == 403
