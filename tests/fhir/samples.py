"""One sample of every mapping, from records that state only what matters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.contracts import TaskRecord, Wait, WaitKind
from fhir_adapters.mappings import (
    dating,
    encounter,
    episode,
    measure,
    newborn,
    observation,
    organization,
    patient,
    response,
    risk,
)
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.task import held, let_go, to_task
from tests.fhir.samples_of_forms import samples_of_forms
from workflows.forms import example_answers, forms_on_disk
from workflows.indicators import Figure, Listed, Report, definition, definitions, read_period
from workflows.indicators.counting import Target
from workflows.people import Organisation

PREGNANCY = "926bb7d7-c170-5acc-b354-4b56d7d32a91"
INSTANCE = "754935cd-3f41-42a4-964a-480d9294196c"
TASK = UUID("d4876df9-4315-5091-bf89-4b4e11afeb1e")
STARTED, NOW = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, 1, 30, tzinfo=UTC)
GRADED = {"graded_at": "2026-01-12T09:30:00+08:00", "colour": "orange", "purple": False, "criteria": ["O-1.1"]}
CALMED = {"graded_at": "2026-01-05T09:30:00+08:00", "colour": "green", "purple": True, "criteria": ["P-1"]}


def case(**changes: Any) -> Case:
    variables = {
        "patient_id": "m1",
        "home_organisation": "org-twn-1",
        "hospital_organisation": "org-hospital",
        "lmp": "2025-10-20",
        "edd": "2026-07-27",
        "edd_basis": "lmp",
        **changes.pop("variables", {}),
    }
    given = {
        "pregnancy_id": PREGNANCY,
        "patient_id": "m1",
        "instance_id": INSTANCE,
        "definition_key": "pregnancy_journey",
        "definition_version": 1,
        "variables": variables,
        "started_at": STARTED,
        "at": NOW,
        "by": "nurse",
        "organisation": "org-twn-1",
        "is_over": False,
        "is_suspended": False,
    }
    return Case(**{**given, **changes})


def task(state: str = "created", assignee: str | None = None, **data: Any) -> TaskRecord:
    given = {
        "name": "妊娠风险评估分级",
        "form": "risk-grading",
        "form_version": None,
        "candidate_roles": ["R-OB"],
        "organisation": "org-hospital",
        "assignee": assignee,
        "candidate_users": [],
        "window_from": "2026-01-05T08:00:00+08:00",
        "due": "2026-01-19T23:59:59+08:00",
        "until": None,
        "priority": 50,
        "clock": "T-04",
        **data,
    }
    wait = Wait(
        id=3, scope=1, element_id="task_grade", path="call_risk_grading/task_grade", kind=WaitKind.USER_TASK, data=given
    )
    done = {"completed_at": NOW, "completed_by": "doctor"} if state == "completed" else {}
    return TaskRecord(id=TASK, wait=wait, state=state, revision=1, assignee=assignee, created_at=STARTED, **done)


def _observations(form_id: str, **answers: Any) -> list[dict[str, Any]]:
    source = observation.Source(response_id=str(TASK), effective="2026-01-12T09:30:00+08:00", encounter_id="v1")
    return observation.to_observations(forms_on_disk()[form_id], answers, case(), source)


FETUS = {
    "order": 1,
    "outcome": "live_birth",
    "sex": "female",
    "birth_time": "2026-07-20T06:30:00+08:00",
    "weight_g": 3200,
}
BORN = {
    "delivered_on": "2026-07-20",
    "delivered_at": "2026-07-20T06:30:00+08:00",
    "admitted_at": "2026-07-19T22:10:00+08:00",
}
ENDED = {"end_code": "closed.recovered", "ended_on": "2026-01-12"}


MEASURES = ("I-01", "I-02", "I-12", "I-16", "I-22e", "I-26", "I-30")
SUBJECTS = measure.subjects_of(
    [
        Listed(
            instance_id=None,
            pregnancy_id=case_id,
            organisation="org-twn-1",
            on=date(2026, 2, 1),
            part=part,
            reason=None,
            value=None,
        )
        for case_id, part in (("e1", "numerator"), ("e2", "denominator"), ("e3", "excluded"), ("hidden", "numerator"))
    ],
    {"e1": "m1", "e2": "m2", "e3": "m3"},
)


def a_report() -> Report:
    """High-risk case files, met in part, and works that nobody noted."""
    aim = Target(value=Decimal(100), op="ge", mark="seed", source="seed:002")
    figures = (
        Figure(definition=definition("I-12"), numerator=2, denominator=3, excluded=1, rate=Decimal("66.7"), target=aim),
        Figure(definition=definition("I-30"), numerator=5, denominator=0, median=Decimal(2450), p90=Decimal(4000)),
    )
    place = (Figure(definition=definition("I-12"), numerator=1, denominator=1, rate=Decimal("100.0"), target=aim),)
    return Report(
        region="county",
        pack="cn-xf-2022",
        period=read_period("2026Q1"),
        organisation="org-mch",
        counted_at=NOW,
        figures=figures,
        by_organisation={"org-twn-1": place},
    )


def samples() -> dict[str, Any]:
    """Name of the golden file to what the mapping makes of the sample."""
    graded = case(variables={"gradings": [CALMED, GRADED]})
    over = case(is_over=True, variables={**ENDED, "gradings": [GRADED]})
    counted = a_report()
    born = case(variables=BORN)
    screened = case(variables={"screening": "positive", "screening_codes": ["S-1.1"]})
    return {
        **samples_of_forms(case, task),
        **{
            f"measure_{known.id}": measure.to_measure(known) for known in definitions().values() if known.id in MEASURES
        },
        "measure_report_summary": measure.to_report(counted.figures[0], counted),
        "measure_report_of_subjects": measure.to_report(counted.figures[0], counted, SUBJECTS),
        "measure_report_without_denominator": measure.to_report(counted.figures[1], counted),
        "task_ready": to_task(task(), case()),
        "task_accepted": to_task(task("claimed", "doctor"), case()),
        "task_completed": to_task(task("completed", "doctor"), case(), response_id="qr1"),
        "task_cancelled": to_task(task("cancelled"), case()),
        "task_on_hold": held(to_task(task("claimed", "doctor"), case()), NOW),
        "task_let_go": let_go(to_task(task("claimed", "doctor"), case(is_suspended=True)), "in-progress", NOW),
        "task_due_soon": to_task(task(due="2026-01-13T23:59:59+08:00"), case()),
        "task_overdue": to_task(task(due="2026-01-06T23:59:59+08:00"), case()),
        "task_of_a_process_about_nobody": to_task(
            task(form=None, due=None, clock=None), case(patient_id=None, pregnancy_id=None)
        ),
        "episode_active": episode.to_episode(case()),
        "episode_finished": episode.to_episode(over),
        "episode_void": episode.to_episode(case(is_over=True, variables={"end_code": "void"})),
        "care_plan_active": episode.to_care_plan(case()),
        "care_plan_completed": episode.to_care_plan(over),
        "care_plan_on_hold": episode.to_care_plan(case(is_suspended=True)),
        "condition_pregnancy": episode.to_condition(case()),
        "condition_high_risk": episode.to_condition(case(variables={"colour": "orange"})),
        "condition_resolved": episode.to_condition(over),
        "lmp": dating.to_lmp(case()),
        "edd": dating.to_edd(case()),
        "screening": risk.to_screening(screened, "qr1"),
        "grading": risk.to_grading(graded, 2, GRADED, "qr5"),
        "grading_purple": risk.to_grading(graded, 1, CALMED, None),
        "colour": risk.to_colour(graded, 2, GRADED),
        "flags": risk.to_flags(graded),
        "flags_of_an_ended_case": risk.to_flags(over),
        "flags_of_an_abortion": risk.to_flags(
            case(variables={"end_code": "ended.abortion", "ended_on": "2026-01-20", "gradings": [GRADED]})
        ),
        "visit": encounter.to_visit("anc-visit", {}, case(), id_="v1", on="2026-01-12"),
        "delivery": encounter.to_delivery(born),
        "delivery_finished": encounter.to_delivery(
            case(variables={**BORN, "discharged_at": "2026-07-23T10:00:00+08:00"})
        ),
        "delivery_outside": encounter.to_delivery(
            case(variables={**BORN, "discharged_at": BORN["delivered_at"], "born_outside": True})
        ),
        "procedure": encounter.to_procedure({"delivery_mode": "spontaneous", **BORN}, born),
        "procedure_emergency_caesarean": encounter.to_procedure(
            {"delivery_mode": "cs", "cs_category": "emergency", "cs_decision_at": "2026-07-20T06:05:00+08:00", **BORN},
            born,
        ),
        "newborn": newborn.to_newborn(FETUS, born, order=1, of=1),
        "newborn_at_home": newborn.to_newborn({**FETUS, "birth_place": "home"}, born, order=1, of=1),
        "newborn_of_twins": newborn.to_newborn(FETUS, born, order=2, of=2),
        "mother": newborn.to_mother(born, order=1),
        "patient": patient.to_patient(example_answers("registration"), "m1"),
        "organization": organization.to_organization(
            Organisation(id="org-twn-1", kind="township", name="甲镇卫生院", parent_id="org-mch")
        ),
        "response": response.to_response(
            forms_on_disk()["discharge"], example_answers("discharge"), case(), id_="qr1", encounter_id=None
        ),
        "observations_of_a_visit": _observations(
            "anc-visit",
            sbp=146,
            dbp=94,
            weight=62,
            hb="not-performed",
            fhr=[140, 138],
            danger_signs=["bleeding", "fever"],
            hiv="neg",
        ),
        "observations_of_a_birth": _observations("delivery", fetus=[FETUS], delivery_mode="cs"),
    }
