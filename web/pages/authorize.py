"""An app asks: which woman and which visit, what for; the person agrees or does not. The app learns by a code, and only
of what she agreed to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

from flask import Response, g, redirect, render_template, request, url_for

from engine.errors import Incorrect, NotFound
from web import asking, encounters, risk, scope_words, woman
from web.asking import Declined, Wish
from web.encounters import Visit
from web.looking import looking
from web.pages.blueprint import bp, services, today
from workflows.people.apps_model import Asked, NotGranted
from workflows.people.roles import READERS

SHORTEST = 2  # characters by which a woman is looked for
LONGEST_QUERY = 8000


@bp.get("/oauth/authorize")
def authorize() -> Response | str:
    query = request.query_string.decode("ascii", "replace")
    try:
        wish = _wish(query)
    except Declined as declined:
        return redirect(declined.address)  # type: ignore[return-value]
    if g.session is None:
        return redirect(url_for("web.sign_in_form", next=request.full_path))  # type: ignore[return-value]
    if not asking.given_by(wish, g.principal.roles) or not g.principal.roles & READERS:
        return _not_hers(wish)
    if wish.launch is not None:
        return _of_launch(wish, query)
    return _picking(wish, query) if wish.wants_patient else _consent(wish, query, None)


@bp.post("/oauth/authorize")
def authorize_by_post() -> Response:
    """The same, sent as a form (SMART: authorize-post). Nobody is known yet: a browser sends no cookie along from
    another's page, but does where it is sent on to."""
    query = urlencode([(name, value) for name in asking.NAMES for value in request.form.getlist(name)])
    if len(query) > LONGEST_QUERY:
        raise Incorrect("应用的请求过长", "the app's request is too long", code="request")
    try:
        _wish(query)
    except Declined as declined:
        return _to_app(declined.address)
    return redirect(f"{url_for('web.authorize')}?{query}", 303)  # type: ignore[return-value]


@bp.post("/oauth/consent")
def agree() -> Response | str:
    """One step after the other, each with the app's own words, which are read anew."""
    form = request.form
    query = form.get("query", "")[:LONGEST_QUERY]
    try:
        wish = _wish(query)
    except Declined as declined:
        raise Incorrect("应用的请求已失效", "the app's request is not valid any more", code="request") from declined
    step = form.get("step")
    if step == "find":
        return _picking(wish, query, form.get("q", "").strip()[:50])
    if step == "deny":
        services().people.audit(g.principal, "deny-app", "app", str(wish.app.id), {"app": wish.app.client.name})
        return _to_app(asking.answer(wish, {"error": "access_denied", "error_description": "the person did not agree"}))
    if step not in ("choose", "visit", "allow"):
        raise Incorrect("不认识的操作", "no such step", code="step")
    she = _she(wish, form.get("pregnancy", ""))
    if step == "choose":
        return _about(wish, query, she)
    visit = _visit(wish, she, form.get("encounter", ""))
    return _consent(wish, query, she, visit) if step == "visit" else _granted(wish, she, visit)


def _granted(wish: Wish, she: woman.Woman | None, visit: Visit | None) -> Response:
    asked = Asked(
        app=wish.app,
        scopes=asking.given_by(wish, g.principal.roles),
        redirect_uri=wish.redirect_uri,
        code_challenge=wish.code_challenge,
        nonce=wish.nonce,
        patient_id=she.person.get("patient_id") if she else None,
        pregnancy_id=she.pregnancy_id if she else None,
        encounter_id=visit.id if visit else None,
    )
    try:
        code = services().people.grant_app(asked, g.principal, g.session.token, wish.launch)
    except NotGranted:
        raise Incorrect("请从她的页面重新打开应用", "open the app from her page again", code="launch") from None
    return _to_app(asking.answer(wish, {"code": code}))


def _she(wish: Wish, chosen: str) -> woman.Woman | None:
    """Whose page it was opened from, or who was chosen where the app asks for somebody."""
    if wish.launch is not None:
        return _woman(services().people.launched(wish.app, g.principal, wish.launch) or "")
    return _woman(chosen) if wish.wants_patient else None


def _visit(wish: Wish, she: woman.Woman | None, chosen: str) -> Visit | None:
    """Raises NotFound for one that is not hers, or not the person's to see."""
    if she is None or not wish.wants_encounter or not chosen:
        return None
    listed = encounters.newest(services(), g.principal, she.person["patient_id"])
    found = next((one for one in listed if one.id == chosen), None)
    if found is None:
        raise NotFound("没有这次就诊", "no such visit")
    return found


def _wish(query: str) -> Wish:
    given = parse_qs(query, keep_blank_values=True)
    base = (services().settings.base_url or request.url_root.rstrip("/")) + "/fhir"
    return asking.read_wish(services().people, given, base)


def _woman(pregnancy_id: str) -> woman.Woman:
    """Raises NotFound where she is none of the person's."""
    with looking() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
    if not she.person.get("patient_id"):
        raise Incorrect("她的资料还不完整", "her record is not complete yet", code="patient")
    return she


def _of_launch(wish: Wish, query: str) -> Response | str:
    found = services().people.launched(wish.app, g.principal, wish.launch or "")
    if found is None:
        return _sent_back(wish, "invalid_request", "the launch is unknown, over, or another person's")
    return _about(wish, query, _woman(found))


def _about(wish: Wish, query: str, she: woman.Woman | None) -> str:
    """Which of her visits, where the app asks for one and she has any; then what it asks for."""
    if she is not None and wish.wants_encounter:
        listed = encounters.newest(services(), g.principal, she.person["patient_id"])
        if listed:
            return render_template("authorize_visit.html", app=wish.app, query=query, woman=she, visits=listed)
    return _consent(wish, query, she)


def _picking(wish: Wish, query: str, words: str | None = None) -> str:
    found: list[dict[str, Any]] | None = None
    if words is not None and len(words) >= SHORTEST:
        services().people.record_view(g.principal, interaction="search", detail={"app": wish.app.client.name})
        with looking() as conn:
            found = services().patients.search(conn, words, g.principal.organisations)
    return render_template("authorize_patient.html", app=wish.app, query=query, words=words or "", found=found)


def _consent(wish: Wish, query: str, she: woman.Woman | None, visit: Visit | None = None) -> str:
    g.form_action = wish.origin  # the answer leads there
    scopes = asking.given_by(wish, g.principal.roles)
    left_out = wish.scopes - scopes
    return render_template(
        "authorize.html",
        app=wish.app,
        query=query,
        woman=she,
        visit=visit,
        wants_visit=wish.wants_encounter,
        chips=risk.chips(she.variables, g.principal.roles) if she else [],
        lines=scope_words.lines(scopes),
        fewer=bool(left_out),
        origin=wish.origin,
    )


def _not_hers(wish: Wish) -> str:
    back = asking.answer(wish, {"error": "access_denied", "error_description": "not for the roles of this person"})
    return render_template("authorize_refused.html", app=wish.app, back=back)


def _sent_back(wish: Wish, error: str, description: str) -> Response:
    return _to_app(Declined(wish, error, description).address)


def _to_app(address: str) -> Response:
    return redirect(address, 303)  # type: ignore[return-value]
