"""What happened, newest first: to one resource, to a type, to everything that the caller may know of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from flask import Response, request

from api.fhir import replies
from api.fhir.guard import known_type, scopes, viewer
from api.fhir.reading import PAGE, looking_as_caller, trace
from fhir_adapters import access
from fhir_adapters.dates import interval
from fhir_adapters.issues import FhirError, Issue, not_found, refuse
from fhir_adapters.search.query import read_query, seal
from fhir_adapters.store import resources
from fhir_adapters.store.history import Before, of_types
from fhir_adapters.store.texts import Stored
from fhir_adapters.types import TYPES

ASKED = ("_since", "_at", "_count")
KNOWN = frozenset({*ASKED, "_after", "_format", "_pretty", "_summary", "_elements"})
Rows = list[tuple[Stored, str | None]]


def history(services: Any, type_: str | None, id_: str | None) -> Response:
    """A page of versions. Without a type those of every type that the token covers."""
    _require_known()
    count, since, at, before = _count(), _moment("_since"), _moment("_at"), _before()
    types = _types(type_)
    with looking_as_caller(services) as conn:
        rows = _rows(services, conn, types, id_, count + 1, since, at, before)
        if id_ is not None and not rows and before is None and since is None and at is None:
            raise not_found()
        shown = rows[:count]
        trace(services, conn, "history", type_ or "*", id_, [patient for _, patient in shown])
    base = replies.base(services)
    links = [("self", request.url)]
    if len(rows) > count:
        last = shown[-1][0]
        token = seal(last.updated_at.isoformat(), f"{last.type}/{last.id}/{last.version}")
        path = "/".join(quote(step) for step in (type_, id_) if step)
        asked = "".join(f"&{name}={quote(request.args[name])}" for name in ("_since", "_at") if request.args.get(name))
        links.append(("next", f"{base}/{path + '/' if path else ''}_history?_count={count}{asked}&_after={token}"))
    entries = [replies.entry(base, stored, **_how(stored)) for stored, _ in shown]
    is_whole = len(rows) <= count and before is None
    return replies.bundle("history", entries, links=links, total=len(rows) if is_whole else None)


def _types(type_: str | None) -> tuple[str, ...]:
    if type_ is not None:
        access.require(scopes(), known_type(type_), "history")
        return (type_,)
    covered = tuple(one for one in TYPES if access.allows(scopes(), one, "history"))
    if not covered:
        raise access.missing_scope("*", "history")
    return covered


def _rows(
    services: Any,
    conn: Any,
    types: tuple[str, ...],
    id_: str | None,
    limit: int,
    since: tuple[datetime, datetime] | None,
    at: tuple[datetime, datetime] | None,
    before: Before | None,
) -> Rows:
    region_id, begin = services.region_id, since[0] if since else None
    if id_ is None:
        return of_types(conn, region_id, types, viewer(), limit=limit, since=begin, at=at, before=before)
    earlier = (before[0], *before[2:]) if before else None
    return resources.history(conn, region_id, types[0], id_, viewer(), limit=limit, since=begin, at=at, before=earlier)


def _how(stored: Stored) -> dict[str, Any]:
    method = "DELETE" if stored.deleted else "POST" if stored.version == 1 else "PUT"
    status = "204" if stored.deleted else "201" if stored.version == 1 else "200"
    url = stored.type if method == "POST" else f"{stored.type}/{stored.id}"
    when = stored.updated_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "request": {"method": method, "url": url},
        "response": {"status": status, "etag": stored.etag, "lastModified": when},
    }


def _require_known() -> None:
    """Raises FhirError 400 for what a history cannot be asked: without it more would be told, and the Bundle of a
    history has no place to say so. With `Prefer: handling=lenient` it is passed over."""
    issues = [
        Issue(
            type="not-supported",
            code="MCH-S-001",
            zh="历史不支持此参数",
            en="a history has no such parameter",
            expression=name if re.fullmatch(r"[A-Za-z_:.\-]{1,64}", name) else "(?)",
            allowed=" | ".join(ASKED),
        )
        for name in request.args
        if name not in KNOWN
    ]
    if issues and replies.prefers("handling") != "lenient":
        raise FhirError(400, issues)


def _count() -> int:
    value = request.args.get("_count", str(PAGE))
    if not value.isascii() or not value.isdigit():
        text = "_count 应为非负整数", "_count is a whole number"
        raise refuse(400, "invalid", "MCH-S-002", *text, expression="_count")
    return max(1, min(500, int(value[:6])))


def _moment(name: str) -> tuple[datetime, datetime] | None:
    """First and last moment of what `_since` or `_at` says."""
    value = request.args.get(name)
    found = interval(value.replace(" ", "+")) if value else None
    if value is not None and found is None:
        raise refuse(400, "invalid", "MCH-S-002", f"{name} 不是时刻", f"{name} is not an instant", expression=name)
    return found


def _before() -> Before | None:
    value = request.args.get("_after")
    if value is None:
        return None
    key, rest = read_query("Patient", [("_after", value)]).after or ("", "")
    try:
        type_, id_, version = rest.split("/")
        return datetime.fromisoformat(key), type_, id_, int(version)
    except ValueError:
        raise refuse(410, "expired", "MCH-S-003", "翻页令牌无效", "the page token is not valid") from None
