"""Examples: what the mappings make of one synthetic woman, each with the profile that it is to keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from engine.contracts import TaskRecord, Wait, WaitKind
from fhir_adapters.ig.common import Json
from fhir_adapters.ig.profiles import PROFILES
from fhir_adapters.mappings import dating, encounter, episode, newborn, observation, patient, risk
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.task import to_task
from workflows.forms import example_answers, forms_on_disk

_STARTED, _NOW = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, 1, 30, tzinfo=UTC)
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


def written() -> list[Json]:
    """Each claims its profile in its meta."""
    urls = {profile.id: profile.url for profile in PROFILES}
    found = []
    for profile, made in examples():
        resource = dict(made)
        meta = {**resource.pop("meta", {}), "profile": [urls[profile]]}
        found.append({"resourceType": resource.pop("resourceType"), "id": resource.pop("id"), "meta": meta, **resource})
    return found
