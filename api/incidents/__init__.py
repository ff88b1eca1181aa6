"""`/api/incidents`: what stands still and why, whose it is, and going on without what failed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import fields, validate

from api import paging
from api.answers import at, reply
from api.requests import (
    PlainObject,
    Strict,
    idempotency,
    load,
    only,
    principal,
    query_choice,
    query_limit,
    query_uuid,
    text,
)
from engine.commands.contracts import AssignIncident, Operate, SkipIncident
from engine.store import reads, unattended_reads
from workflows import audited
from workflows.protected_places import told_rows
from workflows.services import Services

OPEN = {"open": True, "resolved": False, "all": None}


class SkipBody(Strict):
    variables = PlainObject(load_default=dict)
    reason = fields.String(load_default="", validate=validate.Length(max=1000))
    dry_run = fields.Boolean(load_default=False)


class OwnerBody(Strict):
    owner = text(200, required=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("incidents", __name__, url_prefix="/api/incidents")

    @bp.get("")
    def incidents() -> Response:
        """Incidents, oldest first, with element, cause and owner."""
        only("state", "instance", "kind", "after", "limit")
        limit = query_limit(100)
        with services.engine.read() as conn:
            found = unattended_reads.incident_list(
                conn,
                services.region_id,
                open=OPEN[query_choice("state", tuple(OPEN), "open")],
                instance_id=query_uuid("instance"),
                kind=request.args.get("kind"),
                after=paging.after(paging.moment, UUID),
                limit=limit + 1,
            )
        following = paging.next_after(found, limit, lambda row: (row.opened_at, row.id))
        return reply(
            {"items": [incident_json(row) for row in told_rows(principal(), found[:limit])], "next": following}
        )

    @bp.post("/<uuid:incident_id>/skip")
    def skip(incident_id: UUID) -> Response:
        """Go on as if the failed job had been done with these variables."""
        given = load(SkipBody(), required=False)
        with services.engine.read() as conn:
            instance_id = reads.instance_of_incident(conn, services.region_id, incident_id)
        command = SkipIncident(incident_id=incident_id, variables=given["variables"])
        operate = Operate(instance_id=instance_id, command=command, dry_run=given["dry_run"])
        detail = {"reason": given["reason"], "names": sorted(given["variables"])}
        key = None if given["dry_run"] else idempotency()
        changes = audited.execute(
            services, operate, principal(), "incident", incident_id, detail, action="SkipIncident", idempotency=key
        )
        return reply({"id": str(incident_id), "skipped": not given["dry_run"], "changes": changes})

    @bp.post("/<uuid:incident_id>/owner")
    def owner(incident_id: UUID) -> Response:
        """Who is to look at it."""
        command = AssignIncident(incident_id=incident_id, **load(OwnerBody()))
        audited.execute(services, command, principal(), "incident", incident_id, idempotency=idempotency())
        return reply({"id": str(incident_id), "owner": command.owner})

    return bp


def incident_json(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "instance_id": str(row.instance_id),
        "definition_key": row.definition_key,
        "definition_version": row.definition_version,
        "business_key": row.business_key,
        "element_id": row.path or row.element_id,
        "kind": row.kind,
        "message": {"zh": row.message.zh, "en": row.message.en},
        "owner": row.owner,
        "opened_at": at(row.opened_at),
        "resolved_at": at(row.resolved_at),
        "resolved_by": row.resolved_by,
    }
