"""`/api/arrivals`: what came over HL7 v2, CDA, files and views, and what became of it; a person settles the rest."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from api.answers import at, reply
from api.errors import UnsupportedMediaType
from api.requests import Strict, load, only, principal, query_choice, query_limit
from api.requests import text as words
from fhir_adapters.arrivals.desk import LARGEST_TEXT, STATES, Desk
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.store.arrivals import Outcome
from workflows.services import Services

CHANNELS = ("hl7v2", "cda", "csv", "view", "fhir", "document")


class CorrectionBody(Strict):
    text = words(LARGEST_TEXT, required=True)
    reason = words(1000, required=True)


class DiscardBody(Strict):
    reason = words(1000, required=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("arrivals", __name__, url_prefix="/api/arrivals")
    desk = Desk(services)

    @bp.get("")
    def listed() -> Response:
        """Newest first; what waits for a person where nothing else is asked."""
        only("state", "client", "channel", "limit")
        state = query_choice("state", tuple(STATES), "open")
        channel = query_choice("channel", (*CHANNELS, "any"), "any")
        client = request.args.get("client")
        found = desk.listed(state, query_limit(100), client, None if channel == "any" else channel)
        return reply({"items": [outcome_json(one) for one in found]})

    @bp.post("/cda")
    def cda() -> tuple[Response, int] | Response:
        """A CDA R2 document of the calling system: 200 when it was understood; 422 when it is kept for a person, with
        every problem and its element."""
        if request.mimetype not in ("application/xml", "text/xml", "application/hl7-cda+xml"):
            raise UnsupportedMediaType("请以 application/xml 发送", "send application/xml")
        who = principal()
        outcome = Receiver(services).receive(request.get_data(), client=who.login, channel="cda", origin="upload")
        return reply(outcome_json(outcome), 200 if outcome.state != "not-understood" else 422)

    @bp.get("/<uuid:arrival_id>")
    def arrival(arrival_id: UUID) -> Response:
        """With its text, covered but for its structure where the caller may not know of the women in it."""
        shown = desk.shown(arrival_id, principal())
        more = {
            "origin": shown.arrival.origin,
            "control_id": shown.arrival.control_id,
            "sha256": shown.arrival.digest,
            "size": len(shown.arrival.body),
            "corrects": str(shown.arrival.corrects) if shown.arrival.corrects else None,
            "text": shown.text,
            "whole": shown.is_whole,
        }
        return reply({**outcome_json(shown.outcome), **more})

    @bp.post("/<uuid:arrival_id>/retry")
    def retry(arrival_id: UUID) -> Response:
        """Looked at again as it came."""
        return reply(outcome_json(desk.retry(arrival_id, principal())))

    @bp.post("/<uuid:arrival_id>/correction")
    def correction(arrival_id: UUID) -> Response:
        """A corrected copy takes its place; answers how the copy stands."""
        given = load(CorrectionBody())
        return reply(outcome_json(desk.correct(arrival_id, given["text"], given["reason"], principal())))

    @bp.post("/<uuid:arrival_id>/discard")
    def discard(arrival_id: UUID) -> Response:
        """Put aside, with the reason; it stays stored for the time that is kept."""
        given = load(DiscardBody())
        return reply(outcome_json(desk.discard(arrival_id, given["reason"], principal())))

    return bp


def outcome_json(one: Outcome) -> dict[str, Any]:
    return {
        "id": str(one.arrival_id),
        "client": one.client,
        "channel": one.channel,
        "kind": one.kind,
        "state": one.state,
        "problems": one.problems,
        "notes": one.notes,
        "became": one.became,
        "repeats": one.repeats,
        "attempts": one.attempts,
        "received_at": at(one.received_at),
        "at": at(one.at),
        "by": one.by,
        "reason": one.reason,
    }
