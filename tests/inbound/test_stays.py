"""Where she is and what is taken back of it: never lost, never undone by itself, and what changes nothing says so."""

from __future__ import annotations

import pytest

from fhir_adapters.arrivals.desk import Desk
from fhir_adapters.arrivals.receiving import Receiver
from tests.fhir.test_inbound_rows import is_open, wishes
from tests.inbound.messages import adt
from tests.inbound.test_hl7v2 import items, take

FIELDS = "PV1|1|{class_}|{ward}|||||||{service}|||||||||{number}|||||||||||||||||||||||||{start}|{end}"


def stay(class_="I", ward="OB^301^1", service="", number="V100", start="20260105080000", end=""):
    return FIELDS.format(class_=class_, ward=ward, service=service, number=number, start=start, end=end)


def stays(hospital, woman):
    return hospital.search(f"/Encounter?patient={woman.patient_id}&class=IMP")


def wards(encounter):
    return [(row["location"]["display"], row["status"]) for row in encounter["location"]]


def codes(outcome):
    return [note["code"] for note in outcome.notes]


def in_labour(woman):
    return any(task.startswith("task_assess_labour") for task in woman.open_tasks())


def messages(hospital, name):
    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT state::text, payload FROM message WHERE name = %s ORDER BY published_at", [name])
        return rows.fetchall()


def test_a_transfer_to_the_delivery_ward_begins_her_labour_and_one_that_leads_elsewhere_says_it_changes_nothing(
    hospital, receiver
):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(ward="MED^1^1"), number="1"))
    assert not in_labour(woman)

    moved = take(receiver, adt("A02", visit=stay(ward="SURG^2^1"), number="2", at="20260105100000"))
    assert (moved.state, codes(moved)) == ("understood", ["MCH-I-200"]) and not in_labour(woman)
    began = take(receiver, adt("A02", visit=stay(), number="3", at="20260105110000"))

    [found] = stays(hospital, woman)
    assert codes(began) == [] and in_labour(woman)
    assert wards(found) == [("MED-1-1", "completed"), ("SURG-2-1", "completed"), ("OB-301-1", "active")]
    assert found["location"][0]["period"]["end"] == found["location"][1]["period"]["start"]
    assert [row.kind for row in Desk(hospital.services).listed("no-effect", 10)] == ["ADT^A02"]


def test_a_transfer_that_is_taken_back_is_none_whichever_news_comes_first(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(ward="MED^1^1"), number="1"))
    to, back = (
        adt("A02", visit=stay(ward="SURG^2^1"), number="2", at="20260105100000"),
        adt("A12", visit=stay(ward="MED^1^1"), number="3", at="20260105103000"),
    )

    take(receiver, to)
    undone = take(receiver, back)
    assert codes(undone) == ["MCH-I-200"] and wards(stays(hospital, woman)[0]) == [("MED-1-1", "active")]

    take(receiver, adt("A01", visit=stay(ward="MED^1^1", number="V2"), number="4"))
    for body in (back, to):
        take(receiver, body.replace(b"|V100|", b"|V2|"))
    [other] = [one for one in stays(hospital, woman) if one["identifier"][0]["value"] == "V2"]
    assert other["status"] == "in-progress"


def test_a_transfer_into_labour_that_is_taken_back_is_a_question_once_and_stops_nothing(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(ward="MED^1^1"), number="1"))
    take(receiver, adt("A02", visit=stay(), number="2", at="20260105100000"))
    before = sorted(woman.open_tasks())
    back = adt("A12", visit=stay(ward="MED^1^1"), number="3", at="20260105103000")

    outcome = take(receiver, back)
    take(receiver, back)

    assert codes(outcome) == [] and wards(stays(hospital, woman)[0]) == [("MED-1-1", "active")]
    assert [kind for kind, _, _ in items(hospital)] == ["withdrawn-evidence"]
    assert sorted(woman.open_tasks()) == before


def test_an_admission_that_is_planned_is_kept_as_that_and_becomes_the_stay(hospital, receiver):
    woman = hospital.brings_in()
    planned = adt("A05", "PV2||||||||20260110090000", visit=stay(class_="P", start=""), number="1")

    outcome = take(receiver, planned)

    [found] = stays(hospital, woman)
    assert (outcome.state, codes(outcome)) == ("understood", ["MCH-I-200"])
    assert (found["status"], found["period"]["start"]) == ("planned", "2026-01-10T09:00:00+08:00")
    assert not in_labour(woman)

    take(receiver, adt("A01", visit=stay(start="20260109220000"), number="2", at="20260105120000"))
    [found] = stays(hospital, woman)
    assert (found["status"], found["period"]["start"]) == ("in-progress", "2026-01-09T22:00:00+08:00")
    assert in_labour(woman)


def test_a_planned_admission_is_the_answer_to_the_wish_for_a_bed(hospital, receiver):
    woman = hospital.brings_in()
    waiting = wishes(hospital, woman)

    planned = adt("A05", "PV2||||||||20260110090000", visit=stay(class_="P", start=""), number="1")
    outcome = take(receiver, planned)

    assert codes(outcome) == [] and outcome.state == "understood"
    assert not is_open(hospital, waiting)


def test_a_discharge_that_is_taken_back_before_the_birth_is_known_is_withdrawn_and_the_next_one_counts(
    hospital, receiver
):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(), number="1"))
    left = adt("A03", visit=stay(end="20260107100000"), number="2", at="20260107100500")
    take(receiver, left)
    back = take(receiver, adt("A13", visit=stay(), number="3", at="20260107103000"))

    [found] = stays(hospital, woman)
    assert found["status"] == "in-progress" and "end" not in found["period"] and codes(back) == []
    take(receiver, adt("A03", visit=stay(end="20260109100000"), number="4", at="20260109100500"))

    assert [state for state, _ in messages(hospital, "message_discharged")] == ["expired", "buffered"]
    assert messages(hospital, "message_discharged")[1][1]["discharged_at"] == "2026-01-09T10:00:00+08:00"
    assert items(hospital) == []


def test_a_discharge_that_was_taken_back_before_it_arrived_changes_nothing(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(), number="1"))
    take(receiver, adt("A13", visit=stay(), number="3", at="20260107103000"))

    late = take(receiver, adt("A03", visit=stay(end="20260107100000"), number="2", at="20260107100500"))

    [found] = stays(hospital, woman)
    assert found["status"] == "in-progress" and "end" not in found["period"]
    assert codes(late) == ["MCH-I-201"] and messages(hospital, "message_discharged") == []


def test_what_was_counted_from_a_discharge_that_is_taken_back_is_for_a_person(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(), number="1"))
    take(receiver, adt("A03", visit=stay(end="20260107100000"), number="2", at="20260107100500"))
    with hospital.pool.connection() as conn, conn.transaction():  # the pathway has asked for it meanwhile
        conn.execute(
            "UPDATE message SET state = 'delivered', instance_id = (SELECT id FROM instance LIMIT 1)"
            " WHERE name = 'message_discharged'"
        )

    outcome = take(receiver, adt("A13", visit=stay(), number="3", at="20260107103000"))

    assert codes(outcome) == [] and items(hospital) == [("withdrawn-evidence", woman.patient_id, False)]


@pytest.mark.parametrize("event", ["A11", "A38"])
def test_an_admission_that_began_something_and_is_taken_back_is_for_a_person(hospital, receiver, event):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(), number="1"))
    assert in_labour(woman)

    take(receiver, adt(event, visit=stay(), number="2", at="20260105090000"))

    assert stays(hospital, woman)[0]["status"] == "cancelled" and in_labour(woman)
    assert items(hospital) == [("withdrawn-evidence", woman.patient_id, False)]
    late = take(receiver, adt("A01", visit=stay(), number="3", at="20260105084500"))
    assert stays(hospital, woman)[0]["status"] == "cancelled" and codes(late) == ["MCH-I-201"]


def test_a_stay_before_the_birth_is_forgotten_when_she_is_admitted_again(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(), number="1"))
    take(receiver, adt("A03", visit=stay(end="20260107100000"), number="2", at="20260107100500"))
    again = stay(number="V200", start="20260120080000")

    take(receiver, adt("A01", visit=again, number="3", at="20260120083000"))

    assert [state for state, _ in messages(hospital, "message_discharged")] == ["expired"]
    assert len(stays(hospital, woman)) == 2


def test_news_of_a_woman_without_a_case_say_so(hospital, receiver):
    outcome = take(receiver, adt("A02", visit=stay(), number="1"))

    assert (outcome.state, codes(outcome)) == ("understood", ["MCH-I-202"])


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        (adt("A02", visit=stay(ward="")), "PV1[1]-3", "MCH-I-020"),
        (adt("A12", visit=stay(ward="")), "PV1[1]-3", "MCH-I-020"),
        (adt("A05", visit=stay(class_="P", number="")), "PV1[1]-19", "MCH-I-031"),
        (adt("A05", "PV2||||||||morgen", visit=stay(class_="P")), "PV2[1]-8.1", "MCH-I-021"),
        (adt("A13", visit=stay(class_="Z")), "PV1[1]-2", "MCH-I-030"),
    ],
)
def test_what_is_missing_is_said_with_its_place(busy, body, place, code):
    outcome = take(Receiver(busy.services), body)

    assert outcome.state == "not-understood"
    assert (place, code) in [(p["at"], p["code"]) for p in outcome.problems], outcome.problems
