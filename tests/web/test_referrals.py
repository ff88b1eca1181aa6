"""Referrals on pages: a hospital that has only these pages takes every step of its own; both read the same page."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.web.conftest import csrf_of, example
from tests.web.markup import assert_sound
from tests.web.test_occasions import Case
from tests.web.test_task_page import as_form
from workflows.people import Organisation

OTHER, HIGHER = "org-web", "示范市人民医院"


@pytest.fixture
def other(site):
    """A hospital without any system, and its doctor."""
    people = site.services.people
    people.put_organisation(Organisation(id=OTHER, kind="hospital", name="邻县人民医院", parent_id="org-county-health"))
    people.add_account(
        login="guest", name="邻县医师", organisation_id=OTHER, roles=["R-OB"], password="a long enough one", by="test"
    )
    client = site.app.test_client()
    form = {"login": "guest", "password": "a long enough one", "csrf": csrf_of(client.get("/sign-in"))}
    assert client.post("/sign-in", data=form).status_code == 303
    site._clients["guest"] = client
    return "guest"


@pytest.fixture
def sent(site, other):
    """The doctor of the county's hospital asks the other one; answers the page."""
    case = Case(site)
    asked = case.begins("referral", "doctor", "transfer-request", receiving_centre="邻县人民医院", transportable=True)
    assert asked.status_code == 303, asked.text
    (task,) = site.tasks(element_id="task_answer_transfer")
    assert task.organisation == OTHER
    listed = site.get("/referrals", "doctor")
    assert_sound(listed)
    number = listed.text.split('href="/referrals/')[1].split('"')[0]
    return case, f"/referrals/{number}"


def test_both_sides_read_what_the_other_has_done(site, other, sent):
    case, page = sent

    case.submits("task_answer_transfer", other, "transfer-answer", answered_at="2026-01-05T08:04:00+08:00")

    for who in ("doctor", other):
        shown = site.get(page, who)
        assert_sound(shown)
        assert "同意接收" in shown.text and "邻县医师" in shown.text and "本系统内" in shown.text, who
    assert page in site.get("/referrals", other).text


def test_whoever_answers_reads_what_is_asked_on_the_same_page_and_each_later_step_what_was_answered(site, other, sent):
    case, _ = sent

    shown = site.get(f"/tasks/{case.tasks()['task_answer_transfer'].id}", other)
    assert_sound(shown)
    asked = shown.text[shown.text.index('class="card asked"') : shown.text.index('<form class="form')]
    assert "填写转诊单" in asked and "急诊" in asked and "血压 168/112，头痛" in asked and "168 mmHg" in asked
    case.submits("task_answer_transfer", other, "transfer-answer", answered_at="2026-01-05T08:04:00+08:00")
    leaving = site.get(f"/tasks/{case.tasks()['task_depart'].id}", "doctor").text
    assert leaving.count('class="card asked"') == 2 and "邻县医师" in leaving

    assert 'class="card asked"' not in site.get(f"/tasks/{case.tasks()['task_screen'].id}", "nurse").text


def test_an_emergency_that_a_visit_found_stands_among_the_referrals_of_both_sides_until_it_is_done(site):
    visit = site.task("task_first_visit")
    found = {**as_form(example("anc-first")), "sbp": "172", "dbp": "115", "overall": "normal"}
    confirmed = ["overall", "sbp", "dbp", "urine_protein"]
    assert "还没有转诊" in site.get("/referrals", "nurse").text
    assert site.post(f"/tasks/{visit.id}", "nurse", _confirm=confirmed, **found).status_code == 303

    (asks,) = site.tasks(element_id="task_request_transfer")
    assert f"/tasks/{asks.id}" in site.get("/referrals", "nurse").text
    sent = site.post(f"/tasks/{asks.id}", "nurse", idempotency_key="t-1", **as_form(example("transfer-request")))
    assert sent.status_code == 303
    (answers,) = site.tasks(element_id="task_answer_transfer")
    for who in ("nurse", "doctor"):
        listed = site.get("/referrals", who)
        assert_sound(listed)
        assert f"/tasks/{answers.id}" in listed.text and "还没有转诊" not in listed.text, who
    assert str(answers.id) not in site.get("/referrals", "nurse2").text
    assert "血压 168/112，头痛" in site.get(f"/tasks/{answers.id}", "doctor").text


def test_a_step_without_a_form_asks_in_words_what_was_done_and_keeps_it(site, other, sent):
    case, _ = sent
    case.settle(minutes=11)
    (task,) = site.tasks(element_id="task_find_centre")
    page = f"/tasks/{task.id}"
    asked = site.get(page, "officer")
    assert_sound(asked)
    assert "办理情况" in asked.text and "JSON" not in asked.text and "血压 168/112" in asked.text

    written = {"done_note": "08:15 已联系市人民医院，有床", "idempotency_key": "f-1"}
    for _again in range(2):  # pressed twice
        assert site.post(page, "officer", **written).status_code == 303
    over = site.get(page, "officer").text
    assert over.count("08:15 已联系市人民医院，有床") == 1 and site.stored(task.id).completed_by == "officer"
    late = site.post(page, "officer", done_note="晚到的话", idempotency_key="f-2")
    assert late.status_code == 409 and "晚到的话" in late.text


def test_the_document_is_read_by_both_sides_and_by_nobody_else(site, other, sent):
    _, page = sent

    assert f'href="{page}/documents/requested"' in site.get(page, other).text
    for who in ("doctor", other):
        paper = site.get(f"{page}/documents/requested", who)
        assert paper.status_code == 200 and "孕产妇转诊单" in paper.text and "高危孕产妇转诊" in paper.text, who
        assert paper.headers["Content-Security-Policy"].startswith("sandbox")  # what it holds may be another system's
    assert site.get(f"{page}/documents/requested", "nurse2").status_code == 404
    assert site.get(f"{page}/documents/returned", other).status_code == 404  # nobody has said yet how it went
    assert site.get(f"{page}/documents/{uuid4()}", other).status_code == 404


def test_every_look_at_a_document_leaves_its_row_in_the_trail(site, other, sent):
    _, page = sent
    subject = f"{page.removeprefix('/referrals/')}/requested"
    before = len(site.services.people.audit_rows(subject_id=subject))

    site.get(f"{page}/documents/requested", other)

    rows = site.services.people.audit_rows(subject_id=subject)
    assert len(rows) == before + 1 and rows[-1]["actor_id"] == other and rows[-1]["action"] == "read"


def test_it_is_not_there_for_who_has_no_part_in_it(site, sent):
    _, page = sent

    assert site.get(page, "nurse2").status_code == 404 and page not in site.get("/referrals", "nurse2").text


def test_the_sender_withdraws_with_a_reason_and_the_other_side_sees_it(site, other, sent):
    _, page = sent

    assert site.post(f"{page}/withdrawn", other, reason="不收").status_code == 403
    assert site.post(f"{page}/withdrawn", "doctor", reason=" ").status_code == 422
    assert site.post(f"{page}/withdrawn", "doctor", reason="改在本院处理").status_code == 303

    assert "已撤回" in site.get(page, other).text and site.tasks(element_id="task_answer_transfer") == []
    assert site.post(f"{page}/withdrawn", "doctor", reason="再来").status_code == 409


def test_the_receiver_writes_down_an_arrival_nobody_announced_or_that_she_did_not_come(site, other, sent):
    case, page = sent
    case.submits("task_answer_transfer", other, "transfer-answer")

    assert "她已到达" in site.get(page, other).text and "她已到达" not in site.get(page, "doctor").text
    assert site.post(f"{page}/no-show", "doctor", reason="未到").status_code == 403
    assert site.post(f"{page}/no-show", other, reason="未到").status_code == 303

    (task,) = site.tasks(element_id="task_trace_no_show")
    assert task.organisation == "org-hospital"
    assert site.post(f"{page}/arrived", other).status_code == 409


def test_an_arrival_without_a_departure_goes_on(site, other, sent):
    case, page = sent
    case.submits("task_answer_transfer", other, "transfer-answer")

    assert site.post(f"{page}/arrived", other).status_code == 303

    assert case.submits("task_arrive", other, "transfer-arrival").status_code == 303
    assert "到达交接" in site.get(page, "doctor").text


def test_who_received_her_refers_her_on_once_and_the_first_sender_reads_it(site, other, sent):
    case, page = sent
    case.submits("task_answer_transfer", other, "transfer-answer")
    site.services.people.put_organisation(Organisation(id="org-higher", kind="hospital", name=HIGHER))
    too_early = site.post(f"{page}/onward", other, centre=HIGHER, reason="需上级")
    assert too_early.status_code == 409
    site.post(f"{page}/arrived", other)
    case.submits("task_arrive", other, "transfer-arrival")

    assert "续转上级" in site.get(page, other).text and "续转上级" not in site.get(page, "doctor").text
    assert site.post(f"{page}/onward", "doctor", centre="某院", reason="需上级").status_code == 403
    nowhere = site.post(f"{page}/onward", other, centre="没有这家", reason="需上级<重>")
    assert_sound(nowhere)
    assert nowhere.status_code == 422 and "error-summary" in nowhere.text
    assert 'value="没有这家"' in nowhere.text and 'value="需上级&lt;重&gt;"' in nowhere.text  # nothing is typed twice
    followed = site.post(f"{page}/onward", other, centre=HIGHER, reason="需上级救治")

    assert followed.status_code == 303 and "接续转诊" in site.get(followed.location, other).text
    shown = site.get(page, "doctor")
    assert_sound(shown)
    assert "已续转上级" in shown.text and HIGHER in shown.text
    again = site.post(f"{page}/onward", other, centre=HIGHER, reason="再来一次")
    assert again.status_code == 409 and "再来一次" in again.text


@pytest.mark.parametrize(
    ("occasion", "form", "named", "answers_at"),
    [
        ("handover", "handover-request", "handover_org", "task_accept_handover"),
        ("consultation", "consultation-request", "consulted_org", "task_answer_consultation"),
    ],
)
def test_who_asked_takes_a_hand_over_or_a_consultation_back_until_it_is_answered(
    site, other, occasion, form, named, answers_at
):
    case = Case(site)
    assert case.begins(occasion, "doctor", form, **{named: "邻县人民医院"}).status_code == 303
    page = "/referrals/" + site.get("/referrals", "doctor").text.split('href="/referrals/')[1].split('"')[0]
    assert site.tasks(element_id=answers_at)

    assert "撤回" in site.get(page, "doctor").text and "撤回" not in site.get(page, other).text
    assert site.post(f"{page}/no-show", other, reason="未到").status_code == 404  # nobody comes
    assert site.post(f"{page}/withdrawn", other, reason="不收").status_code == 403
    assert site.post(f"{page}/withdrawn", "doctor", reason="家属改变主意").status_code == 303

    shown = site.get(page, other)
    assert_sound(shown)
    assert "已撤回" in shown.text and site.tasks(element_id=answers_at) == []
    assert site.post(f"{page}/withdrawn", "doctor", reason="再来").status_code == 409


def test_a_consultation_that_is_refused_on_the_page_says_why_and_another_is_asked(site, other):
    case = Case(site)
    case.begins("consultation", "doctor", "consultation-request", consulted_org="邻县人民医院")
    page = "/referrals/" + site.get("/referrals", "doctor").text.split('href="/referrals/')[1].split('"')[0]
    unsaid = ("consult_way", "consult_arrived_at", "consult_opinion", "consult_plan", "consult_reassess")
    refuses = {**dict.fromkeys((*unsaid, "doctor_title")), "consult_accepted": False}

    without = case.submits("task_answer_consultation", other, "consultation-answer", **refuses)
    assert without.status_code == 422
    said = case.submits("task_answer_consultation", other, "consultation-answer", **refuses, consult_refused="无此专科")

    assert said.status_code == 303 and "不接收" in site.get(page, "doctor").text
    (task,) = site.tasks(element_id="task_ask_elsewhere")
    assert task.organisation == "org-hospital"
