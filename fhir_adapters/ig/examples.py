"""Examples: what the mappings make of one synthetic woman, each with the profile that it is to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.contracts import TaskRecord, Wait, WaitKind
from engine.store import plain
from fhir_adapters.documents import making
from fhir_adapters.ig.common import Json
from fhir_adapters.ig.profile_table import PROFILES
from fhir_adapters.mappings import (
    appointment,
    communication,
    dating,
    encounter,
    episode,
    finding,
    measure,
    newborn,
    observation,
    patient,
    referral,
    risk,
)
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.task import to_task
from fhir_adapters.terminology import CANONICAL_BASE, sid
from workflows.forms import example_answers, forms_on_disk
from workflows.indicators import Figure, Report, definition, read_period

_STARTED, _NOW = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, 1, 30, tzinfo=UTC)
_SHEETS = {
    "referral": UUID("3f0d6c5e-9d0a-4c2b-8f57-0c1b9c0a0001"),
    "discharge": UUID("3f0d6c5e-9d0a-4c2b-8f57-0c1b9c0a0002"),
}
_GRADED = {"graded_at": "2026-01-12T09:30:00+08:00", "colour": "orange", "purple": False, "criteria": ["O-1.1"]}
_FETUS = {
    "order": 1,
    "outcome": "live_birth",
    "sex": "female",
    "birth_time": "2026-07-20T06:30:00+08:00",
    "weight_g": 3200,
}
_BORN = {
    "delivered_on": "2026-07-20",
    "delivered_at": "2026-07-20T06:30:00+08:00",
    "admitted_at": "2026-07-19T22:10:00+08:00",
}
_EMERGENCY = {"delivery_mode": "cs", "cs_category": "emergency", "cs_decision_at": "2026-07-20T06:05:00+08:00", **_BORN}


def _case(**variables: Any) -> Case:
    known = {
        **{"patient_id": "example", "home_organisation": "org-twn-1", "hospital_organisation": "org-hospital"},
        **{"lmp": "2025-10-20", "edd": "2026-07-27", "edd_basis": "lmp"},
    }
    return Case(
        pregnancy_id="926bb7d7-c170-5acc-b354-4b56d7d32a91",
        patient_id="example",
        instance_id="754935cd-3f41-42a4-964a-480d9294196c",
        definition_key="pregnancy_journey",
        definition_version=1,
        variables={**known, **variables},
        started_at=_STARTED,
        at=_NOW,
        by="nurse",
        organisation="org-twn-1",
        is_over=False,
        is_suspended=False,
    )


def _task() -> TaskRecord:
    data = {
        **{"name": "妊娠风险评估分级", "form": "risk-grading", "form_version": None, "candidate_roles": ["R-OB"]},
        **{"organisation": "org-hospital", "assignee": None, "candidate_users": [], "priority": 50, "clock": "T-04"},
        **{"window_from": "2026-01-05T08:00:00+08:00", "due": "2026-01-19T23:59:59+08:00", "until": None},
    }
    path = "call_risk_grading/task_grade"
    wait = Wait(id=3, scope=1, element_id="task_grade", path=path, kind=WaitKind.USER_TASK, data=data)
    id_ = UUID("d4876df9-4315-5091-bf89-4b4e11afeb1e")
    return TaskRecord(id=id_, wait=wait, state="created", revision=1, assignee=None, created_at=_STARTED)


def _observations(form: str, **answers: Any) -> list[Json]:
    source = observation.Source(response_id="qr1", effective="2026-01-12T09:30:00+08:00", encounter_id="v1")
    return observation.to_observations(forms_on_disk()[form], answers, _case(), source)


def examples() -> Iterator[tuple[str, Any]]:
    """Profile and resource."""
    graded, born = _case(gradings=[_GRADED]), _case(**_BORN)
    yield "mch-patient", patient.to_patient(example_answers("registration"), "example")
    yield "mch-newborn", newborn.to_newborn(_FETUS, born, order=1, of=1)
    yield "mch-pregnancy-episode", episode.to_episode(_case())
    yield "mch-careplan", episode.to_care_plan(_case())
    yield "mch-user-task", to_task(_task(), _case())
    yield "mch-pregnancy-risk", risk.to_grading(graded, 1, _GRADED, "qr5")
    for flag in risk.to_flags(graded):
        yield "mch-risk-flag", flag
    yield "mch-dating-observation", dating.to_lmp(_case())
    yield "mch-dating-observation", dating.to_edd(_case())
    for one in _observations("anc-visit", sbp=146, dbp=94, weight=62, fundal_height=24):
        yield "mch-anc-observation", one
    for one in _observations("delivery", fetus=[_FETUS]):
        if any(extension["url"].endswith("fetus-index") for extension in one.get("extension", ())):
            yield "mch-fetal-observation", one
    yield "mch-delivery-encounter", encounter.to_delivery(born)
    yield "mch-delivery-procedure", encounter.to_procedure(_EMERGENCY, born)
    yield from _of_a_birth(born)
    yield from _asked_and_said(graded)
    yield from _counted()


def _of_a_birth(born: Case) -> Iterator[tuple[str, Any]]:
    for one in _observations("delivery", fetus=[{**_FETUS, "apgar_1": 9, "apgar_5": 10}]):
        if any(coding.get("code") in ("9272-6", "9274-2", "8339-4") for coding in one["code"]["coding"]):
            yield "mch-newborn-observation", {**one, "id": f"{one['id']}.child"}
    yield "mch-discharge-document", _document("discharge", born)


def _asked_and_said(graded: Case) -> Iterator[tuple[str, Any]]:
    """A referral with its Task and its document, a finding, a window, a report."""
    found = {"referral_no": "ZZ330102202601120001", "requested_at": "2026-01-12T10:00:00+08:00"}
    about = _case(**found, transfer_reason="妊娠期高血压")
    referred = referral.Referral(
        case=about,
        no=found["referral_no"],
        centre=1,
        sender="org-twn-1",
        receiver="org-hospital",
        elsewhere=False,
        state="accepted",
        variables=about.variables,
    )
    yield "mch-referral", referral.to_request(referred)
    yield "mch-referral-task", referral.to_task(referred, "accepted", "2026-01-12T10:20:00+08:00", {"bed": "12"})
    yield "mch-referral-document", _document("referral", graded)
    seen = {"code": "A-1", "level": "urgent", "text": "血压 ≥140/90 mmHg（间隔 4 小时复测）"}
    for one in finding.to_findings([seen], _case(), "qr1"):
        yield "mch-finding", one
    task = _task()
    visit = replace(task, wait=replace(task.wait, element_id="task_antenatal_visit"))
    yield "mch-visit", appointment.to_window(visit, _case())
    said = {"reported_on": "2026-01-12", "colour": "orange"}
    yield "mch-report", communication.to_report("risk-report", said, graded, "qr5")


def _counted() -> Iterator[tuple[str, Any]]:
    known = definition("I-12")
    figure = Figure(definition=known, numerator=2, denominator=3, excluded=1, rate=Decimal("66.7"))
    report = Report(
        region="county",
        pack="cn-baseline",
        period=read_period("2026Q1"),
        organisation="org-mch",
        counted_at=_NOW,
        figures=(figure,),
        by_organisation={},
    )
    yield "mch-indicator", measure.to_measure(known)
    yield "mch-indicator-report", {"id": "example", **measure.to_report(figure, report)}


def _document(kind: str, case: Case) -> Json:
    """The sheet of one synthetic woman, everything in it."""
    woman = patient.to_patient(example_answers("registration"), "example")
    known = [woman, episode.to_episode(case), episode.to_condition(case), episode.to_care_plan(case)]
    known += [one for one in (encounter.to_delivery(case),) if one is not None]
    known += [risk.to_grading(case, 1, _GRADED, None)] if case.variables.get("gradings") else []
    known += _observations("anc-visit", sbp=146, dbp=94)
    by = {"type": "Organization", "identifier": {"system": sid("organisation"), "value": "org-hospital"}}
    made = making.document(kind, _SHEETS[kind], known, base=f"{CANONICAL_BASE}/example", at=_NOW, by=by, replaces=None)
    return plain.read(plain.dumps(made))


def written() -> list[Json]:
    """Each claims its profile in its meta."""
    urls = {profile.id: profile.url for profile in PROFILES}
    found = []
    for profile, made in examples():
        resource = dict(made)
        meta = {**resource.pop("meta", {}), "profile": [urls[profile]]}
        found.append({"resourceType": resource.pop("resourceType"), "id": resource.pop("id"), "meta": meta, **resource})
    return found
