"""What the forms of institutions' tasks mean for their process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

Values = Mapping[str, Any]


def measures(answers: Values) -> list[dict[str, Any]]:
    """Each becomes a task of its own."""
    return [dict(row) for row in answers.get("rectification") or ()]


def duty(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"duty_stopped": answers.get("duty_stopped") is True, "action_items": measures(answers)}


def action_check(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"action_passed": answers.get("action_passed") is True, "new_due": answers.get("new_due")}


def notice(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {
        "notice_kind": answers.get("notice_kind"),
        "interview_on": answers.get("interview_on"),
        "reply_by": answers.get("reply_by"),
        "action_items": measures(answers),
    }


def notice_check(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    settled = answers.get("notice_settled") is True
    return {"notice_settled": settled, **({} if settled else {"reply_by": answers.get("reply_by")})}


def inspection(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"notice_wanted": answers.get("notice_wanted") is True, "action_items": measures(answers)}


def event(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"event_grade": answers.get("event_grade")}


def event_analysis(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"action_items": measures(answers)}


def support(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"support_came": answers.get("support_came") is True}


BY_FORM = {
    "duty-evidence": duty,
    "action-check": action_check,
    "official-notice": notice,
    "notice-check": notice_check,
    "inspection": inspection,
    "adverse-event": event,
    "event-analysis": event_analysis,
    "support-result": support,
}
