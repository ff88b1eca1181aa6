"""Whatever happens in between, each event comes at least once, in order, under its number."""

from __future__ import annotations

import os
import subprocess
import sys

from fhir_adapters.store.subscriptions import Subscriptions
from runtime.database.roles import as_application
from runtime.subscribers import Subscribers, own_connection
from tests.fhir.conftest import BEGIN
from tests.fhir.fhir_kit import issues_of
from tests.fhir.subscription_kit import part, weight, wish


def test_a_receiver_that_is_away_is_tried_again_and_gets_everything_in_order(told, receiver, hospital):
    id_ = told.subscribe("Observation?code=29463-7", payload=None)
    woman = hospital.brings_in()
    told.round()
    receiver.answer = 500
    for value in (60, 61, 62):
        hospital.post("/Observation", weight(woman.subject, value))

    tries = [told.round(), *(told.pass_time(seconds=s) for s in (4, 1, 29, 1, 119, 1))]
    assert tries == [1, 0, 1, 0, 1, 0, 1]  # at once, after 5 s, 30 s, 2 min
    assert told.status(id_)["waiting"] == 3
    receiver.answer = 200
    told.pass_time(minutes=10)

    numbers = [int(r["headers"]["X-MCH-Event-Number"]) for r in receiver.taken if "X-MCH-Event-Number" in r["headers"]]
    assert numbers == [1, 2, 3]
    assert told.status(id_)["waiting"] == 0


def test_retry_after_is_honoured(told, receiver, hospital):
    told.subscribe()
    told.round()
    receiver.answer, receiver.headers = 429, {"Retry-After": "600"}
    hospital.brings_in()
    told.round()
    receiver.answer, receiver.headers = 200, {}

    assert told.pass_time(seconds=590) == 0
    assert told.pass_time(seconds=10) == 1


def test_after_72_hours_it_is_an_error_with_an_owner_and_goes_on_when_it_is_asked_to(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    receiver.answer = 500
    hospital.brings_in()
    told.round()
    for _ in range(5):
        told.pass_time(hours=1)
    assert told.state(id_)["status"] == "active"
    told.pass_time(hours=67)
    given_up = told.state(id_)
    assert (given_up["status"], given_up["error"]) == ("error", "HTTP 500")
    with hospital.pool.connection() as conn:
        assert conn.execute("SELECT owner FROM subscription").fetchone() == ("R-ITADM",)
    receiver.answer = 200
    hospital.brings_in(number="999999199707150028", day="2025-10-21")
    assert told.pass_time(hours=5) == 0

    again = hospital.put(f"/Subscription/{id_}", {**wish(receiver.url), "id": id_})
    told.round()

    assert again.status_code == 200 and told.state(id_)["status"] == "active"
    assert len(receiver.numbers()) > 1 and receiver.numbers() == list(range(1, 1 + len(receiver.numbers())))


def test_who_is_gone_is_told_nothing_any_more(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    receiver.answer = 410
    hospital.brings_in()
    told.round()

    assert told.state(id_)["status"] == "off"
    assert told.pass_time(hours=100) == 0


def test_an_event_that_a_healthy_receiver_refuses_twenty_times_is_parked_and_the_next_go_on(told, receiver, hospital):
    id_ = told.subscribe("Observation?code=29463-7", payload=None)
    woman = hospital.brings_in()
    told.round()
    receiver.refuses = lambda request: request["headers"].get("X-MCH-Event-Number") == "1"
    for value in (60, 61):
        hospital.post("/Observation", weight(woman.subject, value))
    told.round()
    for _ in range(20):
        told.pass_time(hours=1)

    numbers = [r["headers"]["X-MCH-Event-Number"] for r in receiver.taken if "X-MCH-Event-Number" in r["headers"]]
    assert numbers == ["2"]
    assert told.status(id_)["parked"] == 1
    assert told.state(id_)["status"] == "active" and "1" in told.state(id_)["error"]


def test_events_can_be_fetched_by_number(told, hospital):
    id_ = told.subscribe("Observation?code=29463-7")
    woman = hospital.brings_in()
    told.round()
    ids = [hospital.post("/Observation", weight(woman.subject, value)).json["id"] for value in (60, 61, 62)]
    told.round()

    found = hospital.get(f"/Subscription/{id_}/$events?eventsSinceNumber=2&content=full-resource").json

    assert part(found, "type")["valueCode"] == "query-event"
    assert [e["resource"]["id"] for e in found["entry"][1:]] == ids[1:]
    assert issues_of(hospital.get(f"/Subscription/{id_}/$events?eventsSinceNumber=x"), 400)


def test_silence_is_told_as_a_heartbeat(told, receiver):
    told.subscribe(heartbeat_period=300)
    told.round()

    assert told.pass_time(seconds=299) == 0
    assert told.pass_time(seconds=1) == 1
    assert len(receiver.bundles("heartbeat")) == 1


def test_while_one_process_speaks_for_a_subscription_no_other_does(told, receiver, hospital):
    told.subscribe()
    told.round()
    hospital.brings_in()
    with own_connection(hospital.url, hospital.region_id) as conn:
        rows = Subscriptions(conn, hospital.region_id)
        assert rows.try_sender(rows.of()[0].id)
        assert told.round() == 0
    told.round()

    assert receiver.numbers() == [1]


DYING = """
import sys
from runtime import settings
from runtime.subscribers import Subscribers
from runtime.wiring import build
running = Subscribers(build(settings.read()), poll_s=0.02)
running.start()
sys.stdin.read()
"""


def test_a_process_killed_while_the_receiver_answers_loses_nothing_and_renumbers_nothing(told, receiver, hospital):
    """SIGKILL between the receiver's taking and our note of it: the event comes once more, under its number."""
    told.subscribe("Observation?code=29463-7", payload=None)
    told.round()
    woman = hospital.brings_in()
    for value in (60, 61, 62):
        hospital.post("/Observation", weight(woman.subject, value))
    environment = {**os.environ, "YUNTU_DATABASE_URL": as_application(hospital.url), "YUNTU_CLOCK": f"manual:{BEGIN}"}
    environment["YUNTU_HOME"] = str(hospital.settings.home)
    process = subprocess.Popen([sys.executable, "-c", DYING], env=environment, stdin=subprocess.PIPE)
    receiver.refuses = lambda request: request["headers"].get("X-MCH-Event-Number") == "2" and process.kill()
    process.wait(timeout=60)
    process.stdin.close()
    receiver.refuses = lambda request: False

    told.round()

    numbers = [r["headers"]["X-MCH-Event-Number"] for r in receiver.taken if "X-MCH-Event-Number" in r["headers"]]
    assert numbers == ["1", "2", "2", "3"]


def test_the_threads_of_a_worker_tell_it_without_being_asked(told, receiver, hospital):
    running = Subscribers(hospital.services, poll_s=0.02)
    running.start()
    try:
        told.subscribe()
        hospital.brings_in()
        receiver.wait_for(lambda: receiver.numbers() == [1])
    finally:
        running.stop()
