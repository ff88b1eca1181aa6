"""Observation -> `message_observation_received`; Condition -> `message_diagnosis_received` (P09).

Results wait a moment for those that come with them: `bursts`. A diagnosis is told at once.
"""

from __future__ import annotations

from engine.commands.contracts import PublishMessage
from fhir_adapters.facts import Fact, facts_of, woman_of
from fhir_adapters.inbound import bursts
from fhir_adapters.inbound.opening import is_pregnancy
from fhir_adapters.store import many, resources
from fhir_adapters.store.resources import Saved
from fhir_adapters.terminology import ICD10, ICD10_CN
from fhir_adapters.work import Item, Work

DATING = frozenset(
    {"lmp", "edd_final", "edd_lmp_280", "edd_us", "edd_by_ovulation", "ga_days", "pregnancy_status", "outcome"}
)


def receive(work: Work) -> None:
    by_case: dict[str, dict[str, Fact]] = {}
    results: dict[str, int] = {}
    caused: list[tuple[Saved, str | None, str]] = []
    for item in work.changed("Observation"):
        episode_id = item.correlated.episode_id
        if episode_id is None or item.resource is None:
            continue
        told = {name: fact for name, fact in facts_of(item.resource) if name not in DATING}
        if told and _woman(work, episode_id) == item.patient_id:
            assert item.saved is not None
            caused.append((item.saved, episode_id, item.correlated.result))
            by_case.setdefault(episode_id, {}).update(told)
            results[episode_id] = results.get(episode_id, 0) + 1
    many.record_events(work.asked, work.region_id, caused, bursts.MESSAGE, work.now)
    for episode_id in sorted(by_case):  # one order for everybody: no deadlocks
        bursts.note(work, episode_id, by_case[episode_id], results[episode_id])
    for item in work.changed("Condition"):
        _diagnosis(work, item)


def _woman(work: Work, episode_id: str) -> str | None:
    if episode_id not in work.women:
        work.women[episode_id] = woman_of(work.asked, work.region_id, episode_id)
    return work.women[episode_id]


def _diagnosis(work: Work, item: Item) -> None:
    condition, episode_id = item.resource or {}, item.correlated.episode_id
    if episode_id is None or is_pregnancy(condition):
        return
    if _woman(work, episode_id) != item.patient_id:
        return  # a diagnosis of the child
    statuses = [condition.get(name, {}) for name in ("clinicalStatus", "verificationStatus")]
    codes = {c.get("code") for status in statuses for c in status.get("coding", ())}
    if not {"active", "confirmed"} <= codes:
        return
    codings = condition.get("code", {}).get("coding", ())
    code = next((c.get("code") for c in codings if c.get("system") in (ICD10, ICD10_CN)), None)
    payload = {"code": code, "text": condition.get("code", {}).get("text")}
    _record(work, item, "message_diagnosis_received")
    work.run(PublishMessage(name="message_diagnosis_received", key=episode_id, payload=payload))


def _record(work: Work, item: Item, event: str) -> None:
    """What came of this version, for whoever asks later."""
    assert item.saved is not None
    case = item.correlated
    resources.record_event(work.asked, work.region_id, item.saved, event, case.episode_id, case.result, work.now)
