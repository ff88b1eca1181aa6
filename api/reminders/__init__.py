"""`/api/reminders`: what women are to be reminded of on a day, for the system that sends it (M-20)."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, request

from api.answers import reply
from api.requests import only, principal
from engine.errors import Malformed
from workflows import reminders
from workflows.services import Services
from workflows.task_access import today_in_china


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

    return bp


def _day(services: Services) -> date:
    try:
        return date.fromisoformat(request.args["on"]) if "on" in request.args else today_in_china(services)
    except ValueError:
        raise Malformed("on 应为日期 YYYY-MM-DD", "on is a date YYYY-MM-DD", code="query") from None
