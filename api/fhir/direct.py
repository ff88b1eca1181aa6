"""A plain read by id, answered without the web framework: it is most of what hospital systems ask, and routing, request
and response objects cost more than everything between them.

Nothing is refused here. What is not plain is left to the framework, and so is whatever turns out not to be there or not
to be the caller's: it asks everything anew and says why. So there is one place for every refusal, and this one can only
say what it would have said. `tests/fhir/test_direct.py` compares the two, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from flask import Flask

from api.fhir import formats
from api.fhir.guard import bearer
from api.fhir.replies import CONTENT_TYPE, http_date
from fhir_adapters import access, traffic
from fhir_adapters.access import Viewer
from fhir_adapters.store import resources
from fhir_adapters.types import TYPES

ENDPOINT = "fhir.read"
Headers: TypeAlias = list[tuple[str, str]]
Direct: TypeAlias = Callable[[Mapping[str, Any]], tuple[Headers, bytes] | None]
_PLACE = re.compile(r"/fhir/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
# Each asks for more than the stored text: the framework's business.
_NOT_PLAIN = (
    *("QUERY_STRING", "SCRIPT_NAME", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING"),
    *("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_RANGE"),
    "HTTP_ORIGIN",
)


def reads(app: Flask, services: Any) -> Direct:
    """Status 200 with headers and body for a WSGI environment, or None."""
    types = frozenset(_routed_as_reads(app, TYPES))
    pool, region_id, people = services.pool, services.region_id, services.people
    counts = traffic.of(app)

    def answer(environ: Mapping[str, Any]) -> tuple[Headers, bytes] | None:
        place = _PLACE.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "GET" else None
        if place is None or any(environ.get(name) for name in _NOT_PLAIN):
            return None
        type_, id_ = place.groups()
        token = bearer(environ.get("HTTP_AUTHORIZATION", ""))
        if type_ not in types or not token or formats.accepted(environ.get("HTTP_ACCEPT", "*/*")) != "json":
            return None
        believed = people.remembered(token)
        if believed is None or not access.may(believed.principal.scopes, type_, "read"):
            return None
        viewer, organisation = Viewer.of(believed.principal), believed.principal.organisation
        if viewer.narrowing is not None or believed.principal.app is not None:
            return None
        with pool.bare() as conn:
            found = resources.read_traced(conn, region_id, type_, id_, viewer, organisation, believed)
        if found is None:
            return None
        if believed.principal.kind == "client":
            counts.add(believed.principal.login, [("traffic", type_, "read", "200", "")])
        body = found.text().encode()
        headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body))), ("ETag", found.etag)]
        return [*headers, ("Last-Modified", http_date(found.updated_at))], body

    return answer


def _routed_as_reads(app: Flask, types: Iterable[str]) -> Iterable[str]:
    """The types whose address the framework, too, would take for that of a read."""
    routes = app.url_map.bind("")
    return (type_ for type_ in types if routes.match(f"/fhir/{type_}/1", method="GET")[0] == ENDPOINT)
