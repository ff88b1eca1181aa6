"""`/api/inbox`: what arrived and could not be matched. A person decides; ids only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from api.answers import at, reply
from api.requests import Strict, idempotency, load, only, principal, query_choice, query_limit, text
from fhir_adapters.inbound.inbox import DecideInboxItem
from fhir_adapters.store import inbound
from workflows import audited
from workflows.services import Services

STATES = {"open": ("open",), "decided": ("assigned", "dismissed")}


class AssignmentBody(Strict):
    episode_id = text(64, required=True)


class DismissalBody(Strict):
    reason = text(1000, required=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("inbox", __name__, url_prefix="/api/inbox")

    @bp.get("")
    def items() -> Response:
        """What waits for a decision, oldest first, or what was decided."""
        only("state", "limit")
        states = STATES[query_choice("state", tuple(STATES), "open")]
        with services.engine.read() as conn:
            found = inbound.inbox(conn, services.region_id, states, query_limit(100))
        return reply({"items": [item_json(item) for item in found]})

    @bp.post("/<uuid:item_id>/assignment")
    def assignment(item_id: UUID) -> Response:
        """It belongs to this case: what it says is told to it."""
        episode_id = load(AssignmentBody())["episode_id"]
        return _decide(DecideInboxItem(item_id=item_id, episode_id=episode_id), {})

    @bp.post("/<uuid:item_id>/dismissal")
    def dismissal(item_id: UUID) -> Response:
        """It belongs to no case, or was seen to; the resource stays stored."""
        reason = load(DismissalBody())["reason"]
        return _decide(DecideInboxItem(item_id=item_id, episode_id=None), {"reason": reason})

    def _decide(command: DecideInboxItem, detail: dict[str, Any]) -> Response:
        key = idempotency()
        answer = audited.execute(services, command, principal(), "inbox-item", command.item_id, detail, idempotency=key)
        return reply(answer)

    return bp


def item_json(item: inbound.InboxItem) -> dict[str, Any]:
    zh, _, en = item.reason.partition(" / ")
    resource = f"{item.type}/{item.resource_id}/_history/{item.version}" if item.type else None
    return {
        "id": str(item.id),
        "kind": item.kind,
        "source": item.source,
        "resource": resource,
        "patient": item.patient_id,
        "reason": {"zh": zh, "en": en or zh},
        "at": at(item.at),
        "state": item.state,
        "episode_id": item.episode_id,
        "decided_at": at(item.decided_at),
        "decided_by": item.decided_by,
    }
