"""`/api/clients`: each registered hospital system: its traffic, errors, backlog, and what is settled about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, request
from marshmallow import fields, validate

from api.answers import at, reply
from api.deliveries import subscription_json
from api.requests import PlainObject, Strict, load, only, principal, query_whole
from api.requests import text as words
from engine.errors import Incorrect
from fhir_adapters import clients, traffic
from fhir_adapters.clients import Detail, Standing
from fhir_adapters.store.tolerances import Mapped, Unmapped
from fhir_adapters.store.traffic import Counted
from fhir_adapters.terminology import LOINC, item_of
from fhir_adapters.tolerances.kinds import TOLERANCES
from fhir_adapters.tolerances.registration import LONGEST, LONGEST_PROFILE, Registration, Rerun
from workflows.people.model import Client
from workflows.services import Services

MOST_DAYS = 90


class TolerancesBody(Strict):
    tolerances = fields.List(fields.String(), required=True)


class KeysBody(Strict):
    jwks = PlainObject(required=True)


class InboundBody(Strict):
    """`text`: YAML, as docs/integration/beyond-fhir.md says."""

    text = words(LONGEST_PROFILE, required=True)


class CodeBody(Strict):
    """A code of the client; `system`: empty where it sends none."""

    system = fields.String(load_default="", validate=validate.Length(max=LONGEST))
    code = words(LONGEST, required=True)


class MappedBody(CodeBody):
    """`item`: as in docs/integration/README.md; `unit`: UCUM, for values that come without one."""

    item = words(64, required=True)
    unit = words(32, load_default=None, allow_none=True)


class OwnerOfCodeBody(CodeBody):
    owner = words(64, required=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("clients", __name__, url_prefix="/api/clients")
    desk = Registration(services)

    @bp.get("")
    def listed() -> Response:
        """Each system with when it was last seen and what waits."""
        only()
        _count()
        return reply({"items": [standing_json(one) for one in clients.standings(services)]})

    @bp.get("/tolerances")
    def tolerances() -> Response:
        """What can be overlooked in what a system sends."""
        return reply({"items": [asdict(one) for one in TOLERANCES.values()]})

    @bp.get("/<name>")
    def client(name: str) -> Response:
        """Traffic, errors with their places, uses of tolerances and what waits, of some days."""
        only("days")
        days = query_whole("days")
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise Incorrect(f"days 应为 1 到 {MOST_DAYS}", f"days is between 1 and {MOST_DAYS}", code="days")
        _count()
        return reply(detail_json(clients.detail(services, name, days or 7)))

    @bp.put("/<name>/tolerances")
    def set_tolerances(name: str) -> Response:
        """What is overlooked from now on: all of it, and nothing that is not named."""
        given = load(TolerancesBody())["tolerances"]
        return reply(client_json(desk.set_tolerances(name, given, principal())))

    @bp.put("/<name>/keys")
    def set_keys(name: str) -> Response:
        """The public keys it signs with from now on; with the old one among them for a while, nothing stands still."""
        given = load(KeysBody())["jwks"]
        changed = services.people.replace_client_keys(desk.client(name), given)
        services.people.audit(principal(), "set-keys", "client", name, {"kids": [k["kid"] for k in _keys(changed)]})
        return reply({"items": _keys(changed)})

    @bp.get("/<name>/inbound")
    def inbound(name: str) -> Response:
        """What is agreed for HL7 v2, CDA, files and views."""
        found = desk.inbound(name)
        more = {"by": found.by if found else None, "at": at(found.at) if found else None}
        return reply({"text": desk.inbound_text(name), **more})

    @bp.put("/<name>/inbound")
    def set_inbound(name: str) -> Response:
        """It counts from now on, before the client's file."""
        desk.put_inbound(name, load(InboundBody())["text"], principal())
        return reply({"text": desk.inbound_text(name)})

    @bp.delete("/<name>/inbound")
    def drop_inbound(name: str) -> tuple[str, int]:
        """The client's file counts again."""
        desk.drop_inbound(name, principal())
        return "", 204

    @bp.get("/<name>/codes")
    def codes(name: str) -> Response:
        """Its concept map, and the codes that nothing is known of, each with an owner."""
        return reply(
            {
                "mapped": [mapped_json(one) for one in desk.codes(name)],
                "unmapped": [unmapped_json(one) for one in desk.unmapped(name)],
                "set_aside": [unmapped_json(one) for one in desk.unmapped(name, ("set-aside",))],
            }
        )

    @bp.get("/<name>/concept-map")
    def concept_map(name: str) -> Response:
        """The same as a FHIR ConceptMap."""
        return reply(concept_map_json(name, desk.codes(name)))

    @bp.put("/<name>/codes")
    def map_code(name: str) -> Response:
        """What a code means, from now on and in what is stored already."""
        given = load(MappedBody())
        done = desk.map_code(name, (given["system"], given["code"]), given["item"], given["unit"], principal())
        return reply(rerun_json(done))

    @bp.post("/<name>/codes/run")
    def run_again(name: str) -> Response:
        """What is stored with a code that is mapped now says what it meant."""
        given = load(CodeBody())
        return reply(rerun_json(desk.run_again(name, (given["system"], given["code"]), principal())))

    @bp.post("/<name>/codes/removal")
    def drop_code(name: str) -> tuple[str, int]:
        """A code means nothing from now on; what is stored stays."""
        given = load(CodeBody())
        desk.drop_code(name, (given["system"], given["code"]), principal())
        return "", 204

    @bp.post("/<name>/codes/aside")
    def set_aside(name: str) -> tuple[str, int]:
        """A code is of no use here: nobody is asked again."""
        given = load(CodeBody())
        desk.set_aside(name, (given["system"], given["code"]), principal())
        return "", 204

    @bp.post("/<name>/codes/owner")
    def hand_over(name: str) -> tuple[str, int]:
        """Whose task it is to map a code: a role or an account."""
        given = load(OwnerOfCodeBody())
        desk.hand_over(name, (given["system"], given["code"]), given["owner"], principal())
        return "", 204

    @bp.get("/originals/<type_>/<id_>")
    def originals(type_: str, id_: str) -> Response:
        """What the versions of a resource said before they were put right."""
        found = desk.originals(type_, id_[:64], principal())
        return reply({"items": [{**one, "at": at(one["at"])} for one in found]})

    return bp


def _count() -> None:
    """What this process has counted and not written yet."""
    if request.endpoint:
        traffic.of(current_app).flush()


def _keys(client: Client) -> list[dict[str, Any]]:
    return clients.keys_of(client)


def client_json(client: Client) -> dict[str, Any]:
    return {
        "id": str(client.id),
        "name": client.name,
        "organisation": client.organisation_id,
        "scopes": sorted(client.scopes),
        "active": client.active,
        "tolerances": sorted(client.tolerances),
    }


def standing_json(one: Standing) -> dict[str, Any]:
    return {
        **client_json(one.client),
        "last_seen_at": at(one.last_seen_at),
        "waiting": one.waiting,
        "unmapped": one.unmapped,
        "untold": one.untold,
        "in_trouble": one.in_trouble,
    }


def detail_json(one: Detail) -> dict[str, Any]:
    arrived = [
        {"channel": a.channel, "state": a.state, "arrivals": a.arrivals, "repeats": a.repeats} for a in one.arrived
    ]
    return {
        **standing_json(one.standing),
        "keys": _keys(one.standing.client),
        "traffic": [counted_json(c, "status") for c in one.of("traffic")],
        "errors": [counted_json(c, "code") for c in one.of("error")],
        "tolerated": [counted_json(c, "tolerance") for c in one.of("tolerance")],
        "arrivals": arrived,
        "subscriptions": [subscription_json(told.found, told.oldest_at) for told in one.subscriptions],
    }


def counted_json(one: Counted, detail: str) -> dict[str, Any]:
    return {
        "day": one.on_day.isoformat(),
        "type": one.type or None,
        "interaction": one.interaction,
        detail: int(one.detail) if detail == "status" else one.detail,
        "place": one.place or None,
        "count": one.count,
        "last_at": at(one.last_at),
    }


def mapped_json(one: Mapped) -> dict[str, Any]:
    return {"system": one.system, "code": one.code, "item": one.item, "unit": one.unit, "by": one.by, "at": at(one.at)}


def unmapped_json(one: Unmapped) -> dict[str, Any]:
    return {
        "system": one.system,
        "code": one.code,
        "display": one.display,
        "seen": one.seen,
        "first_at": at(one.first_at),
        "last_at": at(one.last_at),
        "owner": one.owner,
        "state": one.state,
    }


def rerun_json(done: Rerun) -> dict[str, Any]:
    return {"changed": done.changed, "failed": done.failed}


def concept_map_json(name: str, rows: list[Mapped]) -> dict[str, Any]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        item = item_of(row.item)
        target = {"code": item.code, "display": item.display, "equivalence": "equivalent"}
        groups.setdefault((row.system, item.system), []).append({"code": row.code, "target": [target]})
    listed = [
        {**({"source": source} if source else {}), "target": target, "element": elements}
        for (source, target), elements in sorted(groups.items())
    ]
    found: dict[str, Any] = {"resourceType": "ConceptMap", "name": name, "status": "active", "targetUri": LOINC}
    return found | ({"group": listed} if listed else {})
