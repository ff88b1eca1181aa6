"""One sample of what each kind of form becomes beside its Observations, and of what a step says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fhir_adapters.mappings import (
    appointment,
    audit_event,
    care,
    child,
    communication,
    dating,
    definition,
    episode,
    finding,
    patient,
    provenance,
    referral,
    risk,
)
from fhir_adapters.mappings.by_form import made_of
from fhir_adapters.mappings.definition import Deployed
from fhir_adapters.mappings.observation import Source
from fhir_adapters.mappings.referral import STATUS, Referral, Step
from fhir_adapters.mappings.task import begun, to_task
from workflows.forms import example_answers, forms_on_disk

RESPONSE = "qr1"
DIAGRAM = '<definitions><userTask id="task_grade" name="妊娠风险评估分级"/></definitions>'.encode()
TABLE = b"<definitions/>"
ROW: dict[str, Any] = {
    "id": 7,
    "actor_id": "nurse",
    "actor_kind": "person",
    "subject_kind": "Observation",
    "subject_id": None,
}
CALM = {"graded_at": "2026-01-05T09:30:00+08:00", "colour": "green", "purple": False, "criteria": []}
CALM_AGAIN = {**CALM, "graded_at": "2026-01-12T09:30:00+08:00"}
_LATER = datetime(2026, 8, 20, tzinfo=UTC)
DAY = "2026-01-12T09:30:00+08:00"
ENDED_AT = "2026-09-01T10:00:00+08:00"
POLICY = {"pack": "cn-baseline", "pack_version": "1"}
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {  # golden file -> form and answers
    "report_risk": ("risk-report", {"reported_on": "2026-01-12", "colour": "red"}),
    "report_discharge": ("discharge", {"discharged_at": DAY, "discharge_colour": "yellow", "discharge_purple": True}),
    "report_handover": ("handover-request", {"handover_at": DAY}),
    "report_blood": ("blood-request", {"blood_requested_at": DAY}),
    "report_disease": ("disease-report", {"disease_reported_at": DAY, "disease_name": "梅毒"}),
    "report_death_call": ("death-phone", {"phoned_at": DAY}),
    "report_death": (
        "death-report",
        {"reported_on": "2026-01-12", "died_at": DAY, "icd10": "o72.1", "cause_a": "产后出血"},
    ),
    "report_newborn_death": ("newborn-death", {"child_order": 1, "child_died_at": DAY}),
    "report_near_miss": ("near-miss", {"reviewed_on": "2026-01-12"}),
    "attempt_failed": (
        "tracing",
        {"contacted_on": "2026-01-12", "contact_way": "phone", "contact_result": "not_reached"},
    ),
    "attempt_reached": ("tracing", {"contacted_on": "2026-01-12", "contact_way": "visit", "contact_result": "reached"}),
    "attempt_lead": ("lead-note", {"contacted_on": "2026-01-12", "note_result": "约下周来"}),
    "urged": ("anc-visit", {"visit_date": "2026-01-12", "urged_only": True}),
    "consent_screening": (
        "prenatal-screening",
        {"prenatal_method": "nipt", "informed_signed": True, "sampled_on": "2026-01-12"},
    ),
    "refusal_screening": ("prenatal-screening", {"prenatal_method": "none", "declined_reason": "不愿"}),
    "refusal_diagnosis": ("prenatal-consult", {"consulted_on": "2026-01-12", "prenatal_decision": "declines"}),
    "refusal_rapid_test": ("pmtct-rapid", {"tested_at": DAY, "refused_reason": "不愿"}),
    "refusal_transfer": ("transfer-request", {"requested_at": DAY, "refused": True}),
    "refusal_care": ("closure", {"end_code": "refused", "ended_on": "2026-01-12", "refusal_signed": True}),
    "consent_caesarean": ("cs-decision", {"cs_decision_at": DAY, "consent_signed": True}),
    "suitability": (
        "suitability",
        {
            "assessed_on": "2026-01-12",
            "conclusion": "conditional",
            "conditions": "每周复查心功能",
            "decision": "declines",
            "members": [
                {"member_department": "产科", "member_name": "甲", "member_title": "chief", "member_signed": True},
                {
                    "member_department": "心内科",
                    "member_name": "乙",
                    "member_title": "attending",
                    "member_signed": False,
                },
            ],
        },
    ),
    "screening_referral": (
        "screening-referral",
        {"referred_on": "2026-01-12", "assess_by": "2026-01-26", "positive_items": "S-1.1 高龄"},
    ),
    "screening_referral_refused": (
        "screening-referral",
        {"referred_on": "2026-01-12", "told_on": "2026-01-12", "refused": True},
    ),
    "screening_referral_returned": (
        "screening-referral",
        {"referred_on": "2026-01-12", "returned_on": "2026-01-20", "receiver_colour": "orange"},
    ),
    "consultation_requested": (
        "consultation-request",
        {"consult_requested_at": DAY, "consult_urgency": "emergency"},
    ),
    "consultation_answered": ("consultation-answer", {"consult_answered_at": DAY}),
    "prenatal_result": (
        "prenatal-result",
        {"prenatal_result_on": "2026-01-12", "t21_one_in": 120, "prenatal_conclusion": "high"},
    ),
    "prenatal_diagnosis": ("prenatal-diagnosis", {"diagnosis_result_on": "2026-01-12", "diagnosis_result": "normal"}),
    "structural_scan": ("structural-scan", {"scan_done_on": "2026-01-12", "scan_result": "abnormal"}),
    "thalassaemia": ("thalassaemia-screen", {"thal_done_on": "2026-01-12", "mcv": 74, "thal_mother": True}),
    "case_file": (
        "case-file",
        {"opened_on": "2026-01-12", "plan_management": "两周一次", "responsible_doctor": "甲", "county_officer": "乙"},
    ),
    "case_file_closed": ("case-file", {"opened_on": "2026-01-05", "closing_date": "2026-01-12"}),
    "expert_plan": ("expert-plan", {"planned_on": "2026-01-12", "plan_treatment": "低分子肝素"}),
    "delivery_plan": ("delivery-plan", {"planned_on": "2026-01-12", "plan_place": "县医院"}),
    "pmtct": ("pmtct-mother", {"pmtct_date": "2026-01-12", "infection": "syphilis", "plan": "苄星青霉素"}),
    "focus": ("focus-register", {"focus_on": "2026-01-12", "focus_factors": ["poor", "hard_access"]}),
    "outcome_single": ("delivery", {"delivered_at": DAY, "fetus": [{"order": 1, "outcome": "live_birth"}]}),
    "outcome_twins": (
        "delivery",
        {
            "delivered_at": DAY,
            "fetus": [{"order": 1, "outcome": "live_birth"}, {"order": 2, "outcome": "stillbirth_iufd"}],
        },
    ),
    "vaccination": ("newborn-care", {"child_order": 1, "hepb_at": DAY}),
    "vaccination_not_done": ("newborn-care", {"child_order": 1, "hepb_not_reason": "体重不足"}),
    "vaccination_exposed": (
        "pmtct-child",
        {"child_order": 2, "infection": "hbv", "done_at": DAY, "hbig_iu": 100, "vaccine_dose": 1},
    ),
    "recheck_postpartum": ("postnatal-visit", {"visit_date": "2026-01-12", "risk_recheck": "yellow"}),
    "recheck_admission": ("labour-assessment", {"admitted_at": DAY, "labour_colour": "red", "labour_purple": False}),
    "sweep": ("sweep", {"sweep_unit": "甲村", "sweep_period": "2026-01", "reported_on": "2026-01-31"}),
    "official_notice": ("official-notice", {"notice_on": "2026-01-12"}),
}


def samples_of_forms(case: Any, task: Any) -> dict[str, Any]:
    """`case`, `task`: the makers of `samples.py`."""
    about_nobody = case(pregnancy_id=None, patient_id=None)
    asked = {"consult_requested_at": DAY, "consult_urgency": "ordinary", "answering_organisation": "org-hospital"}
    gradings = [{"graded_at": DAY, "colour": "orange", "purple": False, "criteria": []}]
    of_form = {
        name: _made(form, answers, about_nobody if form in ("sweep", "official-notice") else case(variables=more))
        for name, (form, answers) in ANSWERS.items()
        for more in [
            {"county_organisation": "org-mch", "gradings": gradings, "pregnancy_id": None}
            | (asked if form.startswith("consultation") else {})
        ]
    }
    with_pack = case(variables={"policy": POLICY})
    window = {"name": "产前随访", "form": "anc-visit", "window_from": "2026-02-09", "due": "2026-03-15"}
    children = {"newborns": [{"order": 1, "outcome": "live_birth"}], "born_at": "2026-07-20T06:30:00+08:00"}
    return {
        **of_form,
        "findings": finding.to_findings(
            [
                {"code": "A-2", "level": "emergency", "text": "血压 ≥160/110 mmHg"},
                {"code": "A-18", "level": "urgent", "text": "HIV、梅毒或乙肝表面抗原阳性"},
                {"code": "A-21", "level": "info", "text": "Rh 阴性：抗体筛查、备血"},
            ],
            case(),
            RESPONSE,
        ),
        "finding_confirmed": finding.confirmed(
            finding.to_findings([{"code": "A-1", "level": "urgent", "text": "血压 ≥140/90 mmHg"}], case(), RESPONSE)[0]
        ),
        "report_stopped": communication.stopped(of_form["report_risk"][0], communication.WITHDRAWN),
        "report_in_place": communication.in_place_of(
            of_form["report_risk"][0], {**of_form["report_risk"][0], "id": "former", "status": "stopped"}
        ),
        "case_file_ended": [care.ended(one, ENDED_AT) for one in of_form["case_file"]],
        "case_file_withdrawn": [care.ended(one, ENDED_AT, revoked=True) for one in of_form["case_file"]],
        "focus_ended": [care.ended(one, ENDED_AT) for one in of_form["focus"]],
        "mother_died": patient.died(patient.to_patient(example_answers("registration"), "m1"), "2026-03-01"),
        "mother_died_at": patient.died(
            {**patient.to_patient({"name": "测试"}, "m1"), "deceasedDateTime": "2026-03-01"},
            "2026-03-01T02:10:00+08:00",
        ),
        "provenance_of_a_grading": provenance.of_grading(with_pack, RESPONSE),
        "provenance_of_an_amendment": provenance.of_amendment(with_pack, 2),
        "provenance_of_a_due_date": provenance.of_due_date(case(), dating.to_edd(case()), RESPONSE),
        "provenance_of_a_migration": provenance.of_migration(case(definition_version=2)),
        "provenance_of_a_referral": [provenance.of_referral(of, step) for of, step in _steps(case)],
        **{f"referral_{step.step}": referral.to_task(of, step.step, step.happened_at, {}) for of, step in _steps(case)},
        "referral_request": referral.to_request(_referral(case, "requested")),
        "window": appointment.to_window(_at(task, "created", **window), case()),
        "window_kept": appointment.to_window(_at(task, "completed", **window), case()),
        "window_dropped": appointment.to_window(_at(task, "cancelled", **window), case()),
        "newborn_care": child.to_care(case(variables=children), 1),
        "newborn_care_ended": child.to_care(case(variables=children, is_over=True, at=_LATER), 1),
        "care_plan_of_a_referral": episode.to_care_plan(case(definition_key="referral")),
        "task_begun": begun(to_task(task("claimed", "doctor"), case()), _LATER),
        "grading_unchanged": risk.to_grading(case(variables={"gradings": [CALM, CALM_AGAIN]}), 2, CALM_AGAIN, RESPONSE),
        "plan_of_a_process": definition.to_plan(_deployed("process", DIAGRAM)),
        "plan_of_a_table": definition.to_plan(_deployed("decision", TABLE)),
        "library_of_a_process": definition.to_library(_deployed("process", DIAGRAM)),
        "library_of_a_pack": definition.to_pack("cn-x", "某县", "1", {"a": 1}, text=b"pack:", active=True),
        "activity": definition.to_activity("grade", "妊娠风险评估分级", _deployed("process", DIAGRAM)),
        "audit_of_a_search": audit_event.to_audit_event(
            {**ROW, "at": _LATER, "action": "search", "detail": {"patients": ["m1"]}}
        ),
        "audit_of_an_engine": audit_event.to_audit_event(
            {
                **ROW,
                "at": _LATER,
                "actor_kind": "engine",
                "action": "fire-timer",
                "subject_id": "i1",
                "subject_kind": "instance",
            }
        ),
    }


def _deployed(kind: str, content: bytes) -> Deployed:
    return Deployed(
        kind=kind,
        key="risk_grading",
        version=3,
        name="妊娠风险评估分级",
        deployed_at=_LATER,
        is_newest=True,
        content=content,
    )


def _made(form: str, answers: dict[str, Any], about: Any) -> list[dict[str, Any]]:
    source = Source(response_id=RESPONSE, effective=DAY)
    return list(made_of(forms_on_disk()[form], answers, about, source))


def _at(task: Any, state: str, **data: Any) -> Any:
    """A visit's task: those samples stand at the grading."""
    made = task(state, **data)
    return replace(made, wait=replace(made.wait, element_id="task_antenatal_visit"))


def _referral(case: Any, state: str) -> Referral:
    found = {"referral_no": "ZZ330102202601120001", "requested_at": DAY, "arrived_at": "2026-01-12T11:00:00+08:00"}
    found |= {"urgency": "emergency", "transfer_reason": "子痫前期", "ended_reason": "另有安排"}
    about = case(variables=found, definition_key="referral")
    return Referral(
        case=about,
        no=found["referral_no"],
        centre=1,
        sender="org-twn-1",
        receiver="org-hospital",
        elsewhere=False,
        state=state,
        variables=about.variables,
    )


def _steps(case: Any) -> Iterator[tuple[Referral, Step]]:
    """Every step that a referral can take."""
    for name in STATUS:
        of = _referral(case, name)
        yield (
            of,
            Step(
                referral_no=of.no,
                centre_no=1,
                step=name,
                organisation="org-hospital",
                by="doctor",
                counterpart="org-twn-1",
                happened_at="2026-01-12T12:00:00+08:00",
                body={},
                ours=True,
            ),
        )
