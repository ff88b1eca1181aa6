"""`/api/deliveries`: what others were not told yet, dead letters first, and sending them again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from api.answers import at, reply
from api.requests import idempotency, only, principal, query_choice, query_limit
from engine.commands.contracts import DiscardDelivery, RetryDelivery
from engine.store import unattended_reads
from workflows import audited
from workflows.services import Services


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("deliveries", __name__, url_prefix="/api/deliveries")

    @bp.get("")
    def deliveries() -> Response:
        """Deliveries that are dead, or that wait for their turn, oldest first."""
        only("state", "limit")
        state = query_choice("state", ("dead", "waiting"), "dead")
        with services.engine.read() as conn:
            found = unattended_reads.deliveries(conn, services.region_id, state=state, limit=query_limit(100))
        return reply({"items": [delivery_json(row) for row in found]})

    @bp.post("/<destination>/<uuid:stream>/<int:revision>/retry")
    def retry(destination: str, stream: UUID, revision: int) -> Response:
        """Send it again, for another three days."""
        return _change(RetryDelivery, destination, stream, revision)

    @bp.post("/<destination>/<uuid:stream>/<int:revision>/discard")
    def discard(destination: str, stream: UUID, revision: int) -> Response:
        """Give it up; its stream goes on without it."""
        return _change(DiscardDelivery, destination, stream, revision)

    def _change(command: type[Any], destination: str, stream: UUID, revision: int) -> Response:
        asked = command(destination=destination, stream=stream, revision=revision)
        key = f"{stream}:{revision}:{destination}"
        audited.execute(services, asked, principal(), "delivery", key, idempotency=idempotency())
        return reply({"key": key})

    return bp


def delivery_json(row: Any) -> dict[str, Any]:
    return {
        "key": f"{row.stream}:{row.revision}:{row.destination}",
        "destination": row.destination,
        "stream": str(row.stream),
        "revision": row.revision,
        "at": at(row.at),
        "events": row.events,
        "state": row.state,
        "attempts": row.attempts,
        "due_at": at(row.due_at),
        "problem": row.problem,
    }
