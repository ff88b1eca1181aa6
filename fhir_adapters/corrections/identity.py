"""Who a woman is, corrected in place: the Patient keeps its id and its versions, nobody else's document is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage, SetVariables
from engine.errors import Conflict, Incorrect, NotFound
from engine.store import reads
from fhir_adapters.access import Viewer
from fhir_adapters.facts import read_facts, woman_of
from fhir_adapters.mappings.patient import to_patient
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE, Draft
from fhir_adapters.terminology import DOCUMENT_PREFIX, HANDBOOK, ID_CARD, is_identity, same_system
from workflows.corrections import identity
from workflows.corrections.identity import CARD, Identity
from workflows.duplicates import JOURNEY
from workflows.services import Services
from workflows.store import people as people_store

TOLD = "message_diagnosis_received"
MOST_VERSIONS = 50


@dataclass(frozen=True, kw_only=True)
class CorrectIdentity:
    """Raises Conflict where the document is another woman's: then the two records are to be merged."""

    pregnancy_id: str
    person: Identity
    reason: str


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Who she was said to be until then."""

    until: datetime
    person: Identity


def identity_now(conn: Any, region_id: str, pregnancy_id: str) -> tuple[str, Identity] | None:
    """Her Patient and what it says."""
    patient_id = woman_of(conn, region_id, pregnancy_id)
    stored = resources.current(conn, region_id, "Patient", patient_id) if patient_id else None
    return (patient_id, _said(stored.resource())) if stored is not None and patient_id else None


def earlier(conn: Any, region_id: str, patient_id: str, viewer: Viewer) -> list[Earlier]:
    """Newest first; versions that say the same of her are one."""
    versions = resources.history(conn, region_id, "Patient", patient_id, viewer, limit=MOST_VERSIONS)
    said = [(stored.updated_at, _said(stored.resource())) for stored, _ in versions if not stored.deleted]
    return [Earlier(until=later[0], person=before[1]) for later, before in pairwise(said) if before[1] != later[1]]


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    return {CorrectIdentity: lambda command, tx: _correct(command, tx, services())}


def _correct(command: CorrectIdentity, tx: Any, services: Services) -> dict[str, Any]:
    conn, region, person = tx.conn, tx.region_id, command.person
    case = reads.instance_by_business_key(conn, region, JOURNEY, command.pregnancy_id)
    patient_id = woman_of(conn, region, command.pregnancy_id)
    if case is None or patient_id is None:
        raise NotFound("没有此孕产妇", "no such pregnancy")
    if person.id_no:
        people_store.lock_document(conn, region, person.id_type, person.id_no)
    head = resources.lock(conn, region, "Patient", patient_id)
    stored = resources.current(conn, region, "Patient", patient_id)
    if head is None or stored is None:
        raise NotFound("没有此孕产妇", "no such pregnancy")
    if not head.engine_owned:
        raise Conflict("她的身份由医院系统登记，请由发送方更正", "its sender must correct it", code="not-ours")
    before = _said(stored.resource())
    changed = person.differs_in(before)
    if not changed:
        raise Incorrect("与现在的登记相同", "that is what is registered", code="correction")
    _refuse_anothers_document(services, conn, person, patient_id)
    known = {name: fact.value for name, fact in read_facts(conn, region, command.pregnancy_id).items()}
    _save(tx, stored.resource(), person)
    on = tx.now.astimezone(CHINA).date()
    effect = identity.age_effect(known, person.birth_date, case.variables, on)
    is_open = case.status in ("active", "suspended")
    if is_open:
        _note(tx, case, command, changed)
    if is_open and (effect.gained or effect.lost):
        raised = [*(case.variables.get("raised_by") or ()), identity.finding(effect)]
        payload = {"findings": raised}
        tx.run(PublishMessage(name=TOLD, key=command.pregnancy_id, payload=payload, ttl=timedelta(0)))
    every = [s.id for s in resources.of_patient(conn, region, patient_id, ("EpisodeOfCare",))]
    return {
        "fields": list(changed),
        "age": {"was": effect.was, "now": effect.now},
        "gained": list(effect.gained),
        "lost": list(effect.lost),
        "other_pregnancies": len(set(every) - {command.pregnancy_id}),
    }


def _refuse_anothers_document(services: Services, conn: Any, person: Identity, patient_id: str) -> None:
    """AC-30: one document, one woman."""
    found = services.patients.by_document(conn, person.id_type, person.id_no) if person.id_no else None
    if found is not None and found[0] != patient_id:
        raise _taken()


def _taken() -> Conflict:
    zh, en = (
        "该证件号或手册号已登记为另一份档案：同一人请合并档案",
        "another record has it: merge the two if she is one",
    )
    return Conflict(zh, en, code="same-document")


def _save(tx: Any, patient: Mapping[str, Any], person: Identity) -> None:
    """The elements that say who she is come from the correction, everything else stays."""
    answers = {name: value for name in identity.NAMES if (value := getattr(person, name))}
    said = to_patient(answers, str(patient["id"]))
    kept = [i for i in patient.get("identifier", ()) if not _is_document(i) and i.get("system") != HANDBOOK]
    kept_telecom = [t for t in patient.get("telecom", ()) if t.get("system") != "phone"]
    corrected = {
        **patient,
        "identifier": [*said.get("identifier", ()), *kept],
        "name": said["name"],
        "telecom": [*said.get("telecom", ()), *kept_telecom],
        "birthDate": said["birthDate"],
    }
    corrected = {name: value for name, value in corrected.items() if value != []}
    resources.release(tx.conn, tx.region_id, "Patient", str(patient["id"]))
    resources.save(tx.conn, tx.region_id, tx.now, ENGINE, [Draft(resource=corrected)], engine_owned=True)
    for one in corrected.get("identifier", ()):
        if is_identity(same_system(one["system"])):
            system, value = same_system(one["system"]), str(one["value"]).upper()
            if resources.claim(tx.conn, tx.region_id, "Patient", system, value, str(patient["id"])) is not None:
                raise _taken()


def _note(tx: Any, case: Any, command: CorrectIdentity, changed: tuple[str, ...]) -> None:
    """Who corrected it, when and why; of the values themselves the versions of the Patient tell."""
    at = tx.now.astimezone(CHINA).isoformat(timespec="seconds")
    line = {"kind": "identity", "at": at, "by": tx.by.id, "reason": command.reason, "fields": list(changed)}
    lines = [*(case.variables.get("corrections") or ()), line]
    tx.run(SetVariables(instance_id=case.id, variables={"corrections": lines}, reason="identity"))


def _is_document(identifier: Mapping[str, Any]) -> bool:
    system = same_system(identifier.get("system", ""))
    return system == ID_CARD or system.startswith(DOCUMENT_PREFIX)


def _said(patient: Mapping[str, Any]) -> Identity:
    document = next((i for i in patient.get("identifier", ()) if _is_document(i)), None)
    kind, number = "none", ""
    if document is not None:
        system, number = same_system(document["system"]), str(document.get("value", ""))
        kind = CARD if system == ID_CARD else system.removeprefix(DOCUMENT_PREFIX).replace("-", "_")
    name = next((n.get("text") for n in patient.get("name", ()) if n.get("text")), "")
    phone = next((t.get("value") for t in patient.get("telecom", ()) if t.get("system") == "phone"), "")
    handbook = next((i.get("value") for i in patient.get("identifier", ()) if i.get("system") == HANDBOOK), "")
    return Identity(
        name=str(name),
        id_type=kind,
        id_no=number,
        birth_date=str(patient.get("birthDate") or ""),
        phone=str(phone or ""),
        handbook_no=str(handbook or ""),
    )
