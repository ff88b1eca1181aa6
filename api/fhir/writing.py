"""Create, update, delete, transaction, batch: each is one command of the engine, whole or not at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Response, g, request

from api.fhir import formats, overlooking, replies
from api.fhir.guard import known_type, principal, scopes, viewer
from api.fhir.reading import asked, looking, page, trace
from engine.commands.contracts import IdempotencyKey
from engine.errors import EngineError, Malformed
from engine.store import plain
from fhir_adapters.bundles import ApplyBundle
from fhir_adapters.entries import INTERACTION, Entry, checked, conditions, read_bundle, version_of
from fhir_adapters.formats import malformed, xml
from fhir_adapters.issues import FhirError, outcome, refuse, translate
from fhir_adapters.patches.patch import Patch
from fhir_adapters.search.query import Query
from fhir_adapters.store import resources
from fhir_adapters.store.search import search as run_search
from fhir_adapters.store.texts import Stored
from fhir_adapters.tolerances.agreeing import tolerant

REASONS = {200: "200 OK", 201: "201 Created", 204: "204 No Content", 304: "304 Not Modified"}
_LOOKS = ("_format", "_pretty", "_summary", "_elements")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def create(services: Any, type_: str) -> Response:
    entry = Entry(
        method="POST",
        type=known_type(type_),
        resource=_body(services),
        if_none_exist=_unless_there(type_),
        at=type_,
    )
    return _one(services, entry)


def _unless_there(type_: str) -> tuple[tuple[str, str], ...] | None:
    """The condition of a create: in the header, or, as some clients put it, in the address, where it must not be passed
    over. Raises 400 for two that differ."""
    header, address = conditions(request.headers.get("If-None-Exist", "")), _asked()
    if header and address and header != address:
        text = "地址与 If-None-Exist 的条件不同", "the address and If-None-Exist name different conditions"
        raise refuse(400, "invalid", "MCH-C-006", *text, expression=type_)
    return header or address or None


def update(services: Any, type_: str, id_: str | None) -> Response:
    known_type(type_)
    query = _condition(id_)
    if id_ is not None and not re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", id_):
        raise refuse(400, "invalid", "MCH-V-0011", "id 不合法", "not a possible id")
    entry = Entry(
        method="PUT",
        type=type_,
        id=id_,
        query=query,
        resource=_body(services),
        if_match=version_of(request.headers.get("If-Match")),
        at=type_,
    )
    return _one(services, entry)


def patch(services: Any, type_: str, id_: str | None) -> Response:
    """A change in JSON Patch, merge patch or FHIRPath Patch; the answer is that of an update."""
    entry = Entry(
        method="PATCH",
        type=known_type(type_),
        id=id_[:64] if id_ is not None else None,
        query=_condition(id_),
        patch=Patch(request.mimetype, document(services)),
        if_match=version_of(request.headers.get("If-Match")),
        at=type_,
    )
    return _one(services, entry)


def _condition(id_: str | None) -> tuple[tuple[str, str], ...]:
    """The condition in the address of a change without an id."""
    query = _asked() if id_ is None else ()
    if id_ is None and not query:
        raise refuse(400, "required", "MCH-C-003", "须给出 id 或条件", "an id or a condition is needed")
    return query


def _asked() -> tuple[tuple[str, str], ...]:
    """What the address asks for, without how the answer is to look."""
    return tuple((name, value) for name, value in request.args.items(multi=True) if name not in _LOOKS)


def delete(services: Any, type_: str, id_: str | None) -> Response:
    entry = Entry(
        method="DELETE",
        type=known_type(type_),
        id=id_[:64] if id_ is not None else None,
        query=_condition(id_),
        if_match=version_of(request.headers.get("If-Match")),
        at=type_,
    )
    _run(services, _command(services, [entry]))
    return Response(status=204)


def bundle(services: Any) -> Response:
    base = replies.base(services)
    kind, entries = read_bundle(_with_own_addresses(_body(services), f"{base}/"))
    if kind == "batch":
        g.interaction = "batch"
        return _respond("batch-response", [_alone(services, entry, base) for entry in entries])
    with overlooking.keeping_refused(services, entries):
        command = _command(services, entries)
        for entry in command.entries:
            _asked_by(services, entry)
        applied = _run(services, command)
    with looking(services) as conn:
        pairs = zip(applied["entries"], command.entries, strict=True)
        answers = [_answer(services, conn, done, base, entry) for done, entry in pairs]
    response = _respond("transaction-response", answers)
    return overlooking.told(_correlated(response, applied), command.entries, applied)


def _with_own_addresses(body: Any, own: str) -> Any:
    """The Bundle with requests to our own address made relative, as R4 would have them."""
    listed = body.get("entry")
    for one in listed if isinstance(listed, list) else ():
        asked = one.get("request") if isinstance(one, dict) else None
        if isinstance(asked, dict) and isinstance(asked.get("url"), str):
            asked["url"] = asked["url"].removeprefix(own)
    return body


def _respond(kind: str, answers: Sequence[str]) -> Response:
    return replies.bundle(kind, answers)


def _one(services: Any, entry: Entry) -> Response:
    """A single write: 200 or 201 with the stored resource, where to find it and which version it is."""
    with overlooking.keeping_refused(services, [entry]):
        command = _command(services, [entry])
        applied = _run(services, command)
    done = applied["entries"][0]
    stored = command.written.get((done["type"], done["id"])) or _stored(services, done)
    if stored is None:
        return _correlated(Response(status=done["status"]), applied)
    response = _as_preferred(stored, done["status"], command.entries[0])
    location = f"{replies.base(services)}/{done['type']}/{done['id']}/_history/{stored.version}"
    response.headers["Location"] = response.headers["Content-Location"] = location
    return overlooking.told(_correlated(response, applied), command.entries, applied)


def _stored(services: Any, done: dict[str, Any]) -> Stored | None:
    """What was there already, or what the engine has made of it."""
    with services.pool.alone() as conn:
        found = resources.read(conn, services.region_id, done["type"], done["id"], viewer())
    return found[0] if found is not None else None


def _as_preferred(stored: Stored, status: int, entry: Entry) -> Response:
    wanted = replies.prefers("return")
    if wanted == "minimal":
        return replies.stamped(Response(status=status), stored)
    if wanted == "operationoutcome":
        issue = {"severity": "information", "code": "informational", "diagnostics": "已保存 / stored"}
        more = [one.as_fhir() for one in overlooking.issues(entry)]
        outcome_ = {"resourceType": "OperationOutcome", "issue": [issue, *more]}
        return replies.stamped(replies.json(outcome_, status), stored)
    return replies.stamped(replies.json(stored.text(), status), stored)


def _correlated(response: Response, applied: dict[str, Any]) -> Response:
    if applied.get("correlated"):
        response.headers["X-MCH-Correlated"] = applied["correlated"]
    return response


def _command(services: Any, entries: list[Entry]) -> ApplyBundle:
    """What may be asked and is right, after what the caller's registration overlooks."""
    return ApplyBundle(entries=tuple(checked(tolerant(services, principal(), entries), scopes())), viewer=viewer())


def _run(services: Any, command: ApplyBundle) -> dict[str, Any]:
    applied: dict[str, Any] = services.engine.execute(command, by=principal().actor, idempotency=idempotency())
    if (request.endpoint or "").endswith(".bundle"):
        done = [(one["type"], INTERACTION[one["method"]], one["status"]) for one in applied["entries"]]
        g.entries = [*g.get("entries", ()), *done]
    return applied


def _alone(services: Any, entry: Entry, base: str) -> str:
    """One entry of a batch: its failure is its own."""
    try:
        with overlooking.keeping_refused(services, [entry]):
            command = _command(services, [entry])
            applied = _run(services, command)
        overlooking.count(command.entries, applied)
        with looking(services) as conn:
            return _answer(services, conn, applied["entries"][0], base, command.entries[0])
    except EngineError as error:
        failed = translate(error)
        g.issues = [*g.get("issues", ()), *failed.issues]
        g.entries = [*g.get("entries", ()), (entry.type, INTERACTION[entry.method], failed.status)]
        response = {"status": str(failed.status), "outcome": outcome(failed.issues)}
        return plain.dumps({"response": response}).decode()


def _answer(services: Any, conn: Any, done: dict[str, Any], base: str, entry: Entry) -> str:
    """A response entry; what was asked for by GET is read after the writes."""
    if done["method"] == "GET":
        return _read_entry(services, conn, done, base, entry)
    response: dict[str, Any] = {"status": REASONS[done["status"]]}
    if entry.tolerated:
        response["outcome"] = outcome(overlooking.issues(entry))
    if done.get("at") and replies.prefers("return") != "representation":
        response["location"] = f"{base}/{done['type']}/{done['id']}/_history/{done['version']}"
        response["etag"] = f'W/"{done["version"]}"'
        moment = datetime.fromisoformat(done["at"]).astimezone(UTC)
        response["lastModified"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return plain.dumps({"response": response}).decode()
    found = resources.read(conn, services.region_id, done["type"], done["id"], viewer()) if done["id"] else None
    if found is not None and not found[0].deleted:
        stored = found[0]
        response["location"] = f"{base}/{stored.type}/{stored.id}/_history/{stored.version}"
        response["etag"] = stored.etag
        response["lastModified"] = stored.updated_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if replies.prefers("return") == "representation":
            return replies.entry(base, stored, response=response)
    return plain.dumps({"response": response}).decode()


def _asked_by(services: Any, entry: Entry) -> Query | None:
    """The search that an entry is. Raises FhirError for one that cannot be asked: before anything is written."""
    if entry.method != "GET" or entry.id:
        return None
    try:
        return asked(services, entry.type, entry.query)
    except FhirError as error:
        at = f"{entry.at.removesuffix('.resource')}.request.url"
        raise FhirError(error.status, [replace(one, expression=at) for one in error.issues]) from None


def _read_entry(services: Any, conn: Any, done: dict[str, Any], base: str, entry: Entry) -> str:
    query = _asked_by(services, entry)
    if query is not None:
        try:
            hits = run_search(conn, services.region_id, query, viewer())
        except FhirError as error:  # too much of it: what was to be written is
            return plain.dumps({"response": {"status": str(error.status), "outcome": outcome(error.issues)}}).decode()
        trace(services, conn, "search", done["type"], None, [f.patient_id for f in (*hits.matches, *hits.included)])
        body = page(base, query, hits, scopes()).get_data(as_text=True)
        return f'{{"resource":{body},"response":{{"status":"200 OK"}}}}'
    found = resources.read(conn, services.region_id, done["type"], done["id"], viewer())
    if found is None or found[0].deleted:
        missing = translate(refuse(404, "not-found", "MCH-V-0404", "没有此资源", "no such resource"))
        return plain.dumps({"response": {"status": "404", "outcome": outcome(missing.issues)}}).decode()
    trace(services, conn, "read", done["type"], done["id"], [found[1]])
    return replies.entry(base, found[0], response={"status": "200 OK", "etag": found[0].etag})


def _body(services: Any) -> Any:
    with overlooking.keeping_unreadable(services):
        found = document(services)
    if not isinstance(found, dict):
        text, where = ("应为 JSON 对象", "a JSON object is expected"), (request.view_args or {}).get("type_")
        raise refuse(400, "structure", "MCH-V-0001", *text, expression=where)
    return found


def document(services: Any) -> Any:
    """What was sent, with references to our own address made relative."""
    raw = request.get_data()
    own = replies.base(services).encode() + b"/"
    is_json = request.mimetype not in formats.XML
    try:
        found = plain.loads(raw) if is_json else xml.loads(raw)
    except Malformed as error:
        raise malformed.placed(error, raw, is_json=is_json) from None
    return _relative(found, own.decode()) if own in raw else found


def _relative(node: Any, own: str) -> Any:
    if isinstance(node, dict):
        return {
            name: value.removeprefix(own) if name == "reference" and isinstance(value, str) else _relative(value, own)
            for name, value in node.items()
        }
    if isinstance(node, list):
        return [_relative(item, own) for item in node]
    return node


def idempotency() -> IdempotencyKey | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not _KEY.fullmatch(key):
        raise FhirError(
            400, refuse(400, "invalid", "MCH-C-005", "Idempotency-Key 无效", "Idempotency-Key is invalid").issues
        )
    who = principal()
    seal = hashlib.sha256(request.full_path.encode() + b"\0" + request.get_data()).hexdigest()
    return IdempotencyKey(client=f"{who.kind}:{who.id}", key=f"fhir/{key}", request_hash=seal)
