"""A hospital system is told what changed: signed, in order, under numbers without gaps, whatever happens in between.

The receiver is a real server on the loopback; the installation's clock is moved, never waited for.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

import pytest

from docs.integration import receiver as sample
from engine.store import plain
from fhir_adapters.store.subscriptions import Subscriptions
from fhir_adapters.subscriptions.topics import TOPICS
from fhir_adapters.subscriptions.wishes import BACKPORT
from runtime.database.roles import as_application
from runtime.demo.logins import read_logins
from runtime.subscribers import Subscribers, own_connection, sender_for, tell
from tests.fhir.conftest import BEGIN
from tests.fhir.fhir_kit import CANON, WOMAN, issues_of, observation
from tests.web.conftest import csrf_of
from tests.web.markup import assert_sound

SECRET = "a secret that nobody else knows"
TASKS = f"{CANON}/SubscriptionTopic/task-status"


class Receiver:
    """Takes what it is sent and keeps it; answers what it is told to."""

    def __init__(self) -> None:
        self.taken: list[dict] = []
        self.answer, self.headers = 200, {}
        self.refuses = lambda request: False
        self._came = Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
                status = 422 if receiver.refuses(request) else receiver.answer
                if status < 300:
                    with receiver._came:
                        receiver.taken.append(request)
                        receiver._came.notify_all()
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT = do_DELETE = _take

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/told"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, what: Callable[[], bool], limit_s: float = 30.0) -> None:
        """Looks again whenever something has been taken."""
        with self._came:
            assert self._came.wait_for(what, limit_s), "it did not come"

    def bundles(self, kind: str = "event-notification") -> list[dict]:
        found = [plain.loads(one["body"]) for one in self.taken if one["body"].startswith(b'{"resourceType":"Bundle"')]
        return [one for one in found if part(one, "type")["valueCode"] == kind]

    def numbers(self) -> list[int]:
        return [
            int(inner["valueString"])
            for bundle in self.bundles()
            for event in bundle["entry"][0]["resource"]["parameter"]
            if event["name"] == "notification-event"
            for inner in event["part"]
            if inner["name"] == "event-number"
        ]


def part(bundle: dict, name: str) -> dict:
    return next(p for p in bundle["entry"][0]["resource"]["parameter"] if p["name"] == name)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


class Told:
    """The hospital, its receiver, and one round of telling at a time."""

    def __init__(self, hospital, receiver) -> None:
        self.hospital, self.receiver = hospital, receiver
        self.client = hospital.services.people.client("his-demo")
        self.register(receiver.url)

    def register(self, url: str, network: str = "loopback", secrets=(SECRET,)) -> None:
        with self.hospital.pool.connection() as conn:
            rows = Subscriptions(conn, self.hospital.region_id)
            rows.put_endpoint(self.client.id, url, network, secrets, self.hospital.services.clock())

    def subscribe(self, criteria=TASKS, *filters, content="id-only", payload="application/fhir+json", **more):
        made = self.hospital.post(
            "/Subscription", wish(self.receiver.url, criteria, *filters, content=content, payload=payload, **more)
        )
        assert made.status_code == 201, made.get_data(as_text=True)
        return made.json["id"]

    def round(self) -> int:
        with own_connection(self.hospital.url, self.hospital.region_id) as conn:
            return tell(self.hospital.services, conn, sender_for(self.hospital.services))

    def pass_time(self, **by) -> int:
        self.hospital.clock.set(self.hospital.services.clock() + timedelta(**by))
        return self.round()

    def state(self, id_: str) -> dict:
        return self.hospital.get(f"/Subscription/{id_}").json

    def status(self, id_: str) -> dict:
        parameters = self.hospital.get(f"/Subscription/{id_}/$status").json["entry"][0]["resource"]["parameter"]
        return {p["name"]: next(v for k, v in p.items() if k.startswith("value")) for p in parameters}


def wish(url, criteria=TASKS, *filters, content="id-only", payload="application/fhir+json", header=None, **extensions):
    channel = {"type": "rest-hook", "endpoint": url}
    if payload:
        channel["payload"] = payload
    if header:
        channel["header"] = header
    found = {"resourceType": "Subscription", "status": "requested", "reason": "测试", "criteria": criteria}
    if criteria in TOPICS:
        channel["_payload"] = {"extension": [{"url": f"{BACKPORT}/backport-payload-content", "valueCode": content}]}
        if filters:
            url_ = f"{BACKPORT}/backport-filter-criteria"
            found["_criteria"] = {"extension": [{"url": url_, "valueString": one} for one in filters]}
        if extensions:
            names = {name: name.replace("_", "-") for name in extensions}
            channel["extension"] = [
                {"url": f"{BACKPORT}/backport-{names[name]}", key_of(name): value} for name, value in extensions.items()
            ]
    return {**found, "channel": channel}


def key_of(name: str) -> str:
    return "valuePositiveInt" if name == "max_count" else "valueUnsignedInt"


@pytest.fixture
def told(hospital, receiver) -> Told:
    return Told(hospital, receiver)


def weight(subject: str, value: int = 60):
    kilos = {"value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
    return observation("29463-7", subject, valueQuantity=kilos)


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


def test_who_keeps_it_running_sees_the_backlog_and_has_it_told_again(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    hospital.brings_in()
    told.round()
    client, it = hospital.app.test_client(), {"Authorization": f"Bearer {hospital.token('it')}"}

    [listed] = client.get("/api/deliveries/subscriptions", headers=it).json["items"]
    again = client.post(f"/api/deliveries/subscriptions/{id_}/replay", json={"from": 1}, headers=it)
    told.round()

    assert (listed["client"], listed["waiting"], listed["status"]) == ("his-demo", 0, "active")
    assert again.status_code == 200 and receiver.numbers() == [1, 1]


def test_the_operators_page_shows_each_client_with_its_trouble_and_tells_it_again(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    hospital.brings_in()
    told.round()
    receiver.answer = 500
    hospital.brings_in(number="999999199707150028", day="2025-10-21")
    told.round()
    it, place = signed_in(hospital, "it"), f"/operations/subscriptions/{id_}/replay"

    page = it.get("/operations?tab=subscriptions")

    assert_sound(page)
    assert [part for part in ("his-demo", id_[:8], "HTTP 500", f'action="{place}"') if part not in page.text] == []
    assert receiver.url not in page.text and "999999" not in page.text
    receiver.answer, told_before = 200, len(receiver.numbers())
    for wrong in ("", "0", "-1", "x", "٣"):
        assert it.post(place, data={"csrf": csrf_of(page), "from": wrong}).status_code == 422
    assert it.post(f"{place[:-8]}x/replay", data={"csrf": csrf_of(page), "from": "1"}).status_code == 404
    assert it.post(place, data={"csrf": csrf_of(page), "from": "1"}).status_code == 303
    told.round()
    assert receiver.numbers()[told_before:] == list(
        range(1, int(told.status(id_)["events-since-subscription-start"]) + 1)
    )
    assert signed_in(hospital, "nurse").get("/operations?tab=subscriptions").status_code == 403
    assert "/replay" not in signed_in(hospital, "auditor").get("/operations?tab=subscriptions").text


def signed_in(hospital, who):
    """A browser of this person."""
    client, password = hospital.app.test_client(), read_logins(hospital.settings.home)[who]
    form = {"login": who, "password": password, "csrf": csrf_of(client.get("/sign-in"))}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def test_monitoring_is_told_how_much_waits_for_how_long_and_what_is_in_error(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    receiver.answer = 500
    hospital.brings_in()
    told.round()
    told.pass_time(hours=1)
    waiting, untold = figures(hospital), told.status(id_)["waiting"]

    assert waiting['subscriptions{status="active"}'] == 1 and waiting['subscriptions{status="error"}'] == 0
    assert waiting['subscription_events_untold{status="active"}'] == untold > 0
    assert waiting["oldest_untold_event_s"] == 3600
    for _ in range(2):
        told.pass_time(hours=36)
    given_up = figures(hospital)

    assert given_up['subscriptions{status="error"}'] == 1 and given_up["oldest_untold_event_s"] == 0
    assert given_up['subscription_events_untold{status="error"}'] == untold


def figures(hospital) -> dict[str, float]:
    lines = hospital.app.test_client().get("/metrics").get_data(as_text=True).splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name.removeprefix("yuntu_"): float(value) for name, value in pairs}


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


def test_several_events_go_in_one_notification_where_that_is_asked_for(told, receiver, hospital):
    told.subscribe(f"{CANON}/SubscriptionTopic/task-status", max_count=10)
    told.round()
    hospital.brings_in()
    hospital.brings_in(number="999999199707150028", day="2025-10-21")
    told.round()

    assert len(receiver.bundles()) == 1
    assert receiver.numbers() == list(range(1, 1 + len(receiver.numbers()))) and len(receiver.numbers()) > 1


def test_silence_is_told_as_a_heartbeat(told, receiver):
    told.subscribe(heartbeat_period=300)
    told.round()

    assert told.pass_time(seconds=299) == 0
    assert told.pass_time(seconds=1) == 1
    assert len(receiver.bundles("heartbeat")) == 1


def test_nothing_is_noted_where_nobody_subscribed(hospital):
    hospital.brings_in()

    with hospital.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM resource_change").fetchone() == (0,)


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


WRONG = {
    "another channel": ({"channel": {"type": "email", "endpoint": "x"}}, 422),
    "an unknown topic": ({"criteria": f"{CANON}/SubscriptionTopic/none"}, 422),
    "a chain": ({"criteria": "Observation?patient.name=x"}, 422),
    "an unknown parameter": ({"criteria": "Observation?colour=x"}, 422),
    "no type": ({"criteria": "?status=x"}, 422),
    "a wrong state": ({"status": "error"}, 422),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_told_is_refused_with_its_place(quiet, what):
    change, status = WRONG[what]

    answer = quiet.post("/Subscription", {**wish("https://his.example/told", "Observation?code=1"), **change})

    assert all(i["expression"][0].startswith("Subscription") for i in issues_of(answer, status))


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/told",
        "https://his.example.evil/told",
        "https://his.example@evil/told",
        "https://his.example/told/../admin",
        "http://his.example/told",
        "https://his.example:8443/told",
        "file:///etc/passwd",
        "gopher://his.example/told",
        "https://his.example/toldmore",
        "https://his.example/told?x=1",
    ],
)
def test_only_registered_addresses_are_told(quiet, url):
    client = quiet.services.people.client("his-demo")
    with quiet.pool.connection() as conn:
        rows = Subscriptions(conn, quiet.region_id)
        rows.put_endpoint(client.id, "https://his.example/told", "public", [SECRET], quiet.services.clock())

    answer = quiet.post("/Subscription", wish(url, "Observation?code=1"))

    assert issues_of(answer, 422)[0]["details"]["coding"][0]["code"] == "MCH-N-002"


@pytest.mark.parametrize("network", ["public", "intranet"])
def test_an_address_that_leads_to_this_host_is_not_spoken_to(told, receiver, network):
    id_ = told.subscribe()
    told.register(receiver.url, network)

    told.round()

    assert receiver.taken == []
    assert told.state(id_)["status"] == "error"


def test_a_person_has_no_subscriptions_and_a_stranger_sees_none(told, hospital, receiver):
    id_ = told.subscribe()

    assert hospital.get(f"/Subscription/{id_}", "nurse").status_code in (403, 404)
    assert hospital.post("/Subscription", wish(receiver.url), "nurse").status_code == 403
    assert [e["resource"]["id"] for e in hospital.get("/Subscription").json["entry"]] == [id_]
    assert hospital.ask("DELETE", f"/Subscription/{id_}").status_code == 204
    assert hospital.get(f"/Subscription/{id_}").status_code == 404
