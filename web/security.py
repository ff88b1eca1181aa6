"""What every answer carries, and what every change must bring along."""

from __future__ import annotations

import re
import secrets
from hmac import compare_digest

from flask import Response, g, request

from engine.errors import Forbidden

SESSION_COOKIE = "yuntu_session"
FRAMED_COOKIE = "yuntu_framed"  # of a session that a hospital's own system has opened
LAUNCH_COOKIE = "yuntu_launch"  # who began such a sign-in is the one to end it
GUEST_COOKIE = "yuntu_guest"  # stands in for the session's token before anyone has signed in
TAKEN_COOKIE = "yuntu_taken"
FILLING = re.compile(r"[A-Za-z0-9-]{1,100}")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the diagram bundle draws two of its icons as data
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
DIAGRAM_POLICY = POLICY + "; style-src-attr 'unsafe-inline'"  # bpmn-js positions its layers by style attributes
PAPER_POLICY = "sandbox allow-modals; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def csrf_token() -> str:
    """What every form sends along: the session's own token, or before sign-in a random value kept in a cookie."""
    if g.session is not None:
        return str(g.session.csrf)
    if "guest" not in g:
        g.guest = request.cookies.get(GUEST_COOKIE) or secrets.token_urlsafe(24)
    return g.guest


def require_csrf() -> None:
    """Raises Forbidden when a change was not sent by a page of ours for this very session."""
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    expected = g.session.csrf if g.session is not None else request.cookies.get(GUEST_COOKIE, "")
    if not expected or not compare_digest(sent.encode(), expected.encode()):
        raise Forbidden("页面已过期，请刷新后重试", "the page is out of date; reload and try again", code="csrf")


def protect(response: Response) -> Response:
    """Headers for every page; a page about people is never kept by a browser or a proxy."""
    policy = DIAGRAM_POLICY if g.get("shows_diagram") else POLICY
    if g.get("shows_paper"):
        policy = PAPER_POLICY
    if g.get("form_action"):  # what is agreed to here leads to the app that asked
        policy = policy.replace("form-action 'self'", f"form-action 'self' {g.form_action}")
    origins = g.get("frame_origins") or (g.session.framed_by if g.get("session") is not None else ())
    if origins:  # registered, one by one; anybody else shows nothing of ours inside of theirs
        policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}")
    response.headers["Content-Security-Policy"] = policy
    for name, value in HEADERS.items():
        if not (origins and name == "X-Frame-Options"):  # it knows of no list
            response.headers[name] = value
    if request.endpoint != "web.static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if g.get("guest") and request.cookies.get(GUEST_COOKIE) != g.guest:
        set_cookie(response, GUEST_COOKIE, g.guest)
    return response


def say_taken(response: Response, filling: str) -> None:
    """The browser may forget the form that it kept while the server was away: its number, for the page's script."""
    if FILLING.fullmatch(filling):
        response.set_cookie(TAKEN_COOKIE, filling, max_age=3600, samesite="Lax", secure=request.is_secure, path="/")


def set_framed_cookie(response: Response, name: str, value: str) -> None:
    """For a page inside of another system's: sent along there too, and kept apart from that of our own pages."""
    response.set_cookie(name, value, httponly=True, samesite="None", secure=True, partitioned=True, path="/")


def forget_framed(response: Response) -> None:
    response.delete_cookie(FRAMED_COOKIE, path="/", httponly=True, samesite="None", secure=True, partitioned=True)


def set_cookie(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="Lax", secure=request.is_secure, path="/")
