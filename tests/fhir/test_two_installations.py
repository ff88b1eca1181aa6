"""Two installations send a woman to each other over FHIR: each its own database and web process; either may die at any
point, and both come to say the same, with every time as its own side said it."""

from __future__ import annotations

import base64
import json

import pytest

from engine.commands.contracts import PublishMessage
from engine.store import reads
from fhir_adapters.documents import travelling
from fhir_adapters.store import referrals as rows
from runtime.trials.referral_loop import RECEIVING, SENDING
from tests.fhir.fhir_kit import ID_CARD
from tests.fhir.two_sides import DOCTOR, settle

TYPE = "DocumentReference"


def test_the_whole_loop_leaves_both_sides_with_every_time_of_both(sides):
    a, b = sides
    number, document = a.sends()

    settle(a, b)
    b.fill(number, "task_answer_transfer", answered_at="2026-01-05T07:52:00+08:00", bed="3-12")
    settle(b)
    a.fill(number, "task_depart", departed_at="2026-01-05T07:55:00+08:00")
    settle(a)
    b.fill(number, "task_arrive", arrived_at="2026-01-05T07:58:00+08:00", handed_over_at="2026-01-05T07:59:00+08:00")
    b.fill(number, "task_transfer_result")
    settle(b)

    steps = ["requested", "received", "accepted", "departed", "arrived", "returned"]
    assert [step for step, _ in a.steps(number)] == steps and a.steps(number) == b.steps(number)
    assert [at for _, at in a.steps(number)][2:5] == ["07:52", "07:55", "07:58"]
    assert a.count(number) == b.count(number) == (1, 1, 1)
    (woman,) = b.hospital.search(f"/Patient?identifier={ID_CARD}|{document}")
    assert woman["name"][0]["text"] == "测试甲子"


def test_the_documents_travel_with_their_steps_and_are_the_same_on_both_sides(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)
    b.fill(number, "task_answer_transfer")
    a_leaves_and_b_returns(a, b, number)

    sent, came = a.papers(number), b.papers(number)
    assert [kind for kind, _, _ in sent] == ["referral", "reply"]
    assert [paper[:2] for paper in sent] == [paper[:2] for paper in came]
    assert [origin for *_, origin in sent] == [None, a.them] and [origin for *_, origin in came] == [b.them, None]
    made = json.loads(came[0][1])
    said = " ".join(one["text"]["div"] for one in made["entry"][0]["resource"]["section"])
    assert "高危孕产妇转诊" in said and "末次月经" in said
    reply = json.loads(sent[1][1])["entry"][0]["resource"]["section"][0]["text"]["div"]
    assert "处理经过 硫酸镁、降压" in reply and "stays" not in reply  # what was chosen, in words
    for side, where in ((a, "output"), (b, "input")):
        named = [one["valueReference"] for one in task_of(side, number)[where] if "valueReference" in one]
        found = side.hospital.search(f"/{TYPE}?patient={task_of(side, number)['for']['reference']}", f"{side.them}-his")
        assert len(named) == 1 and named[0]["reference"] in {f"{TYPE}/{one['id']}" for one in found}


def a_leaves_and_b_returns(a, b, number):
    settle(b)
    a.fill(number, "task_depart")
    settle(a)
    b.fill(number, "task_arrive")
    b.fill(number, "task_transfer_result")
    settle(b)


@pytest.mark.parametrize(
    ("spoilt", "place"),
    [
        ({"data": "!"}, "value.data"),
        ({"hash": "AAAA"}, "value.data"),
        ({"data": base64.b64encode(b'{"resourceType": "Bundle"}').decode()}, "value.data"),
    ],
)
def test_a_document_that_is_none_is_refused_with_its_place_and_nothing_is_kept(sides, spoilt, place):
    a, b = sides
    number, _ = a.sends()
    whole = travelling.attached
    travelling.attached = lambda *args: {
        **(made := whole(*args)),
        "valueAttachment": {**made["valueAttachment"], "hash": None, **spoilt},
    }
    try:
        settle(a)
    finally:
        travelling.attached = whole

    state, problem = a.state(number, "requested")
    assert state == "refused" and "422" in problem and b.steps(number) == [] and b.papers(number) == []


def test_a_refusal_reaches_the_sender_with_its_reason(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)

    b.fill(number, "task_answer_transfer", answer="refuse", answer_reason="无床位")
    settle(b)

    assert a.steps(number) == b.steps(number) and a.steps(number)[-1][0] == "refused"


def test_a_withdrawal_ends_it_on_the_other_side_too(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)

    withdraw(a, number, "withdrawn", "家属改变主意")
    settle(a)

    assert a.steps(number) == b.steps(number) and b.steps(number)[-1][0] == "withdrawn"
    (request,) = b.hospital.search(f"/ServiceRequest?requisition=https://fhir.example.org/mch/sid/referral-no|{number}")
    assert request["status"] == "revoked"


def withdraw(side, number, ended_as, reason):
    payload = {"ended_as": ended_as, "ended_reason": reason, "ended_at": side.services.clock().isoformat()}
    side.services.engine.execute(PublishMessage(name="message_referral_ended", key=number, payload=payload), by=DOCTOR)


def test_a_withdrawal_and_an_acceptance_at_once_end_as_withdrawn_on_both_sides(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)

    withdraw(a, number, "withdrawn", "不转了")
    b.fill(number, "task_answer_transfer")
    settle(a, b)

    ends = [find["status"] for find in (task_of(a, number), task_of(b, number))]
    assert ends == ["cancelled", "cancelled"] and b.state(number, "accepted")[0] == "refused"
    assert sorted(a.steps(number)) == sorted(b.steps(number))  # when it was accepted stands on both sides all the same


def task_of(side, number):
    (found,) = side.hospital.search(
        f"/Task?identifier=https://fhir.example.org/mch/sid/task|{number}-1", f"{side.them}-his"
    )
    return found


def test_who_did_not_come_is_traced_where_she_was_sent_from(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)
    b.fill(number, "task_answer_transfer")

    withdraw(b, number, "no-show", "未到")
    settle(b)

    assert a.steps(number) == b.steps(number) and task_of(a, number)["status"] == "failed"
    with a.services.engine.read() as conn:
        instance_id = rows.instance_of(conn, a.hospital.region_id, number)
        waiting = reads.user_tasks(conn, a.hospital.region_id, instance_id=instance_id).items
    assert [task.element_id for task in waiting] == ["task_trace_no_show"]


def test_while_the_other_side_is_away_everything_waits_in_order(sides):
    a, b = sides
    b.stop()
    number, _ = a.sends()
    assert a.tells() == 1 and a.state(number, "requested")[0] == "waiting"
    withdraw(a, number, "withdrawn", "改在本院处理")
    assert a.tells() == 0  # the first rests, the second waits for it

    b.serve()
    a.passes(seconds=5)
    settle(a, b)

    assert [step for step, _ in b.steps(number)] == ["requested", "received", "withdrawn"]
    assert {step for step, _ in a.steps(number)} == {"requested", "received", "withdrawn"}


@pytest.mark.parametrize("point", SENDING)
def test_a_sender_that_dies_on_the_way_sends_one_referral(sides, point):
    a, b = sides
    number, _ = a.sends()

    assert a.tells_and_dies(point) == 42
    settle(a, b)

    assert a.count(number) == b.count(number) == (1, 1, 1) and a.steps(number) == b.steps(number)
    assert [one[:2] for one in a.papers(number)] == [one[:2] for one in b.papers(number)] and len(a.papers(number)) == 1


@pytest.mark.parametrize("point", RECEIVING)
def test_a_receiver_that_dies_on_the_way_has_one_referral(sides, point):
    a, b = sides
    number, _ = a.sends()
    b.serve(point)

    assert a.tells() == 1 and a.state(number, "requested")[0] == "waiting"
    assert b.process.wait(timeout=240) == 42
    b.serve()
    a.passes(seconds=5)
    settle(a, b)

    assert a.count(number) == b.count(number) == (1, 1, 1) and a.steps(number) == b.steps(number)
    assert len(a.papers(number)) == len(b.papers(number)) == 1
