"""`/api/instances`, `/api/incidents`."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response
from marshmallow import fields, validate

from api.answers import reply
from api.operations.bodies import OperationBody
from api.operations.changes import add_changes
from api.operations.inspection import history_json, instance_for, instance_json
from api.requests import PlainObject, Strict, idempotency, load, principal, text
from engine.commands.contracts import Operate, RetryIncident, StartInstance
from engine.store import reads
from workflows import audited, duplicates, intake
from workflows.history import of_instance as history_of
from workflows.reading_cases import reading_cases
from workflows.services import Services


class RetryBody(OperationBody):
    variables = PlainObject(load_default=dict)


class StartBody(Strict):
    definition_key = text(200, required=True)
    version = fields.Integer(strict=True, validate=validate.Range(min=1), load_default=None, allow_none=True)
    variables = PlainObject(load_default=dict)
    business_key = text(200, load_default=None, allow_none=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("operations", __name__, url_prefix="/api")

    @bp.post("/instances")
    def start() -> Response:
        """Start an instance of the newest or the named version."""
        asked = load(StartBody())
        if asked["definition_key"] in (duplicates.JOURNEY, duplicates.LEAD):
            _fill_in(services, asked)
        if asked["definition_key"] == intake.CALENDAR:  # one per institution: its id is the key
            organisation = str(asked["variables"].get("organisation") or principal().actor.organisation)
            asked["variables"] = intake.calendar_variables(services, organisation) | asked["variables"]
            asked["business_key"] = organisation
        command = StartInstance(**asked)
        started = services.engine.execute(command, by=principal().actor, idempotency=idempotency())
        return reply({"id": str(started.instance_id)}, 201)

    @bp.get("/instances/<uuid:instance_id>")
    def instance(instance_id: UUID) -> Response:
        """The instance: variables, everything it waits for, incidents."""
        with reading_cases(services, principal()) as conn:
            found = instance_for(services, conn, principal(), instance_id)
            body = instance_json(services, conn, principal(), found)
        services.people.audit(principal(), "read", "instance", str(instance_id))
        return reply(body, revision=found.revision)

    @bp.get("/instances/<uuid:instance_id>/history")
    def history(instance_id: UUID) -> Response:
        """What happened, in order."""
        with reading_cases(services, principal()) as conn:
            found = instance_for(services, conn, principal(), instance_id)
            lines = history_of(services, conn, principal(), found)
        services.people.audit(principal(), "read", "history", str(instance_id))
        return reply([history_json(line) for line in lines])

    @bp.post("/incidents/<uuid:incident_id>/retry")
    def retry(incident_id: UUID) -> Response:
        """Try the failed element again, with `variables` set before."""
        body = load(RetryBody(), required=False)
        with services.engine.read() as conn:
            instance_id = reads.instance_of_incident(conn, services.region_id, incident_id)
        command = RetryIncident(incident_id=incident_id, variables=body["variables"])
        operate = Operate(instance_id=instance_id, command=command, dry_run=body["dry_run"])
        changes = audited.execute(
            services,
            operate,
            principal(),
            "incident",
            incident_id,
            {"reason": body["reason"], "names": sorted(body["variables"])},
            action="RetryIncident",
            idempotency=None if body["dry_run"] else idempotency(),
        )
        done = {"id": str(incident_id), "instance_id": str(instance_id), "dry_run": body["dry_run"]}
        return reply({**done, "changes": changes})

    add_changes(bp, services)
    return bp


def _fill_in(services: Services, asked: dict[str, Any]) -> None:
    """A pregnancy starts with the region's rules and the caller's organisations, whatever else the caller gives."""
    given = asked["variables"]
    case = asked["business_key"] or given.get("pregnancy_id") or str(uuid4())
    named = {name: given[name] for name in ORGANISATIONS if given.get(name) is not None}
    patient = given.get("patient_id") or str(uuid4())
    start = intake.start_variables(services, by=principal().actor, pregnancy_id=case, patient_id=patient, **named)
    asked["business_key"], asked["variables"] = case, {**start, **given, "pregnancy_id": case}


ORGANISATIONS = ("home_organisation", "hospital_organisation", "county_organisation")
