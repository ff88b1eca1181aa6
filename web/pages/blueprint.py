"""The blueprint of all pages: who is asking, may they, and what every template can use."""

from __future__ import annotations

from base64 import b64encode
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException

from engine.clock import CHINA
from engine.errors import EngineError, Forbidden, Malformed
from web import (
    correction_words,
    county_words,
    errors,
    hospital_words,
    language,
    offline_words,
    operator_words,
    referral_words,
    rights,
    security,
    text,
    words,
)

HERE = Path(__file__).parent.parent
bp = Blueprint("web", "web", template_folder="templates", static_folder="static", static_url_path="/static")
CHANGES = frozenset({"POST", "PUT", "DELETE"})


def services() -> Any:
    """The services that the runtime wired."""
    return current_app.extensions["yuntu"]


def now() -> datetime:
    return services().clock()


def places() -> dict[str, Any]:
    """The organisations, read once per request."""
    if "places" not in g:
        g.places = services().people.organisations()
    return g.places


def today() -> date:
    """The civil date where the women live."""
    return now().astimezone(CHINA).date()


@bp.before_request
def who_is_asking() -> Response | None:
    """Find the session, refuse what the table of rights does not give, and demand the token of our own forms."""
    g.session = _session() if _needs_session() else None
    endpoint = request.endpoint or ""
    if g.session is None and endpoint not in rights.PUBLIC:
        return _to_sign_in()
    if g.session is not None:
        g.principal = g.session.principal
        if not rights.may(g.principal.roles, endpoint):
            raise Forbidden("您的角色不能使用这个页面", "your role may not use this page")
    if request.method in CHANGES and endpoint not in rights.SENT_BY_OTHERS:
        security.require_csrf()
    for values in (request.args, request.form):
        if any("\0" in value for _, value in values.items(multi=True)):
            raise Malformed("内容含有无效字符", "a field holds a character that cannot be stored")
    return None


def _session() -> Any:
    """The one that a hospital's system opened in this frame, else the person's own."""
    cookies = (request.cookies.get(name) for name in (security.FRAMED_COOKIE, security.SESSION_COOKIE))
    return next((found for token in cookies if token and (found := services().people.session(token))), None)


def _needs_session() -> bool:
    return request.endpoint not in ("web.static", "web.colours", "web.service_worker", "web.offline")


def _to_sign_in() -> Response:
    if request.method in CHANGES:
        return errors.page(401, errors.Text(zh="登录已失效，请重新登录", en="signed out; please sign in again"))
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("web.sign_in_form", next=target if target != "/" else None))  # type: ignore[return-value]


@bp.after_request
def protect(response: Response) -> Response:
    if request.method == "POST" and response.status_code == 303:
        security.say_taken(response, request.form.get("kept", ""))
    return security.protect(response)


@bp.errorhandler(EngineError)
def engine_error(error: EngineError) -> Response:
    return errors.from_engine(error)


@bp.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    return errors.from_http(error)


@cache
def _fingerprint(filename: str) -> str:
    return sha256((HERE / "static" / filename).read_bytes()).hexdigest()[:12]


def asset(filename: str) -> str:
    """The address of a static file; it changes when the file does."""
    return url_for("web.static", filename=filename, v=_fingerprint(filename))


def _place_of(organisation_id: str) -> str:
    found = places().get(organisation_id)
    return found.name if found else organisation_id


def _pack_notice() -> Any:
    """Why cases of this installation are a demonstration today; None where real ones may start."""
    return services().regions(services().settings.pack).only_shown(today())


@bp.app_context_processor
def for_templates() -> dict[str, Any]:
    """Also for error pages of addresses that are no page of ours: then nobody has asked for the session yet."""
    if "session" not in g:
        g.session = _session()
    session = g.session
    roles = session.principal.roles if session else frozenset()
    return {
        "_": language.gettext,
        "pick": language.pick,
        "lang": language.current(),
        "html_lang": language.LANGUAGES[language.current()],
        "principal": session.principal if session else None,
        "csrf": security.csrf_token(),
        "device_key": b64encode(session.device_key).decode() if session else "",
        "kept_words": offline_words.kept_words,
        "asset": asset,
        "may": lambda endpoint: rights.may(roles, endpoint),
        "demo": services().settings.demo,
        "now": now(),
        "place_of": _place_of,
        "pack_notice": _pack_notice() if session else None,
        **text.FILTERS,
        **words.FOR_TEMPLATES,
        **county_words.FOR_TEMPLATES,
        **correction_words.FOR_TEMPLATES,
        **operator_words.FOR_TEMPLATES,
        **hospital_words.FOR_TEMPLATES,
        **referral_words.FOR_TEMPLATES,
    }
