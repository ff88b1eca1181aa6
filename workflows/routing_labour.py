"""What the forms about labour, the delivery room and an emergency mean for the course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from workflows import tables
from workflows.facts import date_of
from workflows.rules_of_case import policy_of

Values = Mapping[str, Any]
ASKS = frozenset({"urgent", "emergency"})  # levels of D8 that somebody looks at again at once
NEWBORN = "asphyxia"  # the cause of a rescue that is the child's
MOMENTS = ("admission", "before_birth", "after_birth")  # F-20, in this order


def labour(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The assessment on admission may only propose a rise; the checklist begins with its first moment."""
    abnormal = "abnormal" in (answers.get("fetal_heart_normal"), answers.get("lie_normal"))
    return {
        "visit_colour": answers.get("labour_colour"),
        "visit_purple": answers.get("labour_purple") is True,
        "visit_urgent": False,
        "visit_abnormal": abnormal,
        "visit_findings": tables.findings({name: answers.get(name) for name in ("sbp", "dbp")}, policy_of(facts), on),
        "check_moment": MOMENTS[0],
    }


def checked(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The next moment of the checklist, after the one that was signed."""
    signed = [moment for moment in MOMENTS if answers.get(f"chk_{moment}_by")]
    following = MOMENTS.index(signed[-1]) + 1 if signed else 0
    return {"check_moment": MOMENTS[min(following, len(MOMENTS) - 1)]}


def observed(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """T-14h by D8: a haemorrhage is 500 mL after a vaginal birth, 1000 mL after a caesarean (A-23)."""
    found = {
        "postpartum_days": 0,
        "sbp": answers.get("sbp"),
        "dbp": answers.get("dbp"),
        "blood_loss_24h": answers.get("blood_loss_total"),
        "delivery_mode": answers.get("birth_mode"),
    }
    measured = {name: value for name, value in found.items() if value is not None}
    findings = tables.findings(measured, policy_of(facts), on)
    serious = any(row["level"] in ASKS for row in findings) or answers.get("shock_signs") is True
    return {"visit_findings": findings, "birth_abnormal": serious}


def decided(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"cs_decision_at": answers.get("cs_decision_at")}


def timed(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"ddi_minutes": answers.get("ddi_minutes")}


def newborn_died(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The payload of message_newborn_died."""
    return {"reason": answers.get("death_reason"), "died_at": answers.get("child_died_at")}


def rescued(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """Who died in a rescue has ended her case (E4); in that of an asphyxia it is the child who is rescued."""
    died = answers.get("rescue_result") == "died" and answers.get("rescue_cause") != NEWBORN
    return {"rescue_refer": answers.get("rescue_refer") is True, **(_died(answers, on) if died else {})}


def _died(answers: Values, on: date) -> dict[str, Any]:
    """On the day of the last moment that the record has."""
    moments = [at for row in answers.get("rescue_times") or () if (at := date_of(row.get("rescue_at")))]
    return {
        "end_code": "ended.maternal_death",
        "ended_on": max(moments, default=on).isoformat(),
        "contact_reason": answers.get("rescue_note") or "抢救无效死亡",
    }


def rescue_begun(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"rescue_cause": answers.get("rescue_cause"), "rescue_began_at": answers.get("rescue_began_at")}


def blood_asked(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"blood_requested_at": answers.get("blood_requested_at")}


def blood(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"blood_found": answers.get("blood_found") is True}


BY_FORM = {
    "labour-assessment": labour,
    "safety-checklist": checked,
    "birth-observation": observed,
    "cs-decision": decided,
    "cs-times": timed,
    "blood-request": blood_asked,
    "blood-answer": blood,
    "newborn-died": newborn_died,
    "rescue-record": rescued,
    "rescue-start": rescue_begun,
}
