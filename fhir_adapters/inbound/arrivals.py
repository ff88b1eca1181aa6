"""Encounter that begins -> `message_admitted` (P14): in labour the ward's pathway, else a look at her grading (D-4)."""

from __future__ import annotations

from datetime import timedelta

from engine.commands.contracts import PublishMessage
from fhir_adapters.inbound.asked import case_of, case_of_the_woman, note
from fhir_adapters.inbound.stays import ADMITTED, BEGUN, forget_earlier_discharges, is_for_birth
from fhir_adapters.work import Item, Work
from workflows.occasions import variables_for

REGRADE = "message_diagnosis_received"
KEPT = timedelta(days=1)


def receive(work: Work) -> None:
    for item in work.changed("Encounter"):
        encounter = item.resource or {}
        if encounter.get("status") not in BEGUN or (episode_id := case_of_the_woman(work, item)) is None:
            continue
        if encounter.get("class", {}).get("code") == "IMP":
            _admitted(work, item, episode_id)
        else:
            note(work, item, "message_visit_arrived")


def _admitted(work: Work, item: Item, episode_id: str) -> None:
    """One stay is told once, however often its Encounter is sent."""
    case = case_of(work, episode_id)
    if case is None or case.variables.get("delivered_on"):
        return
    told = f"fhir/{ADMITTED}/{item.id}"
    name, payload = REGRADE, {"code": None, "text": "入院，再评估 D-4"}
    if is_for_birth(item.resource or {}):
        name, payload = ADMITTED, variables_for(work.services, case, work.by)
    sent = work.run(PublishMessage(name=name, key=episode_id, payload=payload, message_id=told, ttl=KEPT))
    if sent.result != "duplicate":
        note(work, item, ADMITTED)
        forget_earlier_discharges(work, item, episode_id)
