"""`/api/deliveries`: what others were not told yet, dead letters first, and sending them again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import fields, validate

from api.answers import at, reply
from api.requests import Strict, idempotency, load, only, principal, query_choice, query_limit
from engine.commands.contracts import DiscardDelivery, RetryDelivery
from engine.store import unattended_reads
from fhir_adapters.store.subscriptions import Subscribed, Subscriptions
from fhir_adapters.subscriptions.replay import replay as tell_again
from workflows import audited
from workflows.services import Services

STATUSES = ("any", "requested", "active", "error", "off")


class ReplayBody(Strict):
    """`from`: the number of the first event."""

    first = fields.Integer(data_key="from", attribute="from", required=True, validate=validate.Range(min=1))


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

    @bp.get("/subscriptions")
    def subscriptions() -> Response:
        """What hospital systems subscribed to, and what of it is not told yet; those in trouble have an owner."""
        only("status")
        status = query_choice("status", STATUSES, "any")
        with services.engine.read() as conn:
            rows = Subscriptions(conn, services.region_id)
            found = [
                subscription_json(one, rows.oldest_waiting(one))
                for one in rows.of(status=None if status == "any" else status)
            ]
        return reply({"items": found})

    @bp.post("/subscriptions/<subscription_id>/replay")
    def replay(subscription_id: str) -> Response:
        """Tell it again, beginning with this event; the receiver knows each by its number."""
        first = load(ReplayBody())["from"]
        who = principal()
        with services.pool.connection() as conn, conn.transaction():
            id_ = tell_again(conn, services.region_id, subscription_id, first, services.clock())
            services.people.audit(who, "replay", "subscription", id_, {"from": first}, conn=conn)
        return reply({"id": id_, "from": first})

    def _change(command: type[Any], destination: str, stream: UUID, revision: int) -> Response:
        asked = command(destination=destination, stream=stream, revision=revision)
        key = f"{stream}:{revision}:{destination}"
        audited.execute(services, asked, principal(), "delivery", key, idempotency=idempotency())
        return reply({"key": key})

    return bp


def subscription_json(one: Subscribed, oldest: datetime | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "client": one.client,
        "status": one.status,
        "types": list(one.types),
        "events": one.event_count,
        "waiting": one.event_count - one.sent_number,
        "oldest_waiting_at": at(oldest),
        "failing_since": at(one.failing_since),
        "next_try_at": at(one.due_at),
        "told_at": at(one.told_at),
        "problem": one.problem,
        "owner": one.owner,
    }


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
