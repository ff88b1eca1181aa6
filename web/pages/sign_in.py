"""Signing in and out, the language, the colours' style sheet, and the way home."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import EngineError
from web import language, rights, risk, security
from web.pages.blueprint import bp, services

YEAR_S = 365 * 86_400


@bp.get("/")
def home() -> Response:
    """To the page this person works on."""
    if rights.may(g.principal.roles, "web.audit"):
        return redirect(url_for("web.audit"))  # type: ignore[return-value]
    start = "web.tasks" if rights.may(g.principal.roles - rights.LOOK_AT_DIAGRAMS, "web.tasks") else "web.definitions"
    return redirect(url_for(start))  # type: ignore[return-value]


@bp.get("/sign-in")
def sign_in_form() -> Response | str:
    return render_template("sign_in.html", login="", next=_inside(request.args.get("next")), error=None)


@bp.post("/sign-in")
def sign_in() -> Response:
    """303 with a fresh session; 401 with one and the same sentence for everything that is wrong."""
    login, target = request.form.get("login", ""), _inside(request.form.get("next"))
    try:
        session = services().people.sign_in(login, request.form.get("password", ""), remote=request.remote_addr or "")
    except EngineError as error:
        body = render_template("sign_in.html", login=login, next=target, error=language.pick(error.message))
        return make_response(body, 401)
    answer = redirect(target or url_for("web.home"), 303)
    security.set_cookie(answer, security.SESSION_COOKIE, session.token)  # type: ignore[arg-type]
    security.forget_framed(answer)  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]


@bp.post("/sign-out")
def sign_out() -> Response:
    services().people.sign_out(g.session.token)
    answer = redirect(url_for("web.sign_in_form"), 303)
    answer.delete_cookie(security.SESSION_COOKIE, path="/")
    security.forget_framed(answer)  # type: ignore[arg-type]
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'  # a shared computer keeps nothing of hers
    return answer  # type: ignore[return-value]


@bp.post("/language")
def set_language() -> Response:
    """Remember the language and return to the page it was chosen on."""
    chosen = request.form.get("lang", "zh")
    answer = redirect(_inside(request.form.get("next")) or url_for("web.home"), 303)
    security.set_cookie(answer, language.COOKIE, chosen if chosen in language.LANGUAGES else "zh", YEAR_S)  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]


@bp.get("/colours.css")
def colours() -> Response:
    answer = make_response(risk.stylesheet())
    answer.headers["Content-Type"] = "text/css; charset=utf-8"
    answer.headers["Cache-Control"] = "max-age=3600"
    return answer


def _inside(target: str | None) -> str | None:
    """An address of this site, or None: a redirect never leads elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    return target if not parts.netloc and not parts.scheme and "\\" not in target else None
