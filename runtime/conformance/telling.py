"""Subscriptions: the handshake, and that a change is told, under a number, to an address where this command listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from time import sleep
from typing import Any

from engine.errors import EngineError
from engine.store import plain
from runtime.conformance.asking import Answer
from runtime.conformance.session import Session, Skip, both, expect, refusal

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
CONTENT, FILTER = f"{BACKPORT}/backport-payload-content", f"{BACKPORT}/backport-filter-criteria"
TOPICS = f"{BACKPORT}/capabilitystatement-subscriptiontopic-canonical"
LOOKS, BETWEEN_S = 50, 0.1


class Listener:
    """Takes what it is sent."""

    def __init__(self, host: str, port: int) -> None:
        self.taken: list[tuple[Mapping[str, str], Any]] = []
        self._came = Condition()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    document = plain.loads(body)
                except EngineError:
                    document = None
                with listener._came:
                    listener.taken.append(({k.lower(): v for k, v in self.headers.items()}, document))
                    listener._came.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_POST

            def log_message(self, *_: object) -> None:
                """What is sent names people, or could."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def wait_for(self, what: Callable[[], bool], limit_s: float) -> bool:
        with self._came:
            return self._came.wait_for(what, limit_s)

    def handshakes(self) -> int:
        return sum(_part(body, "type") == "handshake" for _, body in self.taken)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _part(body: Any, name: str) -> str:
    """A value of the notification's status."""
    if not isinstance(body, Mapping) or body.get("resourceType") != "Bundle":
        return ""
    entries = body.get("entry") or [{}]
    for one in entries[0].get("resource", {}).get("parameter", ()):
        if one.get("name") == name:
            return str(next((value for key, value in one.items() if key.startswith("value")), ""))
    return ""


def _wish(it: Session, url: str, criteria: str) -> dict[str, Any]:
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "符合性自检 / conformance check",
        "criteria": criteria,
        "channel": {"type": "rest-hook", "endpoint": url},
    }


def _by_query(it: Session, url: str) -> dict[str, Any]:
    """R4's own form: an empty POST for each new Observation of the Patient of this run."""
    return _wish(it, url, f"Observation?patient=Patient/{it.someone()['id']}")


def _by_topic(it: Session, url: str) -> dict[str, Any]:
    """The backport's form, about the tasks of the Patient of this run: there are none."""
    answer = it.server.ask("/metadata", with_token=False)
    found = [str(value) for key, value in _walk(answer.body) if key == TOPICS]
    topic = next((one for one in found if one.endswith("/task-status")), None)
    if topic is None:
        raise Skip(both("没有声明 task-status 主题", "no topic task-status is declared"))
    wish = _wish(it, url, topic)
    about = f"Task?patient=Patient/{it.someone()['id']}"
    wish["_criteria"] = {"extension": [{"url": FILTER, "valueString": about}]}
    payload = {"extension": [{"url": CONTENT, "valueCode": "id-only"}]}
    wish["channel"] |= {"payload": "application/fhir+json", "_payload": payload}
    return wish


def _walk(node: Any) -> Iterator[tuple[str, Any]]:
    """Address and value of every extension."""
    if isinstance(node, Mapping):
        if isinstance(node.get("url"), str):
            yield node["url"], next((value for key, value in node.items() if key.startswith("value")), None)
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


@contextmanager
def _listening(it: Session) -> Iterator[tuple[Listener, str]]:
    if it.listen is None:
        raise Skip(both("没有给出 --listen", "no --listen"))
    host, port, url = it.listen
    listener = Listener(host, port)
    try:
        yield listener, url
    finally:
        listener.close()


def handshake(it: Session) -> str | None:
    """A Bundle that says so, signed; then the subscription is active."""
    with _listening(it) as (listener, url):
        made = it.create(_by_topic(it, url))
        if wrong := expect(made, 201, "Subscription"):
            return wrong
        if not listener.wait_for(lambda: listener.handshakes() > 0, it.wait_s):
            return both("没有收到握手", "no handshake came")
        return _is_signed(listener) or _is_active(it, made)


def event(it: Session) -> str | None:
    """What is new is told, and counted."""
    with _listening(it) as (listener, url):
        made = it.create(_by_query(it, url))
        if wrong := expect(made, 201, "Subscription"):
            return wrong
        if not listener.wait_for(lambda: len(listener.taken) > 0, it.wait_s):
            return both("没有收到握手", "no handshake came")
        if wrong := _is_active(it, made):
            return wrong
        it.create(it.observation("2026-01-05T14:00:00+08:00", valueInteger=77))
        if not listener.wait_for(lambda: len(listener.taken) > 1, it.wait_s):
            return both("没有收到通知", "no notification came")
        status = it.server.ask(f"/Subscription/{made.get('id')}/$status")
        count = _part(status.body, "events-since-subscription-start")
        if count != "1":
            return both(f"$status 的事件数为 {count or '空'}", f"$status counts {count or 'no'} events, expected 1")
        return _is_signed(listener)


def _is_active(it: Session, made: Answer) -> str | None:
    for _ in range(LOOKS):  # the answer to the handshake is written down after it was given
        if it.server.ask(f"/Subscription/{made.get('id')}").get("status") == "active":
            return None
        sleep(BETWEEN_S)
    return both("握手后应为 active", "it is not active after the handshake")


def _is_signed(listener: Listener) -> str | None:
    bare = [headers for headers, _ in listener.taken if "v1=" not in headers.get("x-mch-signature", "")]
    return both("通知没有签名", "a notification is not signed") if bare else None


def stranger(it: Session) -> str | None:
    """An address that nobody registered is told nothing."""
    answer = it.create(_by_query(it, "https://not-registered.invalid/told"))
    if answer.status == 201:
        return both("接受了未登记的地址", "an address that nobody registered was accepted")
    return refusal(answer, (400, 403, 422))
