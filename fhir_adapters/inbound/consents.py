"""Consent -> who may read her record, and a refusal of what she was offered: `message_consent_changed` (P10, P12).

The institutions of her care are named by her case: of those a consent takes none away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.commands.contracts import PublishMessage
from fhir_adapters.inbound.asked import case_of, case_of_the_woman, note
from fhir_adapters.store import consents, resources
from fhir_adapters.terminology import ACTIVITY
from fhir_adapters.work import Item, Json, Work
from workflows.people.visibility import care_in

PRIVACY, TREATMENT, RESEARCH = "patient-privacy", "treatment", "research"
ASKED = ("prenatal-screening", "termination")  # the activities that processes wait to hear about
CHANGED = "message_consent_changed"


def receive(work: Work) -> None:
    for item in work.changed("Consent"):
        consent = item.resource or {}
        if consent.get("status") != "active" or item.patient_id is None:
            continue
        scopes = {coding.get("code") for coding in consent.get("scope", {}).get("coding", ())}
        if PRIVACY in scopes:
            _reading(work, item, consent)
        if TREATMENT in scopes:
            _treatment(work, item, consent)


def _provisions(consent: Json) -> Iterator[tuple[str, Json]]:
    """The rule and its exceptions, each with what it says."""
    provision = consent.get("provision", {})
    if provision.get("type") in ("permit", "deny"):
        yield provision["type"], provision
    for one in provision.get("provision", ()):
        if one.get("type") in ("permit", "deny"):
            yield one["type"], one


def _reading(work: Work, item: Item, consent: Json) -> None:
    case = case_of(work, item.correlated.episode_id) if item.correlated.episode_id else None
    care = care_in(case.variables) if case is not None else frozenset()
    known = work.services.people.organisations()
    assert item.patient_id is not None
    for decision, provision in _provisions(consent):
        named = {one for one in _organisations(provision) if one in known}
        if decision == "permit":
            resources.add_area(work.asked, work.region_id, item.patient_id, named)
        else:
            consents.withdraw_area(work.asked, work.region_id, item.patient_id, named - care)
    note(work, item, CHANGED)


def _organisations(provision: Json) -> Iterator[str]:
    for actor in provision.get("actor", ()):
        type_, _, id_ = str(actor.get("reference", {}).get("reference", "")).partition("/")
        if type_ == "Organization":
            yield id_


def _treatment(work: Work, item: Item, consent: Json) -> None:
    """She may still change her mind: what was under way because she agreed ends as its diagram says."""
    episode_id = case_of_the_woman(work, item)
    if episode_id is None:
        return
    for decision, provision in _provisions(consent):
        codes: set[Any] = {c.get("code") for code in provision.get("code", ()) for c in _codings(code)}
        for activity in ASKED:
            if decision == "deny" and activity in codes:
                note(work, item, CHANGED)
                work.run(PublishMessage(name=CHANGED, key=f"{episode_id}/{activity}", payload={"decision": decision}))


def _codings(concept: Json) -> list[Json]:
    return [coding for coding in concept.get("coding", ()) if coding.get("system") == ACTIVITY]
