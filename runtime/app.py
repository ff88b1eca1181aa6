"""The web application: every room's blueprints, one guard, one way to answer errors, limits and headers."""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

import api
import web
from api import errors, fhir, oauth
from engine.errors import EngineError, Forbidden
from web import errors as pages
from workflows.people import access
from workflows.services import Services

ACCESS_LOG = logging.getLogger("yuntu.access")
LARGEST = 1_000_000  # bytes of a request, unless a row below says otherwise
LARGEST_BY_PATH = (("/fhir", 10_000_000), ("/api/definitions", 5_000_000), ("/design", 5_000_000))
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
MACHINE_PATHS = ("/api", "/health", "/metrics", "/oauth", "/.well-known")


def create_app(services: Services) -> Flask:
    """Deny by default: a route that no row of the access table admits answers 403 to everybody."""
    app = Flask("yuntu", static_folder=None)
    app.extensions["yuntu"] = services
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.before_request(_begin)
    for bp in (*api.blueprints(services), *_other_rooms(services)):
        app.register_blueprint(bp)
    app.register_error_handler(HTTPException, lambda error: _http_error(error))
    app.register_error_handler(EngineError, lambda error: _engine_error(error))
    app.register_error_handler(Exception, lambda error: _fault(services, error))
    app.after_request(_finish)
    return app


def _other_rooms(services: Services) -> list[Any]:
    return [fhir.blueprint(services), oauth.blueprint(services), *web.blueprints(services)]


def _begin() -> None:
    g.began, g.request_id = time.perf_counter(), uuid.uuid4().hex[:16]
    request.max_content_length = next((size for path, size in LARGEST_BY_PATH if _under(path)), LARGEST)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType
    if request.endpoint is not None and access.row_of(request.endpoint) is None:
        raise Forbidden("此接口未开放", "this route is open to nobody")


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    took = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
    ACCESS_LOG.info("%s %s %d %.1f %s", request.method, _safe_path(), response.status_code, took, g.get("request_id"))
    return response


def _safe_path() -> str:
    """Without the query: it may hold a name or a number; without control characters: they could forge a line."""
    return "".join(letter if letter.isprintable() else "?" for letter in request.path[:200])


def _http_error(error: HTTPException) -> Response:
    if _under("/fhir"):
        return _outcome(error.code or 500, errors.TITLES.get(error.code or 500, errors.TITLES[500]))
    if _for_machines():
        return errors.from_http(error)
    return _web_page(error.code or 500)


def _engine_error(error: EngineError) -> Response:
    status = errors.STATUS.get(error.category, 500)
    if _under("/fhir"):
        return _outcome(status, error.message)
    if _for_machines():
        return errors.from_engine(error)
    return _web_page(status)


def _fault(services: Services, error: Exception) -> Response:
    answer = errors.from_fault(error, services.database_is_away)
    if _under("/fhir"):
        return _outcome(answer.status_code, errors.TITLES[answer.status_code])
    return answer if _for_machines() else _web_page(answer.status_code)


def _outcome(status: int, message: Any) -> Response:
    code = {404: "not-found", 403: "forbidden", 401: "login", 409: "conflict", 503: "transient"}.get(
        status, "processing"
    )
    if status >= 500 and status != 503:
        code = "exception"
    issue = {"severity": "error", "code": code, "diagnostics": f"{message.zh} {message.en}"}
    body = errors.plain.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
    return Response(body, status=status, content_type="application/fhir+json")


def _web_page(status: int) -> Response:
    return pages.not_found() if status == 404 else pages.failed(status)


def _for_machines() -> bool:
    return any(_under(path) for path in MACHINE_PATHS)


def _under(path: str) -> bool:
    return request.path == path or request.path.startswith(path + "/") or request.path.startswith(path + ".")
