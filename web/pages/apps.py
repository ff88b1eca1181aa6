"""Apps: hospital IT registers and switches them off; from a woman's page they are opened on her."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Response, g, redirect, render_template, request, url_for

from engine.errors import EngineError, Incorrect, NotFound
from engine.store import plain
from fhir_adapters import access
from web import woman
from web.language import pick
from web.looking import looking
from web.pages.blueprint import bp, services, today
from workflows.people.apps import AUTHENTICATIONS
from workflows.people.apps_model import App
from workflows.people.scopes import AROUND


@bp.get("/apps")
def apps() -> str:
    return _page()


@bp.post("/apps")
def register_app() -> Response | tuple[str, int]:
    """The secret, where there is one, is shown on this one page and kept nowhere."""
    form = request.form
    try:
        scopes = form.get("scopes", "").split()
        wrong = access.unknown(scopes, AROUND)
        if wrong:
            raise Incorrect(f"权限范围“{wrong[0][:80]}”无效", f"{wrong[0][:80]!r} is not a scope", code="invalid-scope")
        made = services().people.add_app(
            name=form.get("name", "").strip()[:80],
            title=form.get("title", "").strip()[:80],
            organisation_id=g.principal.organisation,
            scopes=scopes,
            redirect_uris=form.get("redirect_uris", "").split(),
            authentication=form.get("authentication", ""),
            launch_uri=form.get("launch_uri", "").strip() or None,
            jwks=_keys(form.get("jwks", "")),
            by=g.principal,
        )
    except EngineError as error:
        return _page(error=pick(error.message), given=form), 422
    return _page(made=made.app, secret=made.secret), 201


@bp.post("/apps/<uuid:client_id>/switch")
def switch_app(client_id: object) -> Response:
    """Off: whatever people granted it ends now."""
    found = _app(str(client_id))
    services().people.switch_app(found, request.form.get("active") == "1", by=g.principal)
    return redirect(url_for("web.apps"), 303)  # type: ignore[return-value]


@bp.post("/apps/<uuid:client_id>/secret")
def new_app_secret(client_id: object) -> str:
    found = _app(str(client_id))
    return _page(made=found, secret=services().people.new_app_secret(found, by=g.principal))


@bp.get("/pregnancies/<pregnancy_id>/apps/<uuid:client_id>")
def launch_app(pregnancy_id: str, client_id: object) -> Response:
    """To the app, with what gets it this woman and nobody else."""
    found = services().people.app(str(client_id))
    if found is None or found.launch_uri is None:
        raise NotFound("没有这个应用", "no such app")
    with looking() as conn:
        woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
    token = services().people.launch_app(found, g.principal, pregnancy_id)
    base = (services().settings.base_url or request.url_root.rstrip("/")) + "/fhir"
    mark = "&" if urlsplit(found.launch_uri).query else "?"
    return redirect(f"{found.launch_uri}{mark}{urlencode({'iss': base, 'launch': token})}")  # type: ignore[return-value]


def launchable() -> list[App]:
    """Apps that open from a woman's page, for whoever works in the organisation that registered them, or below it."""
    own = g.principal.organisations
    return [
        one
        for one in services().people.apps()
        if one.launch_uri and one.client.active and one.client.organisation_id in own
    ]


def _app(client_id: str) -> App:
    found = next((one for one in services().people.apps() if str(one.id) == client_id), None)
    if found is None or found.client.organisation_id not in g.principal.organisations:
        raise NotFound("没有这个应用", "no such app")
    return found


def _keys(text: str) -> dict[str, object] | None:
    if not text.strip():
        return None
    found = plain.loads(text.encode())
    return found if isinstance(found, dict) else {}


def _page(**more: object) -> str:
    listed = [one for one in services().people.apps() if one.client.organisation_id in g.principal.organisations]
    given = more.pop("given", {})
    return render_template("apps.html", apps=listed, authentications=AUTHENTICATIONS, given=given, **more)
