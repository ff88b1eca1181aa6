"""`/fhir/Subscription`: a hospital system says what it wants to be told, asks where it stands, fetches what it missed.

Only its owner knows of a subscription: its headers may hold secrets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, request

from api.fhir import replies
from api.fhir.guard import principal, scopes, viewer
from api.fhir.reading import looking
from api.fhir.searching import address, parameters, searched
from api.fhir.writing import document, idempotency
from engine.store import plain
from fhir_adapters import access, delivery
from fhir_adapters.entries import version_of
from fhir_adapters.issues import not_found, refuse
from fhir_adapters.store.subscriptions import Subscribed, Subscriptions
from fhir_adapters.subscriptions import notices
from fhir_adapters.subscriptions.numbering import wish_of
from fhir_adapters.subscriptions.wishes import CONTENTS, Wish, read_wish
from workflows.people.once import made_before

MOST = 100  # subscriptions of one client
PAGE = 100  # events of one answer
NOT_STORED = ("resourceType", "id", "meta", "status", "error")
TYPE = "Subscription"


def register(bp: Blueprint, services: Any) -> None:
    desk = _Desk(services)

    @bp.post("/Subscription")
    def subscribe() -> Response:
        return desk.create()

    @searched(bp, "/Subscription")
    def subscriptions() -> Response:
        return desk.search()

    @bp.get("/Subscription/<id_>")
    def subscription(id_: str) -> Response:
        access.require(scopes(), TYPE, "read")
        with desk.rows() as rows:
            return desk.shown(desk.one(rows, id_))

    @bp.put("/Subscription/<id_>")
    def resubscribe(id_: str) -> Response:
        return desk.update(id_)

    @bp.delete("/Subscription/<id_>")
    def unsubscribe(id_: str) -> Response:
        return desk.delete(id_)

    @bp.route("/Subscription/<id_>/$status", methods=["GET", "POST"])
    def subscription_status(id_: str) -> Response:
        return desk.status(id_)

    @bp.route("/Subscription/$status", methods=["GET", "POST"])
    def subscription_statuses() -> Response:
        return desk.status(None)

    @bp.route("/Subscription/<id_>/$events", methods=["GET", "POST"])
    def subscription_events(id_: str) -> Response:
        return desk.events(id_)


class _Desk:
    def __init__(self, services: Any) -> None:
        self.services = services

    @contextmanager
    def rows(self) -> Iterator[Subscriptions]:
        with looking(self.services) as conn:
            yield Subscriptions(conn, self.services.region_id)

    def one(self, rows: Subscriptions, id_: str) -> Subscribed:
        found = rows.one(id_[:64], _client_id())
        if found is None:
            raise not_found(TYPE)
        return found

    def create(self) -> Response:
        access.require(scopes(), TYPE, "create")
        resource, wish = self._read()
        id_, now = str(uuid4()), self.services.clock()
        with self.rows() as rows:
            before = made_before(rows.conn, self.services.region_id, idempotency(), id_, now)
            if before is not None:
                return self._made(self.one(rows, before))
            self._permit(rows, wish)
            if len(rows.of(client_id=_client_id())) >= MOST:
                text = "订阅过多，请先删除不用的", "too many subscriptions, delete those that nobody needs"
                raise refuse(422, "too-costly", "MCH-N-004", *text, allowed=str(MOST))
            rows.add(id_, _client_id(), now=now, **_columns(resource, wish))
            made = self.one(rows, id_)
            self._note(rows, "subscribe", id_)
        return self._made(made)

    def _made(self, made: Subscribed) -> Response:
        response = self.shown(made, 201)
        response.headers["Location"] = f"{replies.base(self.services)}/{TYPE}/{made.id}/_history/{made.version}"
        return response

    def update(self, id_: str) -> Response:
        """The owner says it anew, or sets it going again: `requested` goes on with the first event not yet taken."""
        access.require(scopes(), TYPE, "update")
        resource, wish = self._read()
        if resource.get("id") != id_:
            text = "id 与地址不符", "the id is not that of the address"
            raise refuse(400, "invalid", "MCH-V-0002", *text, expression="Subscription.id")
        wanted = version_of(request.headers.get("If-Match"))
        with self.rows() as rows:
            before = self.one(rows, id_)
            self._permit(rows, wish)
            is_current = wanted is None or wanted == before.version
            if not is_current or not rows.change(before, now=self.services.clock(), **_columns(resource, wish)):
                text = "资源已有新版本，请重新读取", "a newer version is stored, read it again"
                raise refuse(412, "conflict", "MCH-C-002", *text, expression=TYPE)
            changed = self.one(rows, id_)
            self._note(rows, "resubscribe", id_)
        return self.shown(changed)

    def delete(self, id_: str) -> Response:
        access.require(scopes(), TYPE, "delete")
        with self.rows() as rows:
            rows.delete(self.one(rows, id_).id)
            self._note(rows, "unsubscribe", id_)
        return Response(status=204)

    def search(self) -> Response:
        access.require(scopes(), TYPE, "search")
        given = parameters()
        unknown = sorted(given.keys() - {"status", "_id", "_format", "_pretty", "_count", "_summary"})
        if unknown and replies.prefers("handling") == "strict":
            text = "不支持此检索参数", "search parameter not supported"
            raise refuse(400, "not-supported", "MCH-S-001", *text, allowed="status | _id")
        with self.rows() as rows:
            id_, status = given.get("_id"), given.get("status")
            found = rows.of(client_id=_client_id(), id_=id_, status=status)
        base = replies.base(self.services)
        entries = [
            {"fullUrl": f"{base}/{TYPE}/{one.id}", "resource": one.resource(), "search": {"mode": "match"}}
            for one in found
        ]
        listed = [plain.dumps(entry).decode() for entry in entries]
        return replies.bundle("searchset", listed, links=[("self", address())], total=len(found))

    def shown(self, found: Subscribed, status: int = 200) -> Response:
        response = replies.json(found.resource(), status)
        response.headers["ETag"] = found.etag
        response.headers["Last-Modified"] = replies.http_date(found.updated_at)
        return response

    def status(self, id_: str | None) -> Response:
        """Of one, or of all that the caller has: how many events there are, how many wait, since when."""
        access.require(scopes(), TYPE, "read")
        base, entries = replies.base(self.services), []
        with self.rows() as rows:
            for one in [self.one(rows, id_)] if id_ else rows.of(client_id=_client_id()):
                status = notices.status_of(one, wish_of(one), "query-status", (), base=base, seen={})
                status["parameter"] += _backlog(rows, one)
                url = f"{base}/{TYPE}/{one.id}/$status"
                entry = {"fullUrl": url, "resource": status, "search": {"mode": "match"}}
                entries.append(plain.dumps(entry).decode())
        return replies.bundle("searchset", entries, total=len(entries))

    def events(self, id_: str) -> Response:
        """Events by number, those that were sent too, as long as they are kept. A hundred at most in one answer."""
        access.require(scopes(), TYPE, "read")
        asked = _asked()
        first, last = _number(asked, "eventsSinceNumber", 1), _number(asked, "eventsUntilNumber", 1 << 62)
        content = asked.get("content", "id-only")
        if content not in CONTENTS:
            text = "内容级别不合法", "not a level of content"
            raise refuse(400, "invalid", "MCH-N-003", *text, expression="content", allowed=" | ".join(CONTENTS))
        base = replies.base(self.services)
        with looking(self.services) as conn:
            rows = Subscriptions(conn, self.services.region_id)
            found = self.one(rows, id_)
            events = rows.events(found.id, max(first, 1), min(last, found.event_count), PAGE)
            inside = (event.stored for event in events if viewer().sees(rows.region_id, event.stored))
            named = {(stored.type, stored.id) for stored in inside}
            seen = rows.visible(viewer(), sorted(k for k in named if access.allows(scopes(), k[0], "read")))
            patients = [id_ for type_, id_ in seen if type_ == "Patient"]
            if events:
                self._trace(conn, found.id, patients)
        wish = wish_of(found)
        answer = notices.bundle(
            found,
            Wish(topic=wish.topic, criteria=wish.criteria, endpoint=wish.endpoint, content=str(content)),
            "query-event",
            events,
            base=base,
            now=self.services.clock(),
            seen=seen,
        )
        return replies.json(answer.decode())

    def _trace(self, conn: Any, id_: str, patients: list[str]) -> None:
        self.services.people.record_access(
            conn,
            principal=principal(),
            interaction="events",
            resource_type=TYPE,
            resource_id=id_,
            patient_ids=set(patients),
        )

    def _read(self) -> tuple[dict[str, Any], Wish]:
        if principal().kind != "client":
            text = "只有登记的系统可以订阅", "only a registered system may subscribe"
            raise refuse(403, "forbidden", "MCH-A-003", *text)
        resource = document(self.services)
        if not isinstance(resource, dict):
            raise refuse(400, "structure", "MCH-V-0001", "应为 JSON 对象", "a JSON object is expected")
        return resource, read_wish(resource)

    def _permit(self, rows: Subscriptions, wish: Wish) -> None:
        for type_ in wish.types:
            access.require(scopes(), type_, "read", "Subscription.criteria")
        if delivery.allowed(wish.endpoint, rows.endpoints(_client_id())) is None:
            text = "地址不在本系统登记的通知地址之内", "the address is not among those registered for this system"
            raise refuse(422, "business-rule", "MCH-N-002", *text, expression="Subscription.channel.endpoint")

    def _note(self, rows: Subscriptions, action: str, id_: str) -> None:
        self.services.people.audit(principal(), action, "subscription", id_, conn=rows.conn)


def _client_id() -> UUID:
    """Nobody but a client has subscriptions: for a person there are none."""
    who = principal()
    return UUID(who.id) if who.kind == "client" else UUID(int=0)


def _columns(resource: dict[str, Any], wish: Wish) -> dict[str, Any]:
    kept = {name: value for name, value in resource.items() if name not in NOT_STORED}
    status = "off" if resource["status"] == "off" else "requested"
    said = {"status": status, "types": list(wish.types), "body": plain.dumps(kept).decode(), "ends_at": wish.ends_at}
    return {**said, "scopes": sorted(scopes())}


def _backlog(rows: Subscriptions, found: Subscribed) -> list[dict[str, Any]]:
    """Beside what the Backport says: what a person looks for when nothing arrives."""
    more: list[dict[str, Any]] = [{"name": "waiting", "valueInteger": found.event_count - found.sent_number}]
    oldest = rows.oldest_waiting(found)
    times = {"oldest-waiting": oldest, "failing-since": found.failing_since, "next-try": found.due_at}
    more += [{"name": name, "valueInstant": at.isoformat()} for name, at in times.items() if at is not None]
    more += [{"name": "parked", "valueInteger": number} for number in rows.parked(found.id)]
    return more


def _asked() -> dict[str, str]:
    """Parameters of the operation, from the address or from a Parameters resource."""
    asked = dict(request.args.items())
    if request.method == "POST" and request.get_data():
        body = plain.loads(request.get_data())
        listed = body.get("parameter", []) if isinstance(body, dict) else []
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                values = [str(value) for key, value in one.items() if key.startswith("value")]
                asked |= {one["name"]: values[0]} if values else {}
    return asked


def _number(asked: dict[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        text_ = "应为非负整数", "a whole number is expected"
        raise refuse(400, "invalid", "MCH-N-003", *text_, expression=name)
    return int(text)
