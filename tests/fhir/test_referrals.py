"""The loop of a referral as one installation sees it (§8, §9.3): asked from outside, asked of somebody outside."""

from __future__ import annotations

import json

import pytest

from engine.clock import CHINA
from engine.commands.contracts import Actor
from engine.store import reads
from fhir_adapters.store import referrals
from tests.fhir.fhir_kit import CANON, coded, expressions, issues_of
from tests.fhir.referral_kit import NUMBER, OTHER, find, offer, output, put, settle_other, task
from workflows import completion, occasions
from workflows.forms import example_answers

DOCTOR = Actor(id="doctor", organisation="org-hospital", roles=("R-OB",))
STATUS = f"{CANON}/CodeSystem/referral-status"


@pytest.fixture
def other(hospital):
    return settle_other(hospital)


def open_tasks(hospital):
    """Of every referral here: element and organisation."""
    with hospital.services.engine.read() as conn:
        found = reads.user_tasks(conn, hospital.region_id, definition_key="referral").items
    return {one.element_id: one for one in found}


def fill(hospital, element, by=DOCTOR, **answers):
    found = open_tasks(hospital)[element]
    return completion.complete(hospital.services, found.id, by=by, answers={**example_answers(found.form), **answers})


def steps(hospital, number=NUMBER):
    with hospital.pool.connection() as conn:
        return [(one.step, one.organisation, one.state) for one in referrals.steps(conn, hospital.region_id, number)]


def test_a_referral_of_a_peer_waits_for_the_answer_of_the_institution_that_it_names(hospital, other):
    answer = hospital.post("", offer(), other)

    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert {(e, t.organisation) for e, t in open_tasks(hospital).items()} == {("task_answer_transfer", "org-hospital")}
    known = find(hospital, other)
    assert (known["status"], known["businessStatus"]["coding"][0]["code"]) == ("received", "received")
    assert known["authoredOn"] == "2026-01-05T07:50:00+08:00" and known["lastModified"].startswith("2026-01-05T08:00")
    assert [step for step, *_ in steps(hospital)] == ["requested", "received"]


def test_the_same_offer_again_is_the_same_referral(hospital, other):
    hospital.post("", offer(), other)
    before = hospital.count()

    again = hospital.post("", offer(), other)

    assert again.status_code == 200 and hospital.count() == before and len(steps(hospital)) == 2


def test_a_referral_of_a_woman_with_a_case_here_stands_under_her_case(hospital, other):
    woman = hospital.brings_in()

    assert hospital.post("", offer(), other).headers["X-MCH-Correlated"] == f"case/{woman.pregnancy_id}"

    assert "task_answer_transfer" in woman.open_tasks()


@pytest.mark.parametrize(
    "changes, place",
    [
        ({"status": "accepted"}, "status"),
        ({"owner": {"reference": "Organization/org-nowhere"}}, "owner"),
        ({"owner": {"reference": f"Organization/{OTHER}"}}, "owner"),
        ({"groupIdentifier": {"system": f"{CANON}/sid/referral-no", "value": "ZZ1"}}, "focus"),
    ],
)
def test_an_offer_that_does_not_fit_together_is_refused_whole_with_its_place(hospital, other, changes, place):
    before = hospital.count()

    assert expressions(hospital.post("", offer(**changes), other), 422) == [f"Bundle.entry[2].resource.{place}"]

    assert hospital.count() == before and open_tasks(hospital) == {}


def test_any_other_task_is_the_engines_own(hospital, other):
    sent = {**task("Patient/x", "ServiceRequest/x"), "code": coded(f"{CANON}/CodeSystem/task-code", "grade")}
    assert issues_of(hospital.post("/Task", sent, other), 422)[0]["details"]["coding"][0]["code"] == "MCH-O-001"


def test_here_the_receiver_answers_on_a_page_and_the_sender_reads_it(hospital, other):
    hospital.post("", offer(), other)

    fill(hospital, "task_answer_transfer", answered_at="2026-01-05T08:04:00+08:00", bed="3-12")

    known = find(hospital, other)
    assert (known["status"], known["lastModified"]) == ("accepted", "2026-01-05T08:04:00+08:00")
    assert {"type": coded(f"{CANON}/CodeSystem/task-io", "bed"), "valueString": "3-12"} in known["output"]
    assert open_tasks(hospital)["task_depart"].organisation == OTHER


def test_a_refusal_here_ends_it_here_with_its_reason(hospital, other):
    hospital.post("", offer(), other)

    fill(hospital, "task_answer_transfer", answer="refuse", answer_reason="无床位")

    known = find(hospital, other)
    assert (known["status"], known["statusReason"]["text"]) == ("rejected", "无床位") and open_tasks(hospital) == {}


def test_the_sender_reports_departure_and_withdraws_only_before_she_has_arrived(hospital, other):
    hospital.post("", offer(), other)
    fill(hospital, "task_answer_transfer")

    departed = {"coding": [{"system": STATUS, "code": "departed"}]}
    at = "2026-01-05T07:57:00+08:00"
    left = put(hospital, other, find(hospital, other), businessStatus=departed, lastModified=at)
    assert left.status_code == 200, left.get_data(as_text=True)
    assert find(hospital, other)["businessStatus"]["coding"][0]["code"] == "departed"
    fill(hospital, "task_arrive", arrived_at="2026-01-05T07:59:00+08:00")

    issues_of(put(hospital, other, find(hospital, other), status="cancelled", statusReason={"text": "不转了"}), 422)
    assert [step for step, *_ in steps(hospital)] == ["requested", "received", "accepted", "departed", "arrived"]


def test_a_withdrawal_needs_a_reason_and_ends_what_waits_here(hospital, other):
    hospital.post("", offer(), other)

    assert expressions(put(hospital, other, find(hospital, other), status="cancelled"), 422) == ["Task.statusReason"]
    done = put(hospital, other, find(hospital, other), status="cancelled", statusReason={"text": "家属改变主意"})

    assert done.status_code == 200 and find(hospital, other)["status"] == "cancelled" and open_tasks(hospital) == {}
    again = put(hospital, other, find(hospital, other), status="accepted")
    assert issues_of(again, 409)[0]["details"]["coding"][0]["code"] == "MCH-T-010"


def test_the_sender_may_not_answer_for_the_receiver(hospital, other):
    hospital.post("", offer(), other)

    issues_of(put(hospital, other, find(hospital, other), status="accepted"), 403)

    assert "task_answer_transfer" in open_tasks(hospital)


# --- an emergency is a rescue here as well (P13) ----------------------------------------------------------------------


def rescues(hospital):
    """Open tasks of every rescue here: element, organisation, case."""
    with hospital.services.engine.read() as conn:
        found = reads.user_tasks(conn, hospital.region_id, definition_key="rescue").items
    return [(one.element_id, one.organisation, one.business_key) for one in found]


BEGIN = ("task_begin_rescue", "org-hospital", None)


def test_an_emergency_of_a_peer_opens_the_rescue_of_the_institution_that_it_names_once(hospital, other):
    hospital.post("", offer(), other)
    hospital.post("", offer(), other)  # the same again, as after an answer that was lost

    assert rescues(hospital) == [BEGIN]


@pytest.mark.parametrize(
    ("priority", "told", "waits"),
    [
        ("routine", {}, "task_answer_transfer"),
        ("stat", {"output": [output("transportable", False, "valueBoolean")]}, "task_guide_remotely"),
    ],
)
def test_a_planned_referral_and_one_who_stays_where_she_is_open_none(hospital, other, priority, told, waits):
    sent = offer(**told)
    sent["entry"][1]["resource"]["priority"] = priority

    assert hospital.post("", sent, other).status_code == 200

    assert waits in open_tasks(hospital) and rescues(hospital) == []


def test_an_emergency_that_is_refused_whole_opens_no_rescue(hospital, other):
    issues_of(hospital.post("", offer(status="accepted"), other), 422)

    assert rescues(hospital) == []


def test_the_rescue_of_a_woman_with_a_case_here_stands_under_it_and_a_second_emergency_finds_it(hospital, other):
    woman = hospital.brings_in()
    hospital.post("", offer(), other)
    again = json.loads(json.dumps(offer()).replace(NUMBER, "ZZ330103202601050008"))

    assert hospital.post("", again, other).status_code == 200

    assert rescues(hospital) == [("task_begin_rescue", "org-hospital", woman.pregnancy_id)]


def test_a_refusal_calls_off_a_rescue_that_nobody_has_begun(hospital, other):
    hospital.post("", offer(), other)
    fill(hospital, "task_answer_transfer", answer="refuse", answer_reason="无床位")

    assert rescues(hospital) == []


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_withdrawal_calls_off_a_rescue_but_one_that_has_begun_goes_on(hospital, other, is_begun):
    hospital.post("", offer(), other)
    if is_begun:
        with hospital.services.engine.read() as conn:
            (begin,) = reads.user_tasks(conn, hospital.region_id, element_id="task_begin_rescue").items
        completion.complete(hospital.services, begin.id, by=DOCTOR, answers=example_answers("rescue-start"))

    put(hospital, other, find(hospital, other), status="cancelled", statusReason={"text": "家属改变主意"})

    assert [element for element, *_ in rescues(hospital)] == (["task_record_rescue"] if is_begun else [])


# --- asked of somebody outside ----------------------------------------------------------------------------------------


@pytest.fixture
def sent(hospital, other):
    """A doctor here sends a woman to the hospital of the other county."""
    woman = hospital.brings_in()
    doctor = _doctor(hospital)
    answers = {**example_answers("transfer-request"), "receiving_centre": "邻县人民医院", "transportable": True}
    occasions.begin(hospital.services, by=doctor, occasion="referral", pregnancy_id=woman.pregnancy_id, answers=answers)
    (found,) = hospital.search("/ServiceRequest", other)
    return woman, found["requisition"]["value"]


def _doctor(hospital):
    with hospital.pool.connection() as conn:
        return hospital.services.people.principal_of(conn, DOCTOR)


def test_a_referral_to_a_peer_is_a_request_and_a_task_that_it_reads(hospital, other, sent):
    _, number = sent

    known = find(hospital, other, number)

    assert (known["status"], known["owner"]["reference"]) == ("requested", f"Organization/{OTHER}")
    assert known["requester"]["reference"] == "Organization/org-hospital"
    assert open_tasks(hospital)["task_answer_transfer"].organisation == OTHER
    assert steps(hospital, number) == [("requested", "org-hospital", "kept")]  # no line in the directory


def test_the_peer_takes_every_step_of_its_own_over_fhir(hospital, other, sent):
    _, number = sent

    def moved(**changes):
        answer = put(hospital, other, find(hospital, other, number), **changes)
        assert answer.status_code == 200, answer.get_data(as_text=True)

    moved(status="received", lastModified="2026-01-05T07:51:00+08:00")
    moved(status="accepted", lastModified="2026-01-05T07:52:00+08:00", output=[output("bed", "5-1")])
    fill(hospital, "task_depart", departed_at="2026-01-05T07:55:00+08:00")
    moved(
        status="in-progress",
        lastModified="2026-01-05T07:57:00+08:00",
        executionPeriod={"start": "2026-01-05T07:57:00+08:00"},
    )
    bare = put(hospital, other, find(hospital, other, number), status="completed")
    assert {i["diagnostics"] for i in issues_of(bare, 422)} >= {"allowed: diagnosis", "allowed: treatment"}
    moved(
        status="completed",
        lastModified="2026-01-05T07:59:00+08:00",
        output=[output("diagnosis", "子痫前期"), output("treatment", "硫酸镁"), output("transfer-outcome", "back")],
    )

    with hospital.pool.connection() as conn:
        found = referrals.steps(conn, hospital.region_id, number)
    told = ["07:51", "07:52", "07:55", "07:57", "07:59"]  # each as its own side says
    assert [f"{s.happened_at.astimezone(CHINA):%H:%M}" for s in found[1:-1]] == told[:-1]
    assert [s.step for s in found] == ["requested", "received", "accepted", "departed", "arrived", "returned"]
    (asked,) = hospital.search("/ServiceRequest", other)
    assert asked["status"] == "completed" and open_tasks(hospital) == {}


def test_an_arrival_waits_for_nobody_to_write_down_the_departure(hospital, other, sent):
    _, number = sent
    put(hospital, other, find(hospital, other, number), status="accepted")

    answer = put(hospital, other, find(hospital, other, number), status="in-progress")

    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert set(open_tasks(hospital)) == {"task_transfer_result"}


def test_who_did_not_come_is_traced_by_who_sent_her(hospital, other, sent):
    _, number = sent
    put(hospital, other, find(hospital, other, number), status="accepted")

    reason = {"text": "未到"}
    assert put(hospital, other, find(hospital, other, number), status="failed", statusReason=reason).status_code == 200

    assert {e: t.organisation for e, t in open_tasks(hospital).items()} == {"task_trace_no_show": "org-hospital"}


def test_a_refusal_sends_her_to_the_next_centre_by_a_task_that_replaces_the_first(hospital, other, sent):
    _, number = sent
    reason = {"text": "无床位"}
    put(hospital, other, find(hospital, other, number), status="rejected", statusReason=reason)

    fill(hospital, "task_next_centre", next_centre="邻县人民医院")

    first, second = find(hospital, other, number), find(hospital, other, number, centre=2)
    assert (first["status"], second["status"]) == ("rejected", "requested")
    (replaces,) = [e for e in second["extension"] if e["url"].endswith("/task-replaces")]
    assert replaces["valueReference"]["reference"] == f"Task/{first['id']}"
