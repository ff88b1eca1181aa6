"""M-02 between two installations: a woman moves, her case stays with the sender until the receiver accepts, and she has
a case there from that moment; asked and answered once, wherever either side dies."""

from __future__ import annotations

import json

from engine.store import reads
from fhir_adapters.facts import read_facts
from fhir_adapters.store import referrals as rows
from fhir_adapters.store import resources
from fhir_adapters.terminology import CONFIDENTIALITY
from runtime.trials.referral_loop import RECEIVING, SENDING
from tests.fhir.fhir_kit import observation
from tests.fhir.two_sides import OFFICER, settle, withdraws
from workflows import completion

ASKED = {"handover_at": "2026-01-05T07:40:00+08:00", "handover_reason": "moved", "handover_colour": "yellow"}
SAID = "孕 11 周，血压偏高，产检 16 周到期"
ACCEPTS = {"handover_answered_at": "2026-01-05T07:55:00+08:00", "handover_accepted": True}
REFUSES = {
    "handover_answered_at": "2026-01-05T07:55:00+08:00",
    "handover_accepted": False,
    "first_visit_on": None,
    "handover_refused": "查无此址",
}


def hands_over(side):
    """A doctor hands her over to the other side; the hand-over's number and her document."""
    answers = {**ASKED, "handover_summary": SAID, "handover_org": side.name_of_them()}
    return side.begins("handover", "handover-request", **answers)


def task_of(side, number):
    system = "https://fhir.example.org/mch/sid/task"
    (found,) = side.hospital.search(f"/Task?identifier={system}|{number}-1", f"{side.them}-his")
    return found


def test_she_has_a_case_where_she_is_accepted_and_only_then_is_the_sender_asked_to_close_hers(sides):
    a, b = sides
    number, document = hands_over(a)
    settle(a, b)

    assert b.waiting(number) == {"task_accept_handover": "org-hospital"} and b.case_of(document) is None
    assert a.case_of(document).variables.get("end_code") is None

    b.fill(number, "task_accept_handover", **ACCEPTS)
    accepted = b.case_of(document)
    assert accepted.status == "active" and accepted.variables["lmp"] == a.case_of(document).variables["lmp"]
    assert accepted.variables["hospital_organisation"] == "org-hospital"
    assert not open_in_case(a, document, "task_confirm_end")  # the acceptance is not heard of yet

    settle(b)
    assert open_in_case(a, document, "task_confirm_end")
    confirms(a, document)
    assert a.case_of(document).variables["end_code"] == "moved.out" and open_in_case(a, document, "task_close_case")

    b.fill(number, "task_register_moved_in", contacted_on="2026-01-05")
    settle(b)
    steps = ["requested", "received", "accepted", "returned"]
    assert b.state(number, "returned") == ("sent", None)
    assert [step for step, _ in a.steps(number)] == steps and a.steps(number) == b.steps(number)
    assert a.steps(number)[2] == ("accepted", "07:55") and task_of(a, number)["status"] == "completed"
    assert a.waiting(number) == b.waiting(number) == {} and a.count(number) == b.count(number) == (1, 1, 1)


def open_in_case(side, document, element):
    key = {"business_key": side.case_of(document).business_key, "element_id": element}
    with side.services.engine.read() as conn:
        return reads.user_tasks(conn, side.hospital.region_id, **key).items


def confirms(side, document):
    """A second person at the county says that she has moved."""
    (task,) = open_in_case(side, document, "task_confirm_end")
    completion.complete(side.services, task.id, by=OFFICER, variables={"confirmed": True})


def test_what_is_known_of_her_goes_with_the_hand_over_and_is_the_same_on_both_sides(sides):
    a, b = sides
    number, _ = hands_over(a)
    settle(a)

    ((kind, sent, _),), (came,) = a.papers(number), b.papers(number)
    assert kind == "transfer" and came == ("transfer", sent, b.them)
    made = json.loads(sent)
    composition = made["entry"][0]["resource"]
    said = " ".join(one["text"]["div"] for one in composition["section"])
    assert composition["type"]["coding"][0]["code"] == "34133-9" and "末次月经" in said
    with b.services.engine.read() as conn:
        found = reads.instance(conn, b.hospital.region_id, rows.instance_of(conn, b.hospital.region_id, number))
    assert found.variables["handover_summary"] == SAID and found.variables["transfer_document"]


KNOWN = {"11977-6": 2, "11996-6": 3}  # parity, pregnancies


def test_what_the_senders_case_knew_is_known_in_her_new_case_as_the_senders(sides):
    a, b = sides
    document = a.document()
    woman = a.hospital.brings_in(number=document, day="2025-10-20")
    for code, value in KNOWN.items():
        assert a.hospital.post("/Observation", observation(code, woman.subject, valueInteger=value)).status_code == 201
    restricted = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}
    secret = {**observation("718-7", woman.subject, valueQuantity=G_PER_L), "meta": restricted}
    assert a.hospital.post("/Observation", secret).status_code == 201
    a.does("handover", "handover-request", woman, **ASKED, handover_summary=SAID, handover_org=a.name_of_them())
    number = newest(a, woman.patient_id)
    settle(a, b)
    assert known_of(b, document) == {}  # nobody has accepted her

    b.fill(number, "task_accept_handover", **ACCEPTS)

    facts = known_of(b, document)
    assert (facts["parity"].value, facts["gravidity"].value) == (2, 3) and "hb" not in facts
    assert facts["parity"].at == known_of(a, document)["parity"].at  # when it was observed, not when it came
    for name in ("parity", "gravidity"):
        assert owner_of(b, facts[name].source) == f"client:{b.them}-his"


G_PER_L = {"value": 105, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}


def newest(side, patient_id):
    with side.hospital.pool.connection() as conn:
        found = rows.recent(conn, side.hospital.region_id, ["org-hospital"])
    return next(one["referral_no"] for one in found if one["patient_id"] == patient_id)


def known_of(side, document):
    """What her case knows, by name."""
    case = side.case_of(document)
    with side.services.engine.read() as conn:
        return read_facts(conn, side.hospital.region_id, case.business_key) if case else {}


def owner_of(side, reference):
    type_, _, id_ = reference.partition("/")
    with side.services.engine.read() as conn:
        return resources.current(conn, side.hospital.region_id, type_, id_).source


def test_a_refusal_comes_back_with_its_reason_and_she_stays(sides):
    a, b = sides
    number, document = hands_over(a)
    settle(a, b)

    b.fill(number, "task_accept_handover", **REFUSES)
    settle(b)

    assert a.steps(number) == b.steps(number) and a.steps(number)[-1][0] == "refused"
    assert task_of(a, number)["statusReason"] == {"text": "查无此址"}
    assert a.waiting(number) == {"task_keep_moving_woman": "org-hospital"} and b.waiting(number) == {}
    assert a.case_of(document).status == "active" and b.case_of(document) is None


def test_no_answer_in_three_days_is_the_senders_county_officers_work(sides):
    a, b = sides
    number, _ = hands_over(a)
    settle(a, b)

    a.passes(days=3)

    assert a.waiting(number) == {"task_accept_handover": a.them, "task_chase_handover": "org-mch"}


def test_whoever_dies_on_the_way_again_and_again_hands_her_over_and_answers_once(sides):
    a, b = sides
    number, document = hands_over(a)

    assert [a.tells_and_dies(point) for point in SENDING] == [42] * len(SENDING)
    settle(a, b)
    b.fill(number, "task_accept_handover", **ACCEPTS)
    assert [b.tells_and_dies(point) for point in SENDING[1:3]] == [42, 42]
    settle(a, b)

    assert_once(a, b, number, document)


def test_whoever_dies_while_it_is_told_has_heard_it_once(sides):
    a, b = sides
    number, document = hands_over(a)
    b.serve(RECEIVING[0])
    assert a.tells() == 1 and b.process.wait(timeout=240) == 42
    b.serve()
    a.passes(seconds=5)
    settle(a, b)
    b.fill(number, "task_accept_handover", **ACCEPTS)
    a.serve(RECEIVING[1])

    assert b.tells() == 1 and a.process.wait(timeout=240) == 42
    a.serve()
    b.passes(seconds=5)
    settle(a, b)

    assert_once(a, b, number, document)


def assert_once(a, b, number, document):
    """One hand-over, Task, request and document on each side; one case there, one question to close it here."""
    assert a.count(number) == b.count(number) == (1, 1, 1) and a.steps(number) == b.steps(number)
    assert [one[:2] for one in a.papers(number)] == [one[:2] for one in b.papers(number)] and len(a.papers(number)) == 1
    assert len(open_in_case(a, document, "task_confirm_end")) == 1 and b.case_of(document).status == "active"


def test_a_step_that_a_hand_over_does_not_have_is_refused_with_its_place(sides):
    a, b = sides
    number, _ = hands_over(a)
    settle(a, b)
    task = task_of(a, number)

    etag = f'W/"{task["meta"]["versionId"]}"'
    moved = {**task, "status": "in-progress"}
    answer = a.hospital.put(f"/Task/{task['id']}", moved, f"{a.them}-his", If_Match=etag)

    assert answer.status_code == 422 and answer.json["issue"][0]["expression"] == ["Task.status"]
    assert "rejected" in answer.json["issue"][0]["diagnostics"] and len(a.steps(number)) == 2


def test_the_sender_withdraws_before_an_answer_and_nobody_waits_any_more(sides):
    a, b = sides
    number, document = hands_over(a)
    settle(a, b)

    withdraws(a, number)
    settle(a)

    assert a.steps(number) == b.steps(number) and b.steps(number)[-1][0] == "withdrawn"
    assert a.waiting(number) == b.waiting(number) == {} and b.case_of(document) is None
    assert a.case_of(document).status == "active" and not open_in_case(a, document, "task_confirm_end")
    assert [task_of(side, number)["status"] for side in sides] == ["cancelled", "cancelled"]
    assert [request_of(side, number)["status"] for side in sides] == ["revoked", "revoked"]


def request_of(side, number):
    system = "https://fhir.example.org/mch/sid/referral-no"
    (found,) = side.hospital.search(f"/ServiceRequest?requisition={system}|{number}", f"{side.them}-his")
    return found


def test_a_withdrawal_that_crosses_the_acceptance_leaves_one_case_and_the_receiver_to_find_out(sides):
    a, b = sides
    number, document = hands_over(a)
    settle(a, b)

    b.fill(number, "task_accept_handover", **ACCEPTS)
    withdraws(a, number)
    settle(a, b)

    assert [task_of(side, number)["status"] for side in sides] == ["cancelled", "cancelled"]
    assert not open_in_case(a, document, "task_confirm_end") and a.waiting(number) == {}
    assert b.waiting(number) == {"task_settle_withdrawn": "org-hospital"} and b.case_of(document).status == "active"
    assert sorted(a.steps(number)) == sorted(b.steps(number))  # when it was accepted stands on both sides all the same


def test_a_refused_hand_over_is_revoked_and_another_begins_under_a_number_of_its_own(sides):
    a, b = sides
    number, _ = hands_over(a)
    settle(a, b)
    b.fill(number, "task_accept_handover", **REFUSES)
    settle(b)

    assert request_of(a, number)["status"] == "revoked"


def test_a_withdrawal_reaches_an_installation_that_died_while_it_was_told(sides):
    a, b = sides
    number, _ = hands_over(a)
    settle(a, b)
    withdraws(a, number)

    assert [a.tells_and_dies(point) for point in SENDING[1:]] == [42] * len(SENDING[1:])
    settle(a, b)

    assert a.steps(number) == b.steps(number) and b.steps(number)[-1][0] == "withdrawn" and b.waiting(number) == {}
    assert a.state(number, "withdrawn") == ("sent", None)
