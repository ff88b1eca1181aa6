"""`/api/reminders`: what women are to be reminded of on a day, for the system that sends it (M-20)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import fields

from api.answers import at, reply
from api.requests import Strict, load, only, principal
from engine.errors import Malformed
from workflows import reminders, texting
from workflows.services import Services
from workflows.task_access import today_in_china


class ConsentBody(Strict):
    agreed = fields.Boolean(required=True, truthy={True}, falsy={False})


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("reminders", __name__, url_prefix="/api/reminders")

    @bp.get("")
    def of_day() -> Response:
        """Visits of the caller's women that fall due 7 days or 1 day after `?on=` (today). Nobody whose pregnancy has
        ended, who has lost a child or who has died is among them: ask right before sending."""
        only("on")
        on = _day(services)
        with services.people.reading(principal(), "search", "reminder", None) as conn:
            found = reminders.of_day(services, conn, on, by=principal())
        items = [
            {
                "id": str(one.id),
                "pregnancy_id": one.pregnancy_id,
                "patient": one.patient_id,
                "organisation": one.organisation,
                "due_on": one.due_on.isoformat(),
                "text": {"zh": one.text.zh, "en": one.text.en},
            }
            for one in found
        ]
        return reply({"on": on.isoformat(), "items": items})

    @bp.get("/consents/<pregnancy_id>")
    def consent(pregnancy_id: str) -> Response:
        """Whether the woman has agreed to be reminded by text message: `agreed` is null where she was never asked."""
        only()
        with services.people.reading(principal(), "read", "text-consent", pregnancy_id) as conn:
            return reply(_consent(texting.of_case(services, conn, pregnancy_id, by=principal())))

    @bp.put("/consents/<pregnancy_id>")
    def say_consent(pregnancy_id: str) -> Response:
        """She agrees, or takes it back. Every word of hers is kept, and the last one counts."""
        body = load(ConsentBody())
        texting.record_consent(services, pregnancy_id, body["agreed"], by=principal())
        with services.engine.read() as conn:
            return reply(_consent(texting.of_case(services, conn, pregnancy_id, by=principal())))

    return bp


def _consent(found: texting.Consent) -> dict[str, Any]:
    return {"agreed": found.agreed, "at": at(found.recorded_at), "by": found.recorded_by}


def _day(services: Services) -> date:
    try:
        return date.fromisoformat(request.args["on"]) if "on" in request.args else today_in_china(services)
    except ValueError:
        raise Malformed("on 应为日期 YYYY-MM-DD", "on is a date YYYY-MM-DD", code="query") from None
