"""What OAuth says when it refuses, and how it says anything: never kept by a browser or a proxy."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.store import plain


class Refused(Exception):
    """An OAuth error; the description never says which check failed for a client that is not known."""

    def __init__(self, error: str, description: str, status: int = 400, after_s: int | None = None) -> None:
        self.error, self.description, self.status, self.after_s = error, description, status, after_s


def unkept(body: dict[str, Any], status: int = 200) -> Response:
    response = Response(plain.dumps(body), status=status, content_type="application/json")
    response.headers["Cache-Control"], response.headers["Pragma"] = "no-store", "no-cache"
    return response


def refusal(refused: Refused) -> Response:
    response = unkept({"error": refused.error, "error_description": refused.description}, refused.status)
    if refused.after_s is not None:
        response.headers["Retry-After"] = str(refused.after_s)
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="oauth"'
    return response
