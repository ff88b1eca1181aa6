"""Read, vread, history, search. Each look at a woman's record leaves its audit row in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response

from api.fhir import replies
from api.fhir.guard import known_type, principal, scopes, viewer
from fhir_adapters import access, capability
from fhir_adapters.issues import not_found, refuse
from fhir_adapters.search.query import Here, Query, read_query, seal, types_in
from fhir_adapters.store import resources
from fhir_adapters.store.search import Found, Hits
from fhir_adapters.store.search import search as run_search
from fhir_adapters.types import MATTER

VERSION, PUBLISHED = "0.1.0", datetime(2026, 1, 5, tzinfo=UTC)
PAGE = 50


def metadata(services: Any) -> Response:
    return replies.json(capability.statement(base=replies.base(services), version=VERSION, published=PUBLISHED))


@contextmanager
def looking(services: Any) -> Iterator[Any]:
    """A connection in one transaction: what is read and the trace of it stand or fall together."""
    with services.pool.connection() as conn, conn.transaction():
        yield conn


@contextmanager
def looking_as_caller(services: Any) -> Iterator[Any]:
    """For reading: what the caller may not know of is not there. The pool's own transaction is enough; the trace is
    the only thing written."""
    with services.pool.connection() as conn:
        resources.narrow(conn, viewer())
        yield conn


def trace(
    services: Any, conn: Any, interaction: str, type_: str, id_: str | None, patients: Iterable[str | None]
) -> None:
    women = {one for one in patients if one and not one.startswith(MATTER)}
    services.people.record_access(
        conn, principal=principal(), interaction=interaction, resource_type=type_, resource_id=id_, patient_ids=women
    )


def read(services: Any, type_: str, id_: str, version: str | None) -> Response:
    interaction = "read" if version is None else "vread"
    access.require(scopes(), known_type(type_), interaction)
    number = int(version) if version and version.isascii() and version.isdigit() and len(version) < 10 else None
    if version is not None and number is None:
        raise not_found()
    with looking_as_caller(services) as conn:
        found = resources.read(conn, services.region_id, type_, id_[:64], viewer(), number)
        if found is None:
            raise not_found()
        trace(services, conn, interaction, type_, id_, [found[1]])
    if found[0].deleted:
        raise refuse(410, "deleted", "MCH-V-0410", "资源已删除", "the resource was deleted")
    return replies.resource(found[0])


def search(services: Any, type_: str, pairs: list[tuple[str, str]]) -> Response:
    access.require(scopes(), known_type(type_), "search")
    query = asked(services, type_, pairs)
    with services.pool.connection() as conn:  # the search itself narrows it before anything of a resource is read
        hits = run_search(conn, services.region_id, query, viewer())
        trace(services, conn, "search", type_, None, [f.patient_id for f in (*hits.matches, *hits.included)])
    return page(replies.base(services), query, hits, scopes())


def asked(services: Any, type_: str, pairs: Iterable[tuple[str, str]]) -> Query:
    """What is searched for. A condition on another type tells of that type: it needs the scope for it too."""
    here = Here(own=replies.base(services), now=services.clock())
    query = read_query(type_, pairs, strict=replies.prefers("handling") == "strict", here=here)
    for one in sorted(types_in(query)):
        access.require(scopes(), one, "search")
    return query


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
