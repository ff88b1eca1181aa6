"""A consultation (M-09, M-10) between two installations: the question goes to the other hospital, its opinion comes
back as a document, once."""

from __future__ import annotations

import json

import pytest

from engine.store import reads
from fhir_adapters.store import referrals as rows
from runtime.trials.referral_loop import RECEIVING
from tests.fhir.referral_kit import put
from tests.fhir.two_sides import settle, withdraws

QUESTION = "是否需要终止妊娠"
OPINION = {
    "consult_answered_at": "2026-01-05T07:56:00+08:00",
    "consult_way": "video",
    "consult_opinion": "继续妊娠，降压治疗",
    "consult_reassess": True,
}


def asks(side):
    answers = {
        "consult_requested_at": "2026-01-05T07:50:00+08:00",
        "consult_kind": "centre",
        "consult_urgency": "emergency",
        "consult_departments": ["obstetrics", "cardiology"],
        "consulted_org": side.name_of_them(),
        "consult_question": QUESTION,
    }
    return side.begins("consultation", "consultation-request", **answers)


def variables(side, number):
    with side.services.engine.read() as conn:
        instance_id = rows.instance_of(conn, side.hospital.region_id, number)
        return reads.instance(conn, side.hospital.region_id, instance_id).variables


def answers_of(side, number):
    """What the form that asked holds on this side."""
    found = side.hospital.search("/QuestionnaireResponse?_count=500", "his-demo")
    said = [json.dumps(one, ensure_ascii=False) for one in found]
    return [one for one in said if QUESTION in one and "cardiology" in one]


def test_the_question_goes_there_and_the_opinion_comes_back_as_a_document(sides):
    a, b = sides
    number, _ = asks(a)
    settle(a, b)

    assert b.waiting(number) == {"task_answer_consultation": "org-hospital"} and answers_of(b, number)
    assert variables(b, number)["consult_urgency"] == "emergency"
    b.fill(number, "task_answer_consultation", **OPINION)
    settle(b)

    assert [step for step, _ in a.steps(number)] == ["requested", "received", "returned"]
    assert a.steps(number) == b.steps(number) and a.steps(number)[-1][1] == "07:56"
    papers, theirs = ({kind: body for kind, body, _ in side.papers(number)} for side in (a, b))
    assert papers == theirs and papers.keys() == {"referral", "opinion"}
    opinion = json.loads(papers["opinion"])["entry"][0]["resource"]
    assert opinion["title"] == "会诊意见" and "继续妊娠，降压治疗" in opinion["section"][0]["text"]["div"]
    assert a.waiting(number) == {"task_read_consultation": "org-hospital"} and b.waiting(number) == {}
    assert a.count(number) == b.count(number) == (1, 1, 1)


def test_an_emergency_that_nobody_answers_is_urged_on_both_sides_and_ends_with_the_answer(sides):
    a, b = sides
    number, _ = asks(a)
    settle(a, b)

    for side in sides:
        side.passes(minutes=10)
    assert a.waiting(number)["task_urge_consultation"] == "org-hospital"  # nobody of the other hospital works here
    assert b.waiting(number)["task_urge_consultation"] == "org-hospital"
    b.fill(number, "task_answer_consultation", **{**OPINION, "consult_answered_at": "2026-01-05T08:12:00+08:00"})

    settle(b)
    assert b.waiting(number) == {} and "task_read_consultation" in a.waiting(number)


REFUSES = {
    **dict.fromkeys(("consult_way", "consult_arrived_at", "consult_opinion", "consult_plan", "consult_reassess")),
    "consult_answered_at": "2026-01-05T07:57:00+08:00",
    "consult_accepted": False,
    "consult_refused": "今日无心内科医师",
    "doctor_title": None,
}


def test_who_cannot_come_says_why_and_the_asking_side_asks_elsewhere(sides):
    a, b = sides
    number, _ = asks(a)
    settle(a, b)

    b.fill(number, "task_answer_consultation", **REFUSES)
    settle(b)

    assert a.steps(number) == b.steps(number) and a.steps(number)[-1][0] == "refused"
    assert [task_of(side, number)["status"] for side in sides] == ["rejected", "rejected"]
    assert task_of(a, number)["statusReason"] == {"text": "今日无心内科医师"}
    assert a.waiting(number) == {"task_ask_elsewhere": "org-hospital"} and b.waiting(number) == {}
    assert request_of(a, number)["status"] == "revoked"
    assert [kind for kind, *_ in a.papers(number)] == ["referral"]  # there is no opinion


def test_another_system_refuses_with_its_reason_alone_and_never_without_one(sides):
    a, b = sides
    number, _ = asks(a)
    settle(a, b)
    moved = {"status": "rejected", "lastModified": "2026-01-05T07:58:00+08:00"}

    without = put(a.hospital, f"{a.them}-his", task_of(a, number), **moved)
    said = put(a.hospital, f"{a.them}-his", task_of(a, number), **moved, statusReason={"text": "无此专科"})

    assert (without.status_code, said.status_code) == (422, 200), said.text
    assert a.steps(number)[-1] == ("refused", "07:58") and a.waiting(number) == {"task_ask_elsewhere": "org-hospital"}


def test_who_asked_withdraws_and_nobody_waits_any_more(sides):
    a, b = sides
    number, _ = asks(a)
    settle(a, b)

    withdraws(a, number, "已由本院处理")
    settle(a)

    assert a.steps(number) == b.steps(number) and b.steps(number)[-1][0] == "withdrawn"
    assert a.waiting(number) == b.waiting(number) == {}
    assert [task_of(side, number)["status"] for side in sides] == ["cancelled", "cancelled"]
    assert [request_of(side, number)["status"] for side in sides] == ["revoked", "revoked"]


def test_a_withdrawal_before_the_question_has_gone_out_ends_it_there_too(sides):
    a, b = sides
    number, _ = asks(a)
    withdraws(a, number)
    settle(a, b)

    assert a.steps(number) == b.steps(number) and b.waiting(number) == {}


def test_an_opinion_that_crosses_the_withdrawal_keeps_its_time_on_both_sides(sides):
    a, b = sides
    number, _ = asks(a)
    settle(a, b)

    b.fill(number, "task_answer_consultation", **OPINION)
    withdraws(a, number)
    settle(a, b)

    assert sorted(a.steps(number)) == sorted(b.steps(number))
    assert [task_of(side, number)["status"] for side in sides] == ["cancelled", "completed"]
    assert a.waiting(number) == b.waiting(number) == {}


@pytest.mark.parametrize("point", RECEIVING)
def test_a_refusal_or_a_withdrawal_is_heard_once_by_who_dies_while_it_is_told(sides, point):
    a, b = sides
    refused, _ = asks(a)
    withdrawn, _ = asks(a)
    settle(a, b)

    withdraws(a, withdrawn)
    dies_while_told(a, b, point)
    b.fill(refused, "task_answer_consultation", **REFUSES)
    dies_while_told(b, a, point)

    for number, ended in ((refused, "refused"), (withdrawn, "withdrawn")):
        assert a.steps(number) == b.steps(number) and [s for s, _ in a.steps(number)].count(ended) == 1
        assert b.waiting(number) == {} and a.count(number) == b.count(number) == (1, 1, 1)
    assert a.waiting(refused) == {"task_ask_elsewhere": "org-hospital"} and a.waiting(withdrawn) == {}


def dies_while_told(teller, other, point):
    """The other side's web process ends there, comes back, and is told again."""
    other.serve(point)
    assert teller.tells() == 1 and other.process.wait(timeout=240) == 42
    other.serve()
    teller.passes(seconds=5)
    settle(teller, other)


def task_of(side, number):
    system = "https://fhir.example.org/mch/sid/task"
    (found,) = side.hospital.search(f"/Task?identifier={system}|{number}-1", f"{side.them}-his")
    return found


def request_of(side, number):
    system = "https://fhir.example.org/mch/sid/referral-no"
    (found,) = side.hospital.search(f"/ServiceRequest?requisition={system}|{number}", f"{side.them}-his")
    return found


def test_a_consultation_within_one_hospital_is_no_step_of_any_loop(sides):
    a, _ = sides
    before = recent(a)
    woman = a.hospital.brings_in(number=a.document(), day="2025-10-20")
    a.does("consultation", "consultation-request", woman, consulted_org=None, consult_question=QUESTION)

    assert recent(a) == before


def recent(side):
    with side.hospital.pool.connection() as conn:
        return {one["referral_no"] for one in rows.recent(conn, side.hospital.region_id, ["org-hospital"])}
