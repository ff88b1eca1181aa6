"""A receiver that is a real server on the loopback, and a hospital that tells it one round at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

from engine.store import plain
from fhir_adapters.store.subscriptions import Subscriptions
from fhir_adapters.subscriptions.topics import TOPICS
from fhir_adapters.subscriptions.wishes import BACKPORT
from runtime.subscribers import own_connection, sender_for, tell
from tests.fhir.fhir_kit import CANON, observation

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


def weight(subject: str, value: int = 60):
    kilos = {"value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
    return observation("29463-7", subject, valueQuantity=kilos)
