"""`/api/apps`, `/api/hospitals`: what hospital IT registers for sign-in: apps that act for people here, and hospitals
whose own system opens our pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import fields

from api.answers import reply
from api.requests import PlainObject, Strict, load, only, principal, text
from engine.errors import Incorrect, Malformed, NotFound
from fhir_adapters.access import unknown
from workflows.people.apps_model import App
from workflows.people.hospitals import SCOPES, Hospital
from workflows.people.scopes import AROUND
from workflows.services import Services


class AppBody(Strict):
    name = text(80, required=True)
    title = text(80, required=True)
    organisation = text(80)  # by default the caller's own
    scopes = text(4000, required=True)
    redirect_uris = fields.List(text(1000), required=True)
    authentication = text(40, required=True)
    launch_uri = text(1000)
    jwks = PlainObject()


class SwitchBody(Strict):
    active = fields.Boolean(required=True)


class HospitalBody(Strict):
    issuer = text(500, required=True)
    title = text(80, required=True)
    organisation = text(80)
    client_id = text(200, required=True)
    authentication = text(40, load_default="none")
    scopes = text(1000, load_default=SCOPES)
    origins = fields.List(text(500), load_default=list)
    identifiers = fields.List(text(500), load_default=list)
    network = text(20, load_default="public")


class PersonBody(Strict):
    issuer = text(500, required=True)
    external = text(500, required=True)
    account = text(100)  # left out: nobody any more


class HospitalSwitchBody(Strict):
    issuer = text(500, required=True)
    active = fields.Boolean(required=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("apps", __name__, url_prefix="/api")
    people = services.people

    @bp.get("/apps")
    def listed() -> Response:
        """Apps of the caller's organisations; never a secret."""
        only()
        own = principal().organisations
        found = [_app_json(one) for one in people.apps() if one.client.organisation_id in own]
        return reply({"items": found})

    @bp.post("/apps")
    def register() -> Response:
        """201 with the client id, and with the secret where it has one: it is told here and never again."""
        body = load(AppBody())
        scopes = body["scopes"].split()
        wrong = unknown(scopes, AROUND)
        if wrong:
            raise Incorrect(f"权限范围“{wrong[0][:80]}”无效", f"{wrong[0][:80]!r} is not a scope", code="invalid-scope")
        made = people.add_app(
            name=body["name"],
            title=body["title"],
            organisation_id=_own(body.get("organisation")),
            scopes=scopes,
            redirect_uris=body["redirect_uris"],
            authentication=body["authentication"],
            launch_uri=body.get("launch_uri"),
            jwks=body.get("jwks"),
            by=principal(),
        )
        return reply({**_app_json(made.app), "client_secret": made.secret}, 201)

    @bp.post("/apps/<uuid:client_id>/switch")
    def switch(client_id: UUID) -> Response:
        """Off: whatever people granted it ends now."""
        found, active = _app(people, client_id), load(SwitchBody())["active"]
        people.switch_app(found, active, by=principal())
        return reply({"client_id": str(client_id), "active": active})

    @bp.post("/apps/<uuid:client_id>/secret")
    def secret(client_id: UUID) -> Response:
        """A new secret; the one before is good no more."""
        made = people.new_app_secret(_app(people, client_id), by=principal())
        return reply({"client_id": str(client_id), "client_secret": made})

    @bp.get("/hospitals")
    def hospitals() -> Response:
        """Hospitals whose system may open our pages, with whom their people are here."""
        only()
        mine = people.hospitals_of(principal())
        items = [{**_hospital_json(one), "people": _people(people, one.issuer)} for one in mine]
        return reply({"items": items})

    @bp.put("/hospitals")
    def put_hospital() -> Response:
        """Register one, or correct what is known of it."""
        body = load(HospitalBody())
        lists: dict[str, Any] = {name: tuple(body.pop(name)) for name in ("origins", "identifiers")}
        organisation = _own(body.pop("organisation", None))
        hospital = Hospital(**body, **lists, organisation_id=organisation)
        people.put_hospital(hospital, by=principal())
        return reply(_hospital_json(hospital))

    @bp.post("/hospitals/switch")
    def switch_hospital() -> Response:
        """Off: nobody comes in from there, and who came in is out."""
        body = load(HospitalSwitchBody())
        people.hospital_of(principal(), body["issuer"])
        people.switch_hospital(body["issuer"], body["active"], by=principal())
        return reply(body)

    @bp.put("/hospitals/people")
    def map_person() -> Response:
        """As which account somebody of that hospital comes in; without an account as none."""
        body = load(PersonBody())
        people.hospital_of(principal(), body["issuer"])
        if body.get("account") is None:
            people.unmap_person(body["issuer"], body["external"])
        else:
            people.map_person(body["issuer"], body["external"], body["account"], by=principal().login)
        people.audit(principal(), "map-person", "hospital", body["issuer"], {"account": body.get("account")})
        return reply({"issuer": body["issuer"], "people": _people(people, body["issuer"])})

    return bp


def _own(organisation: str | None) -> str:
    """Raises Malformed for an organisation that is none of the caller's."""
    found = organisation or principal().organisation
    if found not in principal().organisations:
        raise Malformed("不是您的机构", "not an organisation of yours", code="organisation")
    return found


def _app(people: Any, client_id: UUID) -> App:
    own = principal().organisations
    found = next((one for one in people.apps() if one.id == client_id and one.client.organisation_id in own), None)
    if found is None:
        raise NotFound("没有这个应用", "no such app")
    return found


def _app_json(app: App) -> dict[str, Any]:
    return {
        "client_id": str(app.id),
        "name": app.client.name,
        "title": app.title,
        "organisation": app.client.organisation_id,
        "scopes": sorted(app.client.scopes),
        "redirect_uris": list(app.redirect_uris),
        "launch_uri": app.launch_uri,
        "authentication": app.authentication,
        "active": app.client.active,
    }


def _hospital_json(hospital: Hospital) -> dict[str, Any]:
    said = asdict(hospital)
    return {"organisation": said.pop("organisation_id"), **said}


def _people(people: Any, issuer: str) -> list[dict[str, str]]:
    return [{"external": external, "account": login} for external, login in people.mapped_people(issuer)]
