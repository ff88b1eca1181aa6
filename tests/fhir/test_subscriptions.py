"""A hospital system is told what changed: signed, in order, under numbers without gaps, and no more than it may know.

The receiver is a real server on the loopback; the installation's clock is moved, never waited for.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from docs.integration import receiver as sample
from engine.store import plain
from fhir_adapters.subscriptions.wishes import BACKPORT
from tests.fhir.fhir_kit import CANON, WOMAN, observation
from tests.fhir.subscription_kit import SECRET, part, weight


def test_a_handshake_comes_first_and_makes_it_active(told, receiver):
    id_ = told.subscribe()
    assert told.state(id_)["status"] == "requested"

    told.round()

    assert told.state(id_)["status"] == "active"
    assert [part(b, "type")["valueCode"] for b in receiver.bundles("handshake")] == ["handshake"]
    assert receiver.bundles("handshake")[0]["entry"][0]["resource"]["meta"]["profile"] == [
        f"{BACKPORT}/backport-subscription-status-r4"
    ]


def test_a_task_that_opens_is_told_by_number_and_reference_alone(told, receiver, hospital):
    told.subscribe()
    told.round()

    woman = hospital.brings_in()
    told.round()

    task = woman.open_tasks()["task_register"]
    bundle = receiver.bundles()[0]
    assert receiver.numbers() == [1]
    assert [e["fullUrl"].rsplit("/fhir/")[-1] for e in bundle["entry"][1:]] == [f"Task/{task.id}"]
    assert "resource" not in bundle["entry"][1]
    assert part(bundle, "events-since-subscription-start")["valueString"] == "1"
    assert WOMAN not in receiver.taken[-1]["body"].decode()


def test_what_is_sent_bears_the_mark_of_each_secret(told, receiver):
    told.register(receiver.url, secrets=["newer", SECRET])
    told.subscribe(header=["X-Their-Key: 7"])
    told.round()

    request = receiver.taken[0]
    stamp, *marks = (pair.partition("=")[2] for pair in request["headers"]["X-MCH-Signature"].split(","))
    signed = stamp.encode() + b"." + request["body"]
    assert marks == [hmac.new(s.encode(), signed, hashlib.sha256).hexdigest() for s in ("newer", SECRET)]
    assert request["headers"]["X-Their-Key"] == "7"


def test_the_sample_receiver_knows_what_is_genuine_and_what_is_not(told, receiver, hospital):
    told.subscribe()
    told.round()
    hospital.brings_in()
    told.round()
    request = receiver.taken[-1]
    mark, now = request["headers"]["X-MCH-Signature"], time.time()

    assert sample.is_genuine([SECRET], mark, request["body"], now)
    assert not sample.is_genuine(["another"], mark, request["body"], now)
    assert not sample.is_genuine([SECRET], mark, request["body"] + b" ", now)
    assert not sample.is_genuine([SECRET], mark, request["body"], now + 301)
    assert [number for number, _ in sample.numbers_in(request["body"])] == [1]


def test_filters_hold_for_the_version_that_was_written_not_for_what_became_of_it(told, receiver, hospital):
    told.subscribe("Observation?status=preliminary", payload=None)
    woman = hospital.brings_in()
    told.round()
    made = hospital.post("/Observation", {**weight(woman.subject), "status": "preliminary"}).json
    hospital.put(f"/Observation/{made['id']}", {**weight(woman.subject), "id": made["id"], "status": "final"})

    told.round()

    assert [r["headers"].get("X-MCH-Event-Number") for r in receiver.taken] == [None, "1"]


def test_a_classic_subscription_puts_the_resource_where_the_address_is_a_base(told, receiver, hospital):
    told.subscribe("Observation?code=http://loinc.org|29463-7")
    woman = hospital.brings_in()
    made = hospital.post("/Observation", weight(woman.subject)).json

    told.round()

    handshake, put = receiver.taken
    assert (handshake["method"], handshake["body"]) == ("POST", b"")
    assert (put["method"], put["path"]) == ("PUT", f"/told/Observation/{made['id']}")
    assert plain.loads(put["body"])["valueQuantity"]["value"] == 60
    assert put["headers"]["X-MCH-Event-Number"] == "1"


def test_a_classic_subscription_without_payload_says_only_that_something_happened(told, receiver, hospital):
    told.subscribe("Observation?code=29463-7", payload=None)
    told.round()
    woman = hospital.brings_in()
    hospital.post("/Observation", weight(woman.subject))
    told.round()

    assert [(r["method"], r["body"]) for r in receiver.taken] == [("POST", b"")] * 2


def test_full_resources_go_whole_but_never_what_bears_a_label(told, receiver, hospital):
    told.subscribe("Observation?status=final")
    woman = hospital.brings_in()
    told.round()
    before = len(receiver.taken)
    hiv = observation("56888-1", woman.subject, valueCodeableConcept={"text": "阳性"})
    assert hospital.post("/Observation", hiv).status_code == 201
    told.round()

    assert [(r["method"], r["body"]) for r in receiver.taken[before:]] == [("POST", b"")]


def test_nobody_is_told_of_a_woman_he_may_not_know_of(told, receiver, hospital):
    told.subscribe()
    told.round()
    hospital.brings_in()
    with hospital.pool.connection() as conn:
        conn.execute("DELETE FROM patient_area")

    told.round()

    assert receiver.numbers() == []
    with hospital.pool.connection() as conn:
        assert conn.execute("SELECT event_count FROM subscription").fetchone() == (0,)


def test_rights_that_were_lost_since_leave_the_number_and_nothing_else(told, receiver, hospital):
    told.subscribe()
    told.round()
    receiver.answer = 503
    hospital.brings_in()
    told.round()
    with hospital.pool.connection() as conn:
        conn.execute("DELETE FROM patient_area")
    receiver.answer = 200

    told.pass_time(seconds=6)

    assert receiver.numbers() == [1]
    assert len(receiver.bundles()[0]["entry"]) == 1
    assert "focus" not in plain.dumps(receiver.bundles()[0]).decode()


def test_several_events_go_in_one_notification_where_that_is_asked_for(told, receiver, hospital):
    told.subscribe(f"{CANON}/SubscriptionTopic/task-status", max_count=10)
    told.round()
    hospital.brings_in()
    hospital.brings_in(number="999999199707150028", day="2025-10-21")
    told.round()

    assert len(receiver.bundles()) == 1
    assert receiver.numbers() == list(range(1, 1 + len(receiver.numbers()))) and len(receiver.numbers()) > 1
