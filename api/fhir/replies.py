"""FHIR answers: a stored resource as its text, bundles put together from texts, outcomes, and what was refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from flask import Response, g, request

from engine.store import plain
from fhir_adapters.issues import FhirError, Issue, outcome
from fhir_adapters.store.texts import Stored

CONTENT_TYPE = "application/fhir+json; charset=utf-8"
ALGORITHMS = ("RS384", "ES384")


def base(services: Any) -> str:
    """Our own address as the caller reaches it."""
    return (services.settings.base_url or request.url_root.rstrip("/")) + "/fhir"


def json(body: Any, status: int = 200) -> Response:
    return Response(body if isinstance(body, str) else plain.dumps(body), status=status, content_type=CONTENT_TYPE)


def failure(error: FhirError) -> Response:
    g.issues = [*g.get("issues", ()), *error.issues]
    response = json(outcome(error.issues), error.status)
    if error.etag:
        response.headers["ETag"] = error.etag
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="fhir"'
    if error.status in (429, 503):
        response.headers["Retry-After"] = "1"
    return response


def resource(stored: Stored, status: int = 200) -> Response:
    """One version with its ETag; 304 when the caller has it already."""
    if status == 200 and request.method == "GET" and _is_known(stored):
        response = Response(status=304)
    else:
        response = json(stored.text(), status)
    return stamped(response, stored)


def stamped(response: Response, stored: Stored) -> Response:
    response.headers["ETag"] = stored.etag
    response.headers["Last-Modified"] = http_date(stored.updated_at)
    return response


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _is_known(stored: Stored) -> bool:
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        return str(stored.version) in re.findall(r'"(\d+)"', tags) or tags.strip() == "*"
    since = request.headers.get("If-Modified-Since")
    try:
        moment = parsedate_to_datetime(since) if since else None
    except ValueError:
        return False
    if moment is None:
        return False
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return stored.updated_at.replace(microsecond=0) <= moment


def prefers(name: str) -> str | None:
    """`return` or `handling` of the Prefer header."""
    found = re.search(rf"\b{name}\s*=\s*([A-Za-z]+)", request.headers.get("Prefer", ""))
    return found[1].lower() if found else None


def entry(base_url: str, stored: Stored, **parts: Any) -> str:
    """A bundle entry around a stored text."""
    head = {"fullUrl": f"{base_url}/{stored.type}/{stored.id}"}
    tail = plain.dumps(parts).decode()[1:-1]
    body = "" if stored.deleted else f',"resource":{stored.text()}'
    return f"{plain.dumps(head).decode()[:-1]}{body}{',' + tail if tail else ''}}}"


def bundle(
    kind: str, entries: Iterable[str], *, links: Sequence[tuple[str, str]] = (), total: int | None = None
) -> Response:
    head: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    listed = ",".join(entries)
    text = plain.dumps(head).decode()[:-1] + (f',"entry":[{listed}]' if listed else "") + "}"
    return json(text)


def outcome_entry(issues: Sequence[Issue]) -> str:
    return plain.dumps({"resource": outcome(issues), "search": {"mode": "outcome"}}).decode()
