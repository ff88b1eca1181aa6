"""Read, vread, history, search. Each look at a woman's record leaves its audit row in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, request

from api.fhir import replies
from api.fhir.guard import known_type, principal, scopes, viewer
from fhir_adapters import access, capability
from fhir_adapters.dates import interval
from fhir_adapters.issues import not_found, refuse
from fhir_adapters.search.query import Query, read_query, seal
from fhir_adapters.store import resources
from fhir_adapters.store.search import Found, Hits
from fhir_adapters.store.search import search as run_search
from fhir_adapters.store.texts import Stored

VERSION, PUBLISHED = "0.1.0", datetime(2026, 1, 5, tzinfo=UTC)
PAGE = 50


def metadata(services: Any) -> Response:
    return replies.json(capability.statement(base=replies.base(services), version=VERSION, published=PUBLISHED))


@contextmanager
def looking(services: Any) -> Iterator[Any]:
    """A connection in one transaction: what is read and the trace of it stand or fall together."""
    with services.pool.connection() as conn, conn.transaction():
        yield conn


def trace(
    services: Any, conn: Any, interaction: str, type_: str, id_: str | None, patients: Iterable[str | None]
) -> None:
    women = {one for one in patients if one}
    services.people.record_access(
        conn, principal=principal(), interaction=interaction, resource_type=type_, resource_id=id_, patient_ids=women
    )


def read(services: Any, type_: str, id_: str, version: str | None) -> Response:
    interaction = "read" if version is None else "vread"
    access.require(scopes(), known_type(type_), interaction)
    number = int(version) if version and version.isascii() and version.isdigit() and len(version) < 10 else None
    if version is not None and number is None:
        raise not_found()
    with looking(services) as conn:
        found = resources.read(conn, services.region_id, type_, id_[:64], viewer(), number)
        if found is None:
            raise not_found()
        trace(services, conn, interaction, type_, id_, [found[1]])
    if found[0].deleted:
        raise refuse(410, "deleted", "MCH-V-0410", "资源已删除", "the resource was deleted")
    return replies.resource(found[0])


def history(services: Any, type_: str, id_: str | None) -> Response:
    access.require(scopes(), known_type(type_), "history")
    count, since, before = _count(), _since(), _before()
    with looking(services) as conn:
        rows = resources.history(
            conn, services.region_id, type_, id_, viewer(), limit=count + 1, since=since, before=before
        )
        if id_ is not None and not rows and before is None and since is None:
            raise not_found()
        shown = rows[:count]
        trace(services, conn, "history", type_, id_, [patient for _, patient in shown])
    base = replies.base(services)
    links = [("self", request.url)]
    if len(rows) > count:
        last = shown[-1][0]
        token = seal(last.updated_at.isoformat(), f"{last.id}/{last.version}")
        path = f"{type_}/_history" if id_ is None else f"{type_}/{quote(id_)}/_history"
        links.append(("next", f"{base}/{path}?_count={count}&_after={token}"))
    entries = [replies.entry(base, stored, **_how(stored)) for stored, _ in shown]
    return replies.bundle("history", entries, links=links, total=None if len(rows) > count or before else len(rows))


def _how(stored: Stored) -> dict[str, Any]:
    method = "DELETE" if stored.deleted else "POST" if stored.version == 1 else "PUT"
    status = "204" if stored.deleted else "201" if stored.version == 1 else "200"
    url = stored.type if method == "POST" else f"{stored.type}/{stored.id}"
    when = stored.updated_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "request": {"method": method, "url": url},
        "response": {"status": status, "etag": stored.etag, "lastModified": when},
    }


def _count() -> int:
    value = request.args.get("_count", str(PAGE))
    return max(1, min(500, int(value[:6]))) if value.isascii() and value.isdigit() else PAGE


def _since() -> datetime | None:
    value = request.args.get("_since")
    found = interval(value.replace(" ", "+")) if value else None
    if value and found is None:
        raise refuse(400, "invalid", "MCH-S-002", "_since 不是时刻", "_since is not an instant", expression="_since")
    return found[0] if found else None


def _before() -> tuple[datetime, str, int] | None:
    value = request.args.get("_after")
    if value is None:
        return None
    after = read_query("Patient", [("_after", value)]).after
    try:
        key, rest = after or ("", "")
        id_, _, version = rest.partition("/")
        return datetime.fromisoformat(key), id_, int(version)
    except ValueError:
        raise refuse(410, "expired", "MCH-S-003", "翻页令牌无效", "the page token is not valid") from None


def search(services: Any, type_: str, pairs: list[tuple[str, str]]) -> Response:
    access.require(scopes(), known_type(type_), "search")
    query = read_query(type_, pairs, strict=replies.prefers("handling") == "strict")
    with looking(services) as conn:
        hits = run_search(conn, services.region_id, query, viewer())
        trace(services, conn, "search", type_, None, [f.patient_id for f in (*hits.matches, *hits.included)])
    return page(replies.base(services), query, hits, scopes())


def page(base: str, query: Query, hits: Hits, granted: frozenset[str]) -> Response:
    """A searchset; what was not understood is said in it, what a scope does not cover is not in it."""
    entries = [replies.entry(base, f.stored, search={"mode": "match"}) for f in hits.matches]
    readable = [f for f in hits.included if access.allows(granted, f.stored.type, "read")]
    entries += [replies.entry(base, f.stored, search={"mode": "include"}) for f in readable]
    if query.ignored:
        entries.append(replies.outcome_entry(query.ignored))
    links = [("self", _address(base, query.type, query.used))]
    if hits.more:
        last: Found = hits.matches[-1]
        links.append(("next", _address(base, query.type, (*query.used, ("_after", seal(last.key, last.stored.id))))))
    return replies.bundle("searchset", entries, links=links, total=hits.total)


def _address(base: str, type_: str, used: Sequence[tuple[str, str]]) -> str:
    return f"{base}/{type_}" + (f"?{urlencode(used)}" if used else "")
