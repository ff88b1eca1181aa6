"""The web application: every room's blueprints, one guard, one way to answer errors, limits and headers."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, UnsupportedMediaType
from werkzeug.routing import Rule

import api
import web
from api import errors, fhir, oauth
from api.fhir import direct
from api.oauth import origins
from engine.errors import EngineError, Forbidden
from fhir_adapters import traffic
from fhir_adapters.issues import of_status, outcome
from web import errors as pages
from workflows.people import access
from workflows.services import Services

ACCESS_LOG = logging.getLogger("yuntu.access")
LOG = logging.getLogger("yuntu.http")
LARGEST = 1_000_000  # bytes of a request, unless a row below says otherwise
TAKES_FILES = ("attach", "attach_to_task")
LARGEST_ATTACHMENT = 5_500_000  # with what stands around the file
LARGEST_BY_PATH = (
    ("/fhir", 10_000_000),
    ("/api/definitions", 5_000_000),
    ("/design", 5_000_000),
    ("/institutions", 2_500_000),
    ("/api/arrivals", 2_500_000),
    ("/arrivals", 3_500_000),
)
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
    app.url_rule_class = _Route
    app.extensions["yuntu"] = services
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    traffic.begin(app, services)
    app.before_request(_begin)
    app.before_request(lambda: origins.preflight(services))
    for bp in (*api.blueprints(services), *_other_rooms(services)):
        app.register_blueprint(bp)
    app.register_error_handler(HTTPException, lambda error: _http_error(error))
    app.register_error_handler(EngineError, lambda error: _engine_error(error))
    app.register_error_handler(Exception, lambda error: _fault(services, error))
    app.after_request(_finish)
    app.after_request(lambda response: origins.answer(services, response))
    if access.row_of(direct.ENDPOINT) is not None:
        app.wsgi_app = _Directly(app, services)  # type: ignore[method-assign]
    return app


def _other_rooms(services: Services) -> list[Any]:
    return [fhir.blueprint(services), oauth.blueprint(services), *web.blueprints(services)]


class _Route(Rule):
    """Of some 350 addresses few are ever linked to from here: what puts an address together is compiled when it is
    first wanted, which spares nine tenths of making the application."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(super(_Route, self)._compile_builder(append_unknown))
            return compiled[0](rule, **values)

        return build


class _Directly:
    """In front of the framework: what can be answered without it, with the same headers and the same line in the log.
    Where that fails the framework tries, and says what is wrong as it always does."""

    def __init__(self, app: Flask, services: Services) -> None:
        self._framework, self._answer = app.wsgi_app, direct.reads(app, services)
        self._headers = [*HEADERS.items()]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        began = time.perf_counter()
        try:
            found = self._answer(environ)
        except Exception as error:  # a database that is away, most likely: the framework has the words for it
            LOG.warning("not answered directly: %s", type(error).__name__)
            found = None
        if found is None:
            return self._framework(environ, start_response)
        (headers, body), request_id = found, _new_id()
        start_response("200 OK", [*headers, *self._headers, ("X-Request-Id", request_id)])
        took = (time.perf_counter() - began) * 1000
        ACCESS_LOG.info("GET %s 200 %.1f %s", environ["PATH_INFO"], took, request_id)
        return [body]


def _new_id() -> str:
    return uuid.uuid4().hex[:16]


def _begin() -> None:
    g.began, g.request_id = time.perf_counter(), _new_id()
    if (request.endpoint or "").partition(".")[2] in TAKES_FILES:
        request.max_content_length = LARGEST_ATTACHMENT
    else:
        request.max_content_length = next((size for path, size in LARGEST_BY_PATH if _under(path)), LARGEST)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType
    if request.endpoint is not None and access.row_of(request.endpoint) is None:
        raise Forbidden("此接口未开放", "this route is open to nobody")


def _finish(response: Response) -> Response:
    there = {name.lower() for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name.lower() not in there and not (name == "X-Frame-Options" and _may_be_framed(response)):
            response.headers.add(name, value)  # `setdefault` looks through all of them for each
    response.headers["X-Request-Id"] = g.get("request_id", "")
    took = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
    ACCESS_LOG.info("%s %s %d %.1f %s", request.method, _safe_path(), response.status_code, took, g.get("request_id"))
    return response


def _may_be_framed(response: Response) -> bool:
    """A page whose own policy names who may show it inside of theirs."""
    policy = response.headers.get("Content-Security-Policy", "")
    return "frame-ancestors " in policy and "frame-ancestors 'none'" not in policy


def _safe_path() -> str:
    """Without the query: it may hold a name or a number; without control characters: they could forge a line."""
    path = request.path[:200]
    return path if path.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in path)


def _http_error(error: HTTPException) -> Response:
    if _under("/fhir"):
        title = errors.TITLES.get(error.code or 500, errors.TITLES[500])
        methods = sorted(getattr(error, "valid_methods", None) or ())
        answer = _outcome(error.code or 500, title, " | ".join(methods) or None)
        if methods:
            answer.headers["Allow"] = ", ".join(methods)
        return answer
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


def _outcome(status: int, message: Any, allowed: str | None = None) -> Response:
    refused = of_status(status, message.zh, message.en, allowed=allowed)
    answer = Response(
        errors.plain.dumps(outcome(refused.issues)), status=status, content_type="application/fhir+json; charset=utf-8"
    )
    if status == 503:
        answer.headers["Retry-After"] = "1"
    return answer


def _web_page(status: int) -> Response:
    return pages.not_found() if status == 404 else pages.failed(status)


def _for_machines() -> bool:
    return any(_under(path) for path in MACHINE_PATHS)


def _under(path: str) -> bool:
    return request.path == path or request.path.startswith(path + "/") or request.path.startswith(path + ".")
