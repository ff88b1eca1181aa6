"""Referrals, hand-overs to another region and consultations as their processes know them: their number, where they
stand, and who takes part with an installation of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.clock import CHINA
from workflows.store import referrals as store

PROCESS, HANDOVER, CONSULTATION = "referral", "handover", "consultation"
RECEIVERS = {  # both sides of each do their own steps; the variables that name who is asked, the first that is there
    PROCESS: ("receiving_organisation", "hospital_organisation"),
    HANDOVER: ("receiving_organisation", "county_organisation"),
    CONSULTATION: ("answering_organisation",),
}
ENDED = "message_referral_ended"
WITHDRAWN, NO_SHOW = "withdrawn", "no-show"
PARTNER = "fhir_partner"  # the kind of line in the directory
LEAVES = "task_depart"
ANSWERS = ("accepted", "handover_accepted", "consult_accepted")  # whether who was asked takes it on
RESULTS = (  # the variable that says so, and the state
    *(("transfer_result", "returned"), ("moved_in", "returned"), ("consult_answered", "returned")),
    ("arrived_at", "arrived"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """An institution with an installation of its own. `client_id`: our name there; `organisation_there`: theirs."""

    organisation: str
    base_url: str
    client_id: str
    organisation_there: str
    network: str


def started(tx: Any, sending: str | None) -> dict[str, Any]:
    """What a referral that begins here knows of itself: its number, `ZZ` + region + day + sequence, who sends, and who
    works in an installation of its own, where nobody here can be urged."""
    day = tx.now.astimezone(CHINA).date()
    number = store.next_number(tx.conn, tx.region_id, day)
    return {
        "referral_no": f"ZZ{tx.region_id.upper()}{day:%Y%m%d}{number:04}",
        "centre_no": 1,
        "sending_organisation": sending,
        "partners": store.partners(tx.conn, tx.region_id, PARTNER),
    }


def onward(tx: Any, variables: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a referral learns of the one that follows it: when, to whom, under which number."""
    at = tx.now.astimezone(CHINA).isoformat(timespec="seconds")
    return {
        "onward_at": at,
        "onward_to": answers.get("receiving_centre"),
        "onward_no": variables["referral_no"],
    }


def sides(process: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Who sends and who receives."""
    sender = variables.get("sending_organisation") or variables.get("home_organisation")
    names = RECEIVERS.get(process, RECEIVERS[PROCESS])
    return {"sender": sender, "receiver": next((variables[one] for one in names if variables.get(one)), None)}


def state_of(variables: Mapping[str, Any]) -> str:
    """Where it stands, in the words of the loop."""
    if ended := variables.get("ended_as"):
        return str(ended)
    for name, state in RESULTS:
        if variables.get(name):
            return state
    answer = next((variables[name] for name in ANSWERS if variables.get(name) is not None), None)
    if answer is True:
        return "departed" if variables.get("departed_at") else "accepted"
    if answer is False:
        return "refused"
    return "received" if variables.get("received_at") else "requested"


def partner_of(conn: Any, region_id: str, organisation: str) -> Partner | None:
    """As the directory says now; None for an institution that works in this installation, or on paper."""
    found = store.partner(conn, region_id, organisation, PARTNER)
    if found is None:
        return None
    body = {name: str(found[name]) for name in ("base_url", "client_id", "organisation_there", "network")}
    return Partner(organisation=organisation, **{**body, "base_url": body["base_url"].rstrip("/")})
