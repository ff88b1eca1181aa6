"""接入系统: each hospital system with its traffic, errors and backlog, and what is settled about it.

An address names the system alone. Nothing here says what a resource says: counts, codes, places.
"""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, redirect, render_template, request, url_for

from engine.errors import Incorrect, NotFound
from engine.store import plain
from fhir_adapters import clients as standing
from fhir_adapters import traffic
from fhir_adapters.arrivals.desk import Desk
from fhir_adapters.terminology import ITEMS
from fhir_adapters.tolerances.kinds import TOLERANCES
from fhir_adapters.tolerances.registration import Registration
from web.pages.blueprint import bp, services

DAYS = (1, 7, 30, 90)
MOST_ARRIVALS = 50
LARGEST_KEYS = 50_000


@bp.get("/clients")
def clients() -> str:
    """All of them: when last seen, what waits."""
    traffic.of(current_app).flush()
    return render_template("clients.html", rows=standing.standings(services()))


@bp.get("/clients/<name>")
def client(name: str) -> str:
    """One of them."""
    return _page(name)


def _page(name: str, **more: Any) -> str:
    traffic.of(current_app).flush()
    asked = request.args.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked[:3]) in DAYS else 7
    desk = _desk()
    found = standing.detail(services(), name, days)
    shown = {
        "detail": found,
        "public_keys": standing.keys_of(found.standing.client),
        "days": days,
        "all_days": DAYS,
        "arrivals": Desk(services()).listed("open", MOST_ARRIVALS, name),
        "tolerances": list(TOLERANCES.values()),
        "codes": desk.codes(name),
        "unmapped": desk.unmapped(name),
        "measured": {key: item.display for key, item in ITEMS.items()},
        "spoken": {key: "en" if item.display.isascii() else "zh-CN" for key, item in ITEMS.items()},
        "agreement": desk.inbound(name),
        "inbound_text": desk.inbound_text(name),
        "done": request.args.get("done"),
    }
    return render_template("client.html", **{**shown, **more})


@bp.post("/clients/<name>/tolerances")
def set_tolerances(name: str) -> Response:
    _desk().set_tolerances(name, request.form.getlist("tolerance"), g.principal)
    return _back(name, "tolerances")


@bp.post("/clients/<name>/keys")
def set_client_keys(name: str) -> Response:
    """It signs with these from now on."""
    text = request.form.get("jwks", "")
    keys = plain.loads(text) if 0 < len(text) <= LARGEST_KEYS else None
    if not isinstance(keys, dict):
        raise Incorrect("请粘贴 JWK Set", "paste a JSON Web Key Set", code="jwks")
    changed = services().people.replace_client_keys(_desk().client(name), keys)
    kids = [key["kid"] for key in standing.keys_of(changed)]
    services().people.audit(g.principal, "set-keys", "client", name, {"kids": kids})
    return _back(name, "public-keys")


@bp.post("/clients/<name>/inbound")
def set_inbound(name: str) -> Response | tuple[str, int]:
    """What is agreed for HL7 v2, CDA, files and views; what is wrong is told beside what was typed."""
    text = request.form.get("text", "")
    try:
        if text.strip():
            _desk().put_inbound(name, text, g.principal)
        else:
            _desk().drop_inbound(name, g.principal)
    except Incorrect as error:
        return _page(name, inbound_text=text, inbound_error=error), 422
    return _back(name, "inbound")


@bp.post("/clients/<name>/codes")
def map_code(name: str) -> Response:
    """What a code means, from now on and in what is stored."""
    given = request.form
    unit = given.get("unit", "").strip()[:32] or None
    done = _desk().map_code(name, _key(), given.get("item", ""), unit, g.principal)
    return _back(name, "codes", changed=done.changed, failed=done.failed)


@bp.post("/clients/<name>/codes/<action>")
def settle_code(name: str, action: str) -> Response:
    """Run again, take back, put aside, hand over."""
    desk = _desk()
    if action == "run":
        done = desk.run_again(name, _key(), g.principal)
        return _back(name, "codes", changed=done.changed, failed=done.failed)
    if action == "drop":
        desk.drop_code(name, _key(), g.principal)
    elif action == "aside":
        desk.set_aside(name, _key(), g.principal)
    elif action == "owner":
        desk.hand_over(name, _key(), request.form.get("owner", "").strip()[:64], g.principal)
    else:
        raise NotFound("没有这个操作", "no such operation")
    return _back(name, "codes")


def _key() -> tuple[str, str]:
    return request.form.get("system", ""), request.form.get("code", "")


def _desk() -> Registration:
    return Registration(services())


def _back(name: str, part: str, **more: Any) -> Response:
    where = url_for("web.client", name=name, done=part, **more)
    return redirect(f"{where}#{part}", 303)  # type: ignore[return-value]
