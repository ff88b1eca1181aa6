"""What goes over the wire: the notification Bundle of the Subscriptions R5 Backport, and the plain form of R4. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from engine.store import plain
from fhir_adapters.dates import local_text
from fhir_adapters.store.subscriptions import Event, Subscribed
from fhir_adapters.subscriptions.wishes import Wish

PROFILE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"
FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One request to a receiver. `path` is appended to the address."""

    method: str = "POST"
    path: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def notice(
    subscribed: Subscribed,
    wish: Wish,
    kind: str,
    events: Sequence[Event],
    *,
    base: str,
    now: datetime,
    seen: Mapping[Any, bool],
) -> Notice:
    """`kind`: handshake, heartbeat, event-notification. `seen`: which resources the receiver may know of at this
    moment, and whether each bears a label; of others the number is told and nothing else."""
    headers = {"X-MCH-Subscription": subscribed.id, "X-MCH-Notification": kind}
    if events:
        headers["X-MCH-Event-Number"] = str(events[-1].number)
    if wish.topic is None:
        return _classic(wish, events, headers, seen)
    body = bundle(subscribed, wish, kind, events, base=base, now=now, seen=seen)
    return Notice(
        body=plain.dumps(body) if isinstance(body, dict) else body, headers={**headers, "Content-Type": FHIR_JSON}
    )


def _classic(wish: Wish, events: Sequence[Event], headers: dict[str, str], seen: Mapping[Any, bool]) -> Notice:
    """R4: an empty POST; with a payload the resource, put where the address is the base of a server."""
    stored = events[0].stored if events else None
    if stored is None or wish.content == "empty" or seen.get((stored.type, stored.id), True):
        return Notice(headers=headers)
    path = f"/{stored.type}/{stored.id}"
    if stored.deleted:
        return Notice(method="DELETE", path=path, headers=headers)
    return Notice(method="PUT", path=path, body=stored.text().encode(), headers={**headers, "Content-Type": FHIR_JSON})


def bundle(
    subscribed: Subscribed,
    wish: Wish,
    kind: str,
    events: Sequence[Event],
    *,
    base: str,
    now: datetime,
    seen: Mapping[Any, bool],
) -> bytes:
    """A history Bundle: first the status, then an entry for each event, as far as the content asked for goes."""
    status = status_of(subscribed, wish, kind, events, base=base, seen=seen, content=wish.content)
    last = events[-1].number if events else 0
    id_ = str(uuid5(NAMESPACE_URL, f"{subscribed.id}/{kind}/{last}/{len(events)}"))
    first = {
        "fullUrl": f"urn:uuid:{id_}",
        "resource": {**status, "id": id_},
        "request": {"method": "GET", "url": f"{base}/Subscription/{subscribed.id}/$status"},
        "response": {"status": "200"},
    }
    entries = [plain.dumps(first).decode()]
    if wish.content != "empty":
        entries += [_entry(event, wish.content, base, seen) for event in events if _key(event) in seen]
    head = {
        "resourceType": "Bundle",
        "id": f"n-{last}" if events else f"{kind}-{subscribed.version}",
        "type": "history",
    }
    head["timestamp"] = _instant(now)
    return f'{plain.dumps(head).decode()[:-1]},"entry":[{",".join(entries)}]}}'.encode()


def _entry(event: Event, content: str, base: str, seen: Mapping[Any, bool]) -> str:
    stored = event.stored
    method = "DELETE" if stored.deleted else "POST" if stored.version == 1 else "PUT"
    url = stored.type if method == "POST" else f"{stored.type}/{stored.id}"
    status = {"DELETE": "204", "POST": "201", "PUT": "200"}[method]
    parts = {"request": {"method": method, "url": url}, "response": {"status": status, "etag": stored.etag}}
    head = plain.dumps({"fullUrl": f"{base}/{stored.type}/{stored.id}"}).decode()[:-1]
    shown = content == "full-resource" and not stored.deleted and not seen[_key(event)]
    body = f',"resource":{stored.text()}' if shown else ""
    return f"{head}{body},{plain.dumps(parts).decode()[1:]}"


def _key(event: Event) -> tuple[str, str]:
    return event.stored.type, event.stored.id


def status_of(
    subscribed: Subscribed,
    wish: Wish,
    kind: str,
    events: Sequence[Event],
    *,
    base: str,
    seen: Mapping[Any, bool],
    content: str = "id-only",
) -> dict[str, Any]:
    """The SubscriptionStatus of the Backport, as R4 writes it: Parameters."""
    count = events[-1].number if kind == "event-notification" and events else subscribed.event_count
    parameters: list[dict[str, Any]] = [
        {"name": "subscription", "valueReference": {"reference": f"{base}/Subscription/{subscribed.id}"}}
    ]
    if wish.topic:
        parameters.append({"name": "topic", "valueCanonical": wish.topic.canonical})
    state = "requested" if kind == "handshake" else subscribed.status
    parameters += [
        {"name": "status", "valueCode": state},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(count)},
    ]
    parameters += [_told(event, base, content != "empty" and _key(event) in seen) for event in events]
    if kind == "query-status" and subscribed.problem:
        parameters.append({"name": "error", "valueCodeableConcept": {"text": subscribed.problem}})
    return {"resourceType": "Parameters", "meta": {"profile": [PROFILE]}, "parameter": parameters}


def _told(event: Event, base: str, is_named: bool) -> dict[str, Any]:
    part: list[dict[str, Any]] = [
        {"name": "event-number", "valueString": str(event.number)},
        {"name": "timestamp", "valueInstant": _instant(event.at)},
    ]
    if is_named:
        part.append({"name": "focus", "valueReference": {"reference": f"{base}/{event.stored.type}/{event.stored.id}"}})
    return {"name": "notification-event", "part": part}


def _instant(moment: datetime) -> str:
    return local_text(moment)
