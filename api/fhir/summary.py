"""`Patient/$summary`: the International Patient Summary of one patient, as far as the caller may know of her."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Blueprint, Response

from api.fhir import replies
from api.fhir.guard import principal, scopes, viewer
from api.fhir.inputs import inputs
from api.fhir.reading import looking_as_caller, trace
from engine.store import plain
from fhir_adapters import access
from fhir_adapters.documents import making
from fhir_adapters.issues import not_found, refuse
from fhir_adapters.store import resources
from fhir_adapters.store.everything import everything, supporting
from fhir_adapters.types import PEOPLE_FREE, TYPES

MOST = 5000  # resources that a summary is made of


def register(bp: Blueprint, services: Any) -> None:
    @bp.route("/Patient/$summary", methods=["GET", "POST"])
    def summary_of_identified() -> Response:
        return _summary(services, None)

    @bp.route("/Patient/<id_>/$summary", methods=["GET", "POST"])
    def summary(id_: str) -> Response:
        return _summary(services, id_)


def _summary(services: Any, id_: str | None) -> Response:
    access.require(scopes(), "Patient", "read")
    asked = inputs(services, "summary")
    if (id_ is None) != ("identifier" in asked):
        said = "按标识查时须给出 identifier，按编号查时不给", "an identifier, or an id in the address: one of them"
        raise refuse(400, "required", "MCH-S-002", *said, expression="identifier", allowed="system|value")
    with looking_as_caller(services) as conn:
        patient_id = id_ if id_ is not None else _identified(services, conn, asked["identifier"])
        made = _made(services, conn, patient_id[:64])
        trace(services, conn, "summary", "Patient", patient_id[:64], [patient_id[:64]])
    return replies.json(made)


def _identified(services: Any, conn: Any, identifier: str) -> str:
    """The one patient who has this identifier, as far as the caller may know of her."""
    system, bar, value = identifier.partition("|")
    if not bar or not value:
        said = "标识应写作 system|value", "an identifier is written system|value"
        raise refuse(400, "invalid", "MCH-S-002", *said, expression="identifier", allowed="system|value")
    found = resources.with_identifier(conn, services.region_id, "Patient", [(system, value)])
    if len(found) != 1:
        raise not_found("identifier")
    return str(found[0])


def _made(services: Any, conn: Any, patient_id: str) -> dict[str, Any]:
    who, region_id = viewer(), services.region_id
    found = resources.read(conn, region_id, "Patient", patient_id, who)
    if found is None or found[0].deleted:
        raise not_found()
    readable = [type_ for type_ in TYPES if access.allows(scopes(), type_, "read")]
    access.require_open(who, readable)
    hers = everything(conn, region_id, patient_id, readable, who, limit=MOST + 1)
    if len(hers) > MOST:
        said = "资料过多，请用 $everything", "there is too much of her for a summary, ask for $everything"
        raise refuse(422, "too-costly", "MCH-S-004", *said, allowed=str(MOST))
    own = resources.read(conn, region_id, "Organization", principal().organisation or "", who)
    beside = supporting(conn, region_id, hers, [type_ for type_ in readable if type_ in PEOPLE_FREE], who)
    stored = [*hers, *beside, *([own[0]] if own and "Organization" in readable else [])]
    known = [plain.read(one.text()) for one in {(one.type, one.id): one for one in stored}.values()]
    by = {"reference": f"Organization/{principal().organisation}"}
    at = services.clock()
    return making.summary(patient_id, uuid4(), known, base=replies.base(services), at=at, by=by)
