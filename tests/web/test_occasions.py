"""What is begun from the page of a woman: an admission, an emergency caesarean with its clock, blood."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from engine.commands.contracts import PublishMessage
from engine.store import reads
from runtime.start import INSTALLER
from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_task_page import as_form
from workflows.journey import prefill


class Case:
    """A woman in care, worked on from the pages."""

    def __init__(self, site) -> None:
        self.site = site
        self.id = site.task("task_screen").business_key

    @property
    def page(self) -> str:
        return f"/pregnancies/{self.id}"

    def begins(self, occasion, who, form, key="k-1", **changes):
        answers = {**example(form), **changes}
        path = f"{self.page}/begin/{occasion}"
        return self.site.post(path, who, idempotency_key=key, **as_form(answers))

    def tasks(self):
        return {task.element_id.rsplit("/", 1)[-1]: task for task in self.site.tasks(business_key=self.id, limit=200)}

    def submits(self, element, who, form, **changes):
        task = self.tasks()[element]
        path = f"/tasks/{task.id}"
        sent = as_form({**example(form), **changes})
        return self.site.post(path, who, idempotency_key=str(task.id), revision=str(task.revision), **sent)

    def settle(self, **later) -> None:
        self.site.clock.set(self.site.clock() + timedelta(**later))
        while self.site.services.engine.run_due(50):
            pass


@pytest.fixture
def case(site):
    return Case(site)


def test_from_the_card_of_a_death_in_the_list_her_page_is_one_click_away(case, site):
    died = {"end_code": "ended.maternal_death", "death_cause": "产后出血", "ended_on": "2026-01-05", "tracing_log": []}
    assert case.begins("end", "nurse", "end-report", **died).status_code == 303

    listed = site.get("/tasks?view=all", "officer").text.partition("<tbody")[2]
    (row,) = [one for one in listed.split("<tr") if ">填报孕产妇死亡报告卡<" in one]
    assert f'href="{case.page}"' in row and "未分级" not in row


def test_only_what_fits_her_stage_and_the_readers_role_is_offered(case, site):
    offered = site.get(case.page, "midwife")
    assert_sound(offered)
    assert "/begin/admission" in offered.text and "/begin/blood" in offered.text
    assert "/begin/caesarean" not in offered.text  # a doctor decides
    assert "/begin/newborn-death" not in offered.text  # no child is born yet
    assert f"{case.page}/begin/" not in site.get(case.page, "county").text

    assert case.begins("caesarean", "midwife", "cs-decision").status_code == 403
    assert case.begins("newborn-death", "midwife", "newborn-died").status_code == 409
    assert site.get(f"{case.page}/begin/nothing", "midwife").status_code == 404
    assert case.begins("admission", "nurse2", "labour-assessment").status_code == 404  # not her township


def test_an_admission_records_the_assessment_and_opens_the_checklist_moment_by_moment(case, site):
    form = site.get(f"{case.page}/begin/admission", "midwife")
    assert_sound(form)

    answer = case.begins("admission", "midwife", "labour-assessment")

    assert answer.status_code == 303 and answer.location.endswith(case.page)
    first = case.tasks()["task_check_admission"]
    assert first.organisation == "org-hospital"
    page = site.get(f"/tasks/{first.id}", "midwife")
    assert_sound(page)
    assert 'data-item="chk_count_before"' in page.text and _hidden(page.text, "chk_count_before")
    assert not _hidden(page.text, "chk_identity")
    assert case.submits("task_check_admission", "midwife", "safety-checklist").status_code == 303
    assert "task_check_before_birth" in case.tasks()
    assert case.begins("admission", "midwife", "labour-assessment").status_code == 303  # the same click again
    assert len([t for t in site.tasks(business_key=case.id) if t.definition_key == "labour"]) == 1


def _hidden(html, name):
    """Whether the field is on the page but not asked."""
    (tag,) = re.findall(rf'<[^>]*data-item="{name}"[^>]*>', html)
    return " hidden" in tag


def test_a_caesarean_runs_its_clock_on_both_pages_warns_at_20_minutes_and_asks_for_a_review(case, site):
    case.begins("caesarean", "doctor", "cs-decision", cs_decision_at="2026-01-05T07:50:00+08:00")
    clocks = case.tasks()
    assert {"task_record_caesarean", "task_call_team"} <= clocks.keys()
    for page in (site.get(case.page, "doctor"), site.get(f"/tasks/{clocks['task_record_caesarean'].id}", "doctor")):
        assert_sound(page)
        assert 'data-since="2026-01-05T07:50:00+08:00"' in page.text
        assert 'data-target="2026-01-05T08:20:00+08:00"' in page.text and "badge--open" in page.text

    case.settle(minutes=12)
    assert case.tasks()["task_warn_ddi"].candidate_roles == ["R-OB-AC"]
    assert "running badge badge--soon" in site.get(case.page, "doctor").text
    case.settle(minutes=10)
    assert "running badge badge--overdue" in site.get(case.page, "doctor").text

    times = {"cs_decision_at": "2026-01-05T07:50:00+08:00", "delivered_at": "2026-01-05T08:21:00+08:00"}
    done = case.submits("task_record_caesarean", "midwife", "cs-times", **times, **{"_confirm": ["ddi_minutes"]})
    assert done.status_code == 303, re.findall("<li>.*?</li>", done.text)
    assert "task_review_ddi" in case.tasks()
    assert "data-running" not in site.get(case.page, "doctor").text


def test_blood_is_asked_for_and_coordinated_by_the_county_at_once(case, site):
    assert case.begins("blood", "doctor", "blood-request").status_code == 303

    task = case.tasks()["task_coordinate_blood"]
    assert (task.organisation, task.due_at - site.clock()) == ("org-mch", timedelta(minutes=10))
    assert case.submits("task_coordinate_blood", "officer", "blood-answer").status_code == 303
    assert "task_receive_blood" in case.tasks()


def test_an_end_is_reported_from_her_page_and_a_message_nobody_waits_for_says_so(case, site):
    answers = {**example("end-report"), "end_code": "lost", "ended_on": "2026-01-05"}
    answer = site.post(f"{case.page}/begin/end", "nurse", idempotency_key="e-1", **as_form(answers))
    assert answer.status_code == 303, answer.text
    with site.services.engine.read() as conn:
        she = reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", case.id)
    assert she.variables["end_code"] == "lost"


def test_a_township_asks_the_hospital_for_a_consultation_and_carries_out_the_opinion(case, site):
    assert case.begins("consultation", "nurse", "consultation-request").status_code == 303
    asked = case.tasks()["task_answer_consultation"]
    assert (asked.organisation, asked.due_at - site.clock()) == ("org-hospital", timedelta(hours=24))

    assert case.submits("task_answer_consultation", "doctor", "consultation-answer").status_code == 303
    assert case.tasks()["task_read_consultation"].organisation == "org-twn-1"
    assert case.submits("task_read_consultation", "nurse", "consultation-read").status_code == 303

    urgent = {"consult_urgency": "emergency"}
    assert case.begins("consultation", "nurse", "consultation-request", key="k-2", **urgent).status_code == 303
    case.settle(minutes=10)
    assert case.tasks()["task_urge_consultation"].candidate_roles == ["R-OB-AC"]


def test_the_responsible_doctor_stands_on_her_page_and_on_every_task_and_can_be_changed(case, site):
    assert "示范产科医师" not in site.get(case.page, "nurse").text

    assert case.begins("responsible", "nurse", "responsible-doctor").status_code == 303

    assert "示范产科医师" in site.get(case.page, "nurse").text
    task = case.tasks()["task_screen"]
    assert "示范产科医师" in site.get(f"/tasks/{task.id}", "nurse").text
    changed = {"responsible_doctor": "新任医师", "responsible_team": "产科二组"}
    assert case.begins("responsible", "doctor", "responsible-doctor", key="k-2", **changed).status_code == 303
    case.begins("blood", "doctor", "blood-request", key="k-3")
    blood = case.tasks()["task_coordinate_blood"]
    assert "新任医师" in site.get(f"/tasks/{blood.id}", "officer").text


def test_events_of_the_case_file_are_listed_on_her_page(case, site):
    assert case.begins("event", "doctor", "case-event").status_code == 303

    page = site.get(case.page, "nurse")
    assert_sound(page)
    assert "登记专案事件" in page.text.split('id="log"')[1]


def test_a_birth_is_booked_from_her_page_and_confirmed_by_the_hospital(case):
    assert case.begins("appointment", "nurse", "appointment-request").status_code == 303
    assert case.tasks()["task_confirm_booking"].organisation == "org-hospital"
    assert case.submits("task_confirm_booking", "midwife", "appointment-answer").status_code == 303


def test_a_hand_over_stays_with_the_sender_until_the_other_township_accepts(case, site):
    assert case.begins("handover", "nurse", "handover-request").status_code == 303
    asked = case.tasks()["task_accept_handover"]
    assert asked.organisation == "org-twn-2"
    assert "筛查阴性，下次产检 16 周" in site.get(f"/tasks/{asked.id}", "nurse2").text
    assert "task_screen" in case.tasks()
    case.settle(days=3)
    assert case.tasks()["task_chase_handover"].organisation == "org-mch"

    assert case.submits("task_accept_handover", "nurse2", "handover-answer").status_code == 303
    case.settle()

    assert case.tasks()["task_confirm_end"].organisation == "org-mch"  # a second person confirms the move
    assert case.tasks()["task_register_moved_in"].organisation == "org-twn-2"


def test_a_rescue_asks_for_the_steps_of_its_cause_alone_and_is_marked_as_to_be_confirmed(case, site):
    assert case.begins("rescue", "doctor", "rescue-start").status_code == 303

    page = site.get(f"/tasks/{case.tasks()['task_record_rescue'].id}", "doctor")

    assert_sound(page)
    assert not _hidden(page.text, "rescue_steps_pph") and _hidden(page.text, "rescue_steps_eclampsia")
    assert "[known]" in page.text
    assert case.submits("task_record_rescue", "doctor", "rescue-record").status_code == 303


def test_health_education_offers_the_topics_of_her_weeks(case, site):
    form = site.get(f"{case.page}/begin/education", "nurse").text

    ticked = re.findall(r'name="education_topics" value="(\w+)"[^>]* checked', form)
    assert ticked == ["risk", "nutrition"]  # nine weeks
    assert case.begins("education", "nurse", "education").status_code == 303
    late = prefill("education", {}, {"edd": "2026-02-10"}, date(2026, 1, 5))
    born = prefill("education", {}, {"edd": "2026-02-10", "delivered_on": "2026-01-04"}, date(2026, 1, 5))
    assert late["education_topics"] == ["danger", "labour", "breastfeeding"]
    assert born["education_topics"] == ["contraception", "newborn", "mood"]


def test_after_the_birth_a_child_is_handed_to_child_health_and_a_placenta_accounted_for(case, site):
    assert case.begins("child-handover", "nurse", "child-handover").status_code == 409
    born = {"delivered_on": "2026-01-05", "fetuses": [{"order": 1, "outcome": "live_birth"}]}
    for element, form in (("task_screen", "risk-screening"),):
        assert case.submits(element, "nurse", form).status_code == 303
    site.services.engine.execute(PublishMessage(name="message_delivered", key=case.id, payload=born), by=INSTALLER)
    case.settle()

    assert case.begins("child-handover", "nurse", "child-handover").status_code == 303
    assert case.tasks()["task_receive_child"].organisation == "org-twn-1"
    assert case.begins("disposition", "midwife", "disposition", key="k-2").status_code == 303
    assert "处置登记" in site.get(case.page, "midwife").text.split('id="log"')[1]
