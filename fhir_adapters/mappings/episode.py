"""Pregnancy -> EpisodeOfCare: {canon}/StructureDefinition/mch-pregnancy-episode; its Condition; the instance's
CarePlan."""

from __future__ import annotations

from datetime import date, timedelta

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, coding, concept, kebab, reference, resource, very_restricted
from fhir_adapters.terminology import (
    CANONICAL_BASE,
    CAREPLAN_CATEGORY,
    CONDITION_CLINICAL,
    CONDITION_VERIFICATION,
    DIAGNOSIS_ROLE,
    END_REASON,
    END_REASON_EXTENSION,
    END_REASON_OF,
    END_REASONS,
    EPISODE_TYPE,
    HIGH_RISK_SUPERVISED,
    ICD10,
    PREGNANCY,
    PREGNANCY_SUPERVISED,
    PROCESS_INSTANCE,
)
from workflows.people.visibility import REVIEWS

PLANS = {  # process -> category, its name, title
    "pregnancy_journey": ("pregnancy-management", "孕产期管理", "孕产期全程管理"),
    "pregnancy_lead": ("lead", "孕情线索", "孕情线索跟进"),
    "newborns": ("newborn-care", "新生儿保健", "新生儿管理"),
    "referral": ("referral", "转诊", "转诊"),
    "consultation": ("consultation", "会诊", "会诊"),
    "handover": ("handover", "转介", "跨区域转介"),
    "death_review": ("death-review", "死亡评审", "孕产妇死亡报告与评审"),
    "near_miss_review": ("near-miss-review", "危重评审", "危重孕产妇评审"),
}
OTHER_PLAN = ("accompanying", "随行流程", "随行流程")  # what runs beside a case
FOLLOW_UP = timedelta(days=42)  # the check that closes the care after a birth (WS/T, P17)


def to_episode(case: Case) -> Json:
    """One per pregnancy, with the pregnancy's id."""
    assert case.pregnancy_id is not None
    started = local_text(case.started_at)
    status = _status(case)
    history: list[Json] = [{"status": "active", "period": {"start": started}}]
    if case.is_over:
        ended = local_text(case.at)
        history[0]["period"]["end"] = ended
        history.append({"status": status, "period": {"start": ended}})
    period = {"start": started[:10]} | ({"end": _ended_on(case)} if case.is_over else {})
    return resource(
        "EpisodeOfCare",
        case.pregnancy_id,
        extension=_end_reason(case),
        identifier=[
            {"system": PREGNANCY, "value": case.pregnancy_id},
            {"system": PROCESS_INSTANCE, "value": case.instance_id},
        ],
        status=status,
        statusHistory=history,
        type=[concept(EPISODE_TYPE, "pregnancy-care", "孕产期健康管理")],
        diagnosis=[
            {
                "condition": reference("Condition", case.condition_id),
                "role": {"coding": [coding(DIAGNOSIS_ROLE, "pregnancy")]},
            }
        ],
        patient=case.subject,
        managingOrganization=reference("Organization", case.variables.get("home_organisation")),
        period=period,
    )


def _status(case: Case) -> str:
    if not case.is_over:
        return "onhold" if case.is_suspended else "active"
    return "cancelled" if case.variables.get("end_code") == "void" else "finished"


def _end_reason(case: Case) -> list[Json]:
    reason = END_REASON_OF.get(str(case.variables.get("end_code")))
    if reason is None or not case.is_over:
        return []
    return [{"url": END_REASON_EXTENSION, "valueCodeableConcept": concept(END_REASON, reason, END_REASONS[reason])}]


def _ended_on(case: Case) -> str:
    today, ended = local_text(case.at)[:10], str(case.variables.get("ended_on") or "")[:10]
    return max(ended, local_text(case.started_at)[:10]) if ended else today


def to_care_plan(case: Case) -> Json:
    """One per process instance about a woman."""
    category, display, title = PLANS.get(case.definition_key, OTHER_PLAN)
    status = "on-hold" if case.is_suspended else "active"
    if case.is_over:
        status = "revoked" if case.variables.get("end_code") in ("ended.maternal_death", "void") else "completed"
    start = local_text(case.started_at)[:10]
    end = _ended_on(case) if case.is_over else _planned_end(case)
    return resource(
        "CarePlan",
        case.instance_id,
        meta=very_restricted() if case.definition_key in REVIEWS else None,
        extension=case.episode_extension,
        identifier=[{"system": PROCESS_INSTANCE, "value": case.instance_id}],
        instantiatesCanonical=[
            f"{CANONICAL_BASE}/PlanDefinition/{kebab(case.definition_key)}|{case.definition_version}"
        ],
        status=status,
        intent="plan",
        category=[concept(CAREPLAN_CATEGORY, category, display)],
        title=title,
        subject=case.subject,
        period={"start": start} | ({"end": end} if end and end >= start else {}),
        addresses=[reference("Condition", case.condition_id)] if case.pregnancy_id else None,
    )


def _planned_end(case: Case) -> str | None:
    edd = case.variables.get("edd")
    return (date.fromisoformat(edd[:10]) + FOLLOW_UP).isoformat() if isinstance(edd, str) and edd else None


def to_condition(case: Case) -> Json:
    """The pregnancy itself, where no hospital has sent it: onset is the LMP."""
    colour = case.variables.get("colour")
    code, display = PREGNANCY_SUPERVISED if colour in (None, "green") else HIGH_RISK_SUPERVISED
    abated = case.variables.get("delivered_on") or _ended_on(case) if case.is_over else None
    lmp, is_void = case.variables.get("lmp"), case.is_over and case.variables.get("end_code") == "void"
    return resource(
        "Condition",
        case.condition_id,
        extension=case.episode_extension,
        clinicalStatus=None if is_void else concept(CONDITION_CLINICAL, "resolved" if abated else "active"),
        verificationStatus=concept(CONDITION_VERIFICATION, "entered-in-error" if is_void else "confirmed"),
        code=concept(ICD10, code, display, text="妊娠"),
        subject=case.subject,
        onsetDateTime=lmp[:10] if isinstance(lmp, str) and lmp else None,
        abatementDateTime=abated,
        recordedDate=local_text(case.started_at)[:10],
    )
