"""Apps that run in a browser call us from pages of their own: registered public apps may, and no others (CORS)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response, request

PATHS = ("/fhir", "/oauth/token", "/oauth/revoke", "/oauth/introspect", "/.well-known")
METHODS = "GET, POST, PUT, PATCH, DELETE"
SENT = "Authorization, Content-Type, Accept, If-Match, If-None-Match, If-None-Exist, Prefer"
TOLD = "ETag, Location, Content-Location, Last-Modified, X-Request-Id"
KEPT_S = 600


def preflight(services: Any) -> Response | None:
    """The answer to a browser that asks whether it may ask; without cookies, which no app of others is sent."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or not _is_for_apps():
        return None
    response = Response(status=204)
    if _is_allowed(services):
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = str(KEPT_S)
    return response


def answer(services: Any, response: Response) -> Response:
    """What a browser has to read before it hands the answer to the app."""
    if request.headers.get("Origin") and _is_for_apps():
        response.headers.add("Vary", "Origin")
        if _is_allowed(services):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = TOLD
    return response


def _is_for_apps() -> bool:
    return any(request.path == path or request.path.startswith(path + "/") for path in PATHS)


def _is_allowed(services: Any) -> bool:
    origin = request.headers.get("Origin", "")
    return any(
        origin == _origin(address)
        for one in services.people.apps()
        if one.client.active and one.authentication == "none"
        for address in one.redirect_uris
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
