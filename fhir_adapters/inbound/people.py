"""What a person has to decide, and a death that is reported (§9.1, §9.2): never a guess.

What belongs to several cases, evidence that is withdrawn, a patient replaced by another, a child that died: each
becomes one item of the inbox, in the transaction that stored the resource.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.commands.contracts import PublishMessage
from engine.store import plain
from fhir_adapters.corrections.results import tell_withdrawn
from fhir_adapters.correlation import of_patient
from fhir_adapters.facts import FINAL, facts_of, read_facts, woman_of
from fhir_adapters.mappings.common import instant
from fhir_adapters.store import inbound, resources
from fhir_adapters.types import episode_of, patient_of
from fhir_adapters.work import Item, Json, Work

MATERNAL_DEATH = "ended.maternal_death"
KEPT = timedelta(days=300)  # a death stays true until the case asks
REASONS = {
    "several-cases": "可归入多个个案 / it may belong to several cases",
    "withdrawn-evidence": "检查结果被撤回，请复核分级；颜色不自动下降"
    " / a result was withdrawn: review the grading, it does not fall by itself",
    "merged-patient": "患者被另一患者取代，请核对身份 / a patient was replaced by another: check who she is",
    "deceased-child": "儿童死亡 / a child died",
}


def receive(work: Work) -> None:
    for item in work.items:
        if item.saved is None or not item.saved.changed:
            continue
        if item.correlated.result == "inbox":
            _ask(work, item, "several-cases")
        if item.entry.type == "Observation" and (before := _withdrawn(work, item)) is not None:
            _ask(work, item, "withdrawn-evidence")
            _review(work, item, before)
        if item.entry.type == "Patient" and item.resource is not None:
            _patient(work, item, item.resource)


def _ask(work: Work, item: Item, kind: str) -> None:
    assert item.saved is not None
    inbound.ask_a_person(
        work.conn,
        work.region_id,
        kind=kind,
        source=work.viewer.source,
        reason=REASONS[kind],
        at=work.now,
        resource=(item.saved.type, item.saved.id, item.saved.version),
        patient_id=item.patient_id,
    )


def _withdrawn(work: Work, item: Item) -> Json | None:
    """Its version before, where that counted as a fact of a case and this one does not."""
    assert item.saved is not None
    status = (item.resource or {}).get("status") if item.entry.method != "DELETE" else "entered-in-error"
    if item.saved.version < 2 or status in FINAL:
        return None
    key = (work.conn, work.region_id, "Observation", item.saved.id, work.viewer, item.saved.version - 1)
    found = resources.read(*key, letters=None)
    if found is None:
        return None
    before = {**plain.read(found[0].body), "resourceType": "Observation", "id": item.saved.id}
    return before if any(True for _ in facts_of(before)) else None


def _review(work: Work, item: Item, withdrawn: Json) -> None:
    """The doctor of the case looks at what rested on it."""
    episode_id = item.correlated.episode_id or episode_of(withdrawn) or _case_of(work, item)
    if episode_id is None or woman_of(work.conn, work.region_id, episode_id) != patient_of(withdrawn):
        return
    known = read_facts(work.conn, work.region_id, episode_id)
    told = {name: f for name, f in facts_of(withdrawn) if name not in known or known[name].at <= f.at}
    tell_withdrawn(work.tx, episode_id, withdrawn, {**known, **told}, "")


def _case_of(work: Work, item: Item) -> str | None:
    found = of_patient(work.conn, work.region_id, item.patient_id, None) if item.patient_id else None
    return found.episode_id if found is not None and found.result == "case" else None


def _patient(work: Work, item: Item, patient: Json) -> None:
    if any(link.get("type") == "replaced-by" for link in patient.get("link", ())):
        _ask(work, item, "merged-patient")
    died_at = patient.get("deceasedDateTime")
    if not (patient.get("deceasedBoolean") is True or died_at):
        return
    case = of_patient(work.conn, work.region_id, item.id, None)
    if case.result == "case" and case.episode_id and woman_of(work.conn, work.region_id, case.episode_id) == item.id:
        _maternal_death(work, item, case.episode_id, died_at)
    elif any(True for _ in resources.of_patient(work.conn, work.region_id, item.id, ("RelatedPerson",))):
        _ask(work, item, "deceased-child")


def _maternal_death(work: Work, item: Item, episode_id: str, died_at: Any) -> None:
    """The case ends as its pathway says, and with it every reminder, in this transaction."""
    assert item.saved is not None
    name = "message_end_reported"
    resources.record_event(work.conn, work.region_id, item.saved, name, episode_id, "case", work.now)
    on = (instant(died_at) or str(died_at))[:10] if died_at else instant(work.now.isoformat())
    payload = {"end_code": MATERNAL_DEATH, "ended_on": str(on)[:10], "reason": None}
    work.run(PublishMessage(name=name, key=episode_id, payload=payload, message_id="fhir/death", ttl=KEPT))
