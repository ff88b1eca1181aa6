"""One woman is entered once: who she is by her document, and what is open about her already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Conflict, Fault, Incorrect, Text
from engine.store import reads
from workflows.services import Services
from workflows.store import people as people_store

JOURNEY = "pregnancy_journey"
LEAD = "pregnancy_lead"
LEAD_FORM = "pregnancy-lead"
REGISTRATION = "registration"
LOOKED_UP = "duplicate_checked"


@dataclass(frozen=True, kw_only=True)
class OneWoman:
    """A form that says who a woman is, finished while nobody else can finish one with her document. Answers what
    `command` answers."""

    command: Any
    form: str
    answers: Mapping[str, Any]
    case: str | None


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    def handle(asked: OneWoman, tx: Any) -> Any:
        tx.answer_is_new()
        if asked.form == LEAD_FORM:
            looked_up(services(), tx.conn, asked.answers, asked.case)
        else:
            known_patient(services(), tx.conn, asked.answers, beside=asked.case)
        return tx.run(asked.command)

    return {OneWoman: handle}


def known_patient(
    services: Services, conn: Any, answers: Mapping[str, Any], *, beside: str | None = None
) -> str | None:
    """Who she is, if she was here before. Raises Conflict while a pregnancy of hers is open, other than `beside`: there
    is one at a time."""
    kind, number = answers.get("id_type"), answers.get("id_no")
    if not isinstance(kind, str) or not isinstance(number, str):
        return None
    people_store.lock_document(conn, services.region_id, kind, number)
    found = services.patients.by_document(conn, kind, number)
    if found is None:
        return None
    patient_id, pregnancy_id = found
    case = reads.instance_by_business_key(conn, services.region_id, JOURNEY, pregnancy_id) if pregnancy_id else None
    if case is not None and case.status in ("active", "suspended") and pregnancy_id != beside:
        raise Conflict(
            "该证件号已有在管妊娠", "a woman with this document has an open pregnancy", code="open-pregnancy"
        )
    return patient_id


def leads_of(services: Services, conn: Any, patient_id: str) -> list[str]:
    """Keys of the open leads about this woman: registering her settles them."""
    about_her = services.patients.tasks_about(conn, patient_id)  # a region has too many open leads to look through
    if not about_her:
        return []
    hers = {"patient_id": patient_id}
    found = reads.user_tasks(conn, services.region_id, definition_key=LEAD, ids=about_her, variables=hers)
    return sorted({task.business_key for task in found.items if task.business_key})


def has_document(answers: Mapping[str, Any]) -> bool:
    return bool(answers.get("id_no")) and answers.get("id_type") != "none"


def looked_up(services: Services, conn: Any, answers: Mapping[str, Any], lead: str | None) -> str | None:
    """Who a lead is about, if she was here before. Raises Conflict where she is in care, or has another open lead than
    `lead`; Incorrect where there is no document and nobody says that she was looked up."""
    if not answers.get("id_no") and answers.get(LOOKED_UP) not in (True, "true"):
        text = Text(
            zh="无证件号：请先按姓名、电话查找，再勾选", en="no document: look her up by name and phone, then tick"
        )
        raise Incorrect(text.zh, text.en, code="look-up", faults=[Fault(path=LOOKED_UP, message=text)])
    patient_id = known_patient(services, conn, answers)
    if patient_id is not None and set(leads_of(services, conn, patient_id)) - {lead}:
        raise Conflict(
            "该证件号已有未了结的孕情线索", "there is an open lead about a woman with this document", code="open-lead"
        )
    return patient_id
