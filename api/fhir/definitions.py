"""What runs here, read over FHIR: PlanDefinition, ActivityDefinition, Library. They tell of nobody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import Blueprint, Response

from api.fhir import replies
from api.fhir.guard import scopes, viewer
from api.fhir.inputs import inputs
from api.fhir.reading import looking_as_caller, trace
from api.fhir.searching import parameters, searched
from engine.clock import CHINA
from engine.errors import EngineError
from engine.store import plain
from fhir_adapters import access
from fhir_adapters.applying import APPLIED, to_plan
from fhir_adapters.definitions import TYPES, read_all, read_one
from fhir_adapters.ig.common import Json
from fhir_adapters.ig.serving import SEARCHED, meets
from fhir_adapters.issues import Issue, not_found, refuse
from fhir_adapters.store import resources
from workflows.regions import pack_ids

_ROUTE = f"/<any({', '.join(TYPES)}):type_>"
_OF_FORM = ("_format", "_pretty")


def register(bp: Blueprint, services: Any) -> None:
    @searched(bp, _ROUTE)
    def search_definitions(type_: str) -> Response:
        access.require(scopes(), type_, "search")
        with services.engine.read() as conn:
            every = list(read_all(conn, services.region_id, type_, services.clock()))
        return _listed(services, type_, every)

    @bp.route("/PlanDefinition/<id_>/$apply", methods=["GET", "POST"])
    def apply_plan(id_: str) -> Response:
        return _apply(services, id_)

    @bp.get(f"{_ROUTE}/<id_>")
    def read_definition(type_: str, id_: str) -> Response:
        access.require(scopes(), type_, "read")
        with services.engine.read() as conn:
            found = read_one(conn, services.region_id, type_, id_, services.clock())
        if found is None:
            raise not_found()
        return replies.json(found)


def _apply(services: Any, id_: str) -> Response:
    """A CarePlan that is proposed, with its windows; nobody keeps it."""
    access.require(scopes(), "PlanDefinition", "read")
    access.require(scopes(), "CarePlan", "read")
    asked = inputs(services, "apply")
    lmp, pack = _day(asked["lmp"], services), _pack(services, asked.get("pack"))
    type_, _, patient_id = asked["subject"].rpartition("/")
    if type_ not in ("", "Patient"):
        said = "只能为患者计划", "a plan is made for a patient"
        raise refuse(400, "not-supported", "MCH-S-002", *said, expression="subject", allowed="Patient/…")
    with looking_as_caller(services) as conn:
        plan = read_one(conn, services.region_id, "PlanDefinition", id_, services.clock())
        if plan is None:
            raise not_found()
        if plan["id"] != APPLIED:
            said = "只有孕产期全程管理可以预演", "only the pathway of a pregnancy can be applied"
            raise refuse(422, "not-supported", "MCH-S-012", *said, expression="PlanDefinition", allowed=APPLIED)
        found = resources.read(conn, services.region_id, "Patient", patient_id[:64], viewer())
        if found is None or found[0].deleted:
            raise not_found("subject")
        trace(services, conn, "apply", "PlanDefinition", id_, [found[1]])
    return replies.json(to_plan(patient_id, lmp, pack.id, int(plan["version"]), pack.policy()))


def _day(text: str, services: Any) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.max
    if len(text) != len("YYYY-MM-DD") or found > services.clock().astimezone(CHINA).date():
        said = "应为不晚于今天的日期", "a day that is not after today is expected"
        raise refuse(400, "invalid", "MCH-S-002", *said, expression="lmp", allowed="YYYY-MM-DD")
    return found


def _pack(services: Any, pack_id: str | None) -> Any:
    try:
        return services.regions(pack_id or services.settings.pack)
    except EngineError:
        said = "没有此方案包", "no such pack"
        raise refuse(400, "not-found", "MCH-S-002", *said, expression="pack", allowed=" | ".join(pack_ids())) from None


def _listed(services: Any, type_: str, every: Iterable[Json]) -> Response:
    """By `_id url version name title status`; what is not known is said, and with strict handling refused."""
    given = [(name, value) for name, value in parameters().items(multi=True) if name not in _OF_FORM]
    unknown = [name for name, _ in given if name not in SEARCHED]
    if unknown and replies.prefers("handling") == "strict":
        text = "不支持此参数", "parameter not supported"
        raise refuse(400, "not-supported", "MCH-S-001", *text, expression=unknown[0][:64])
    asked = [one for one in given if one[0] in SEARCHED]
    base = replies.base(services)
    found = [one for one in every if all(meets(one, *condition) for condition in asked)]
    entries = [
        {"fullUrl": f"{base}/{type_}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found
    ]
    listed = [plain.dumps(one).decode() for one in entries]
    if unknown:
        text = "已忽略不支持的参数", "parameters that are not supported were ignored"
        issue = Issue(type="not-supported", code="MCH-S-001", zh=text[0], en=text[1], severity="warning")
        listed.append(replies.outcome_entry([issue]))
    return replies.bundle("searchset", listed, links=[("self", f"{base}/{type_}")], total=len(entries))
