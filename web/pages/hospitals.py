"""从医院系统打开: hospital IT registers whose own system opens our pages, says as which account its people come in,
changes the key by which we sign in there, and switches one off."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, g, redirect, render_template, request, url_for

from engine.clock import system_clock
from engine.errors import EngineError, Incorrect
from fhir_adapters.partners import keys
from web.language import pick
from web.pages.blueprint import bp, services
from workflows.people.hospitals import NETWORKS, SCOPES, Hospital

AUTHENTICATIONS = ("none", "private_key_jwt")
LINES = ("title", "issuer", "client_id", "authentication", "network", "scopes", "origins", "identifiers")


@bp.get("/hospitals")
def hospitals() -> str:
    """All of them; with `issuer` one of them to correct, and its people."""
    issuer = request.args.get("issuer")
    return _page(None if issuer is None else services().people.hospital_of(g.principal, issuer))


@bp.post("/hospitals")
def register_hospital() -> Response | tuple[str, int]:
    """What is wrong is told beside what was typed."""
    given = {name: request.form.get(name, "").strip() for name in LINES}
    known = request.form.get("known", "")
    before = services().people.hospital_of(g.principal, known) if known else None
    try:
        services().people.put_hospital(_read(given, before), by=g.principal)
    except EngineError as error:
        return _page(before, error=pick(error.message), given=given), 422
    return _back(before.issuer if before else given["issuer"])


@bp.post("/hospitals/switch")
def switch_hospital() -> Response:
    """Off: nobody comes in from there, and who came in is out."""
    found = services().people.hospital_of(g.principal, request.form.get("issuer", ""))
    services().people.switch_hospital(found.issuer, request.form.get("active") == "1", by=g.principal)
    return _back(found.issuer)


@bp.post("/hospitals/people")
def map_hospital_person() -> Response | tuple[str, int]:
    """As which account somebody of that hospital comes in; without an account as none."""
    people, form = services().people, request.form
    found = people.hospital_of(g.principal, form.get("issuer", ""))
    external, login = form.get("external", "").strip()[:500], form.get("account", "").strip()[:100]
    try:
        if form.get("remove") == "1":
            people.unmap_person(found.issuer, external)
        else:
            people.map_person(found.issuer, external, login, by=g.principal.login)
    except EngineError as error:
        return _page(found, people_error=pick(error.message), person={"external": external, "account": login}), 422
    people.audit(g.principal, "map-person", "hospital", found.issuer, {"account": login or None})
    return _back(found.issuer)


@bp.post("/hospitals/keys")
def rotate_hospital_keys() -> Response:
    """A new key signs from now on; the ones before stay published, so that nothing stops in between."""
    with services().pool.connection() as conn:
        kid = keys.rotate(conn, services().region_id, system_clock())
    services().people.audit(g.principal, "set-keys", "installation", services().region_id, {"kids": [kid]})
    return redirect(url_for("web.hospitals", done="keys") + "#signing", 303)  # type: ignore[return-value]


def _read(given: dict[str, str], before: Hospital | None) -> Hospital:
    """Raises Incorrect. The address of one that is known is what it is known by, and stays."""
    if before is None and any(one.issuer == given["issuer"] for one in services().people.hospitals_of(g.principal)):
        raise Incorrect(
            "这家医院的系统已登记，请在列表中更正", "it is registered; correct it from the list", code="issuer"
        )
    return Hospital(
        issuer=before.issuer if before else given["issuer"][:500],
        title=given["title"][:80],
        organisation_id=before.organisation_id if before else g.principal.organisation,
        client_id=given["client_id"][:200],
        authentication=given["authentication"],
        network=given["network"],
        scopes=given["scopes"][:1000] or SCOPES,
        origins=tuple(given["origins"].split()),
        identifiers=tuple(given["identifiers"].split()),
    )


def _page(one: Hospital | None, **more: object) -> str:
    people = services().people
    with services().pool.connection() as conn:
        published = keys.published(conn, services().region_id, system_clock())["keys"]
    shown = {
        "hospitals": people.hospitals_of(g.principal),
        "one": one,
        "mapped": people.mapped_people(one.issuer) if one else [],
        "kids": [key["kid"] for key in published],
        "base": services().settings.base_url or request.url_root.rstrip("/"),
        "authentications": AUTHENTICATIONS,
        "networks": NETWORKS,
        "address_of": _address,
        "given": _given(one),
        "person": {},
        "done": request.args.get("done"),
    }
    return render_template("hospitals.html", **{**shown, **more})


def _given(one: Hospital | None) -> dict[str, str]:
    if one is None:
        return {"scopes": SCOPES}
    lists = {"origins": " ".join(one.origins), "identifiers": " ".join(one.identifiers)}
    return {**{name: str(getattr(one, name)) for name in LINES}, **lists}


def _back(issuer: str) -> Response:
    return redirect(_address(issuer, done="saved"), 303)  # type: ignore[return-value]


def _address(issuer: str, **more: str) -> str:
    """Its address stands whole in the query, slashes and all."""
    return f"{url_for('web.hospitals')}?{urlencode({'issuer': issuer, **more})}"
