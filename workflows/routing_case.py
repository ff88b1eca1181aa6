"""What the forms of a case that is talked over mean for the course: consultations, appointments, who is responsible."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

Values = Mapping[str, Any]


def asked(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """`consulted_org` is an id or a name; `workflows.places` makes one of our organisations of it."""
    named = {"consulted_org": answers["consulted_org"]} if answers.get("consulted_org") else {}
    told = {"requested_at": answers.get("consult_requested_at"), "transfer_reason": answers.get("consult_question")}
    return {"consult_urgency": answers.get("consult_urgency"), **told, **named}


def answered(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    is_accepted = answers.get("consult_accepted") is not False  # before its version 3 the form did not ask
    reassess = answers.get("consult_reassess") is True
    return {"consult_accepted": is_accepted, "consult_answered": is_accepted, "consult_reassess": reassess}


def wished(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    named = {"appointment_org": answers["appointment_org"]} if answers.get("appointment_org") else {}
    kind, wish = answers.get("appointment_kind"), answers.get("appointment_wish")
    return {"appointment_kind": kind, "appointment_wish": wish, **named}


def booked(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"booked": answers.get("booked") is True, "booked_for": answers.get("booked_for")}


def handed(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    named = {"handover_org": answers["handover_org"]} if answers.get("handover_org") else {}
    told = {name: answers.get(name) for name in ("handover_summary", "handover_contact")}
    asked = {"requested_at": answers.get("handover_at"), "transfer_reason": answers.get("handover_summary")}
    return {**asked, **told, **named}


def accepted(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"handover_accepted": answers.get("handover_accepted") is True}


def responsible(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """Who looks after her, as every task shows it; a name of staff, never of a patient."""
    names = {name: answers.get(name) for name in ("responsible_doctor", "responsible_team")}
    return {**names, "responsible_from": answers.get("responsible_from") or on.isoformat()}


def seen(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"result_regrade": answers.get("result_action") == "regrade"}


def sent(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The hospital that a slip of a positive screening names is the one that grades her; its own part names none."""
    named = answers.get("destination")
    return {"referred_org": named} if named and not answers.get("received_on") else {}


BY_FORM = {
    "screening-referral": sent,
    "consultation-request": asked,
    "consultation-answer": answered,
    "appointment-request": wished,
    "appointment-answer": booked,
    "handover-request": handed,
    "handover-answer": accepted,
    "responsible-doctor": responsible,
    "result-seen": seen,
}
