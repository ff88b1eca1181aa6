"""What runs here, read over FHIR: PlanDefinition, ActivityDefinition, Library. They tell of nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, request

from api.fhir import replies
from api.fhir.guard import scopes
from engine.store import plain
from fhir_adapters import access
from fhir_adapters.definitions import TYPES, read_all, read_one
from fhir_adapters.ig.common import Json
from fhir_adapters.ig.serving import SEARCHED, meets
from fhir_adapters.issues import Issue, not_found, refuse

_ROUTE = f"/<any({', '.join(TYPES)}):type_>"
_OF_FORM = ("_format", "_pretty")


def register(bp: Blueprint, services: Any) -> None:
    @bp.get(_ROUTE)
    def search_definitions(type_: str) -> Response:
        access.require(scopes(), type_, "search")
        with services.engine.read() as conn:
            every = list(read_all(conn, services.region_id, type_, services.clock()))
        return _listed(services, type_, every)

    @bp.get(f"{_ROUTE}/<id_>")
    def read_definition(type_: str, id_: str) -> Response:
        access.require(scopes(), type_, "read")
        with services.engine.read() as conn:
            found = read_one(conn, services.region_id, type_, id_, services.clock())
        if found is None:
            raise not_found()
        return replies.json(found)


def _listed(services: Any, type_: str, every: Iterable[Json]) -> Response:
    """By `_id url version name title status`; what is not known is said, and with strict handling refused."""
    given = [(name, value) for name, value in request.args.items(multi=True) if name not in _OF_FORM]
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
