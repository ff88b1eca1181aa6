"""What the forms of a referral, and of whether a pregnancy may go on, mean for the course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from workflows.facts import date_of
from workflows.policies.registration import kind_of_birth
from workflows.rules_of_case import policy_of

Values = Mapping[str, Any]
TITLES = ("other", "attending", "associate_chief", "chief")  # lowest first


def suitability(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """P12. For "not suitable" count the signatures from `unsuitable.min_title` up: associate chief (seed:003 3)."""
    senior = TITLES[TITLES.index(policy_of(facts)["suitability_title"]) :]
    signed = [row for row in answers.get("members") or () if row.get("member_signed") is True]
    return {
        "conclusion": answers.get("conclusion"),
        "decision": answers.get("decision"),
        "senior_signatures": sum(row.get("member_title") in senior for row in signed),
    }


def transfer_request(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {
        "urgency": answers.get("urgency"),
        "transportable": answers.get("transportable") is not False,
        "transfer_refused": answers.get("refused") is True,
        "transfer_reason": answers.get("transfer_reason"),
        "requested_at": answers.get("requested_at"),
        "receiving_centre": answers.get("receiving_centre"),
    }


def transfer_answer(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"accepted": answers.get("answer") == "accept"}


def transfer_next(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"receiving_centre": answers.get("next_centre")}


def transfer_departure(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"departed_at": answers.get("departed_at")}


def transfer_arrival(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"arrived_at": answers.get("arrived_at")}


def transfer_result(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """What the receiving institution tells of a death or of an end ends the case wherever she was; a birth there is
    told to the case, whose hospital completes the record. An end from 28 weeks on, or the
    limit of her region, is a stillbirth (G-11)."""
    outcome = answers.get("transfer_outcome")
    happened = date_of(answers.get("happened_on")) or date_of(answers.get("result_on")) or on
    if outcome == "delivered":
        return {"transfer_result": outcome, "delivered_there_on": happened.isoformat()}
    if outcome not in ("died", "ended"):
        return {"transfer_result": outcome}
    edd = date_of(facts.get("edd_final"))
    early = edd is None or kind_of_birth(edd, happened, policy_of(facts)["viable_from_weeks"]) == "abortion"
    code = "ended.maternal_death" if outcome == "died" else "ended.abortion" if early else "ended.stillbirth"
    ended = {"end_code": code, "ended_on": happened.isoformat()}
    return {"transfer_result": outcome, **ended, "contact_reason": answers.get("diagnosis")}


BY_FORM = {
    "suitability": suitability,
    "transfer-request": transfer_request,
    "transfer-answer": transfer_answer,
    "transfer-next": transfer_next,
    "transfer-departure": transfer_departure,
    "transfer-arrival": transfer_arrival,
    "transfer-result": transfer_result,
}
