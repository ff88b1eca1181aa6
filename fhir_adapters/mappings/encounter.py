"""A visit -> Encounter; a delivery -> Encounter ({canon}/StructureDefinition/mch-delivery-encounter) and Procedure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, coding, concept, instant, reference, resource
from fhir_adapters.terminology import ACT_CODE, OPERATION_CN, VISIT_TYPE, extension

VISITS = {  # form -> class, visit type, the answer that holds its day
    "anc-first": ("AMB", "ambulatory", "anc-1", "第1次产前检查", "filled_on"),
    "anc-visit": ("AMB", "ambulatory", "anc", "产前随访", "visit_date"),
    "postnatal-visit": ("HH", "home health", "postnatal-home", "产后访视", "visit_date"),
    "postnatal-42d": ("AMB", "ambulatory", "postnatal-42d", "产后42天健康检查", "visit_date"),
}
OUTSIDE = ("delivery-outside", "院外分娩")  # visit type
OPERATIONS = {  # delivery mode -> ICD-9-CM-3 (K)
    "cs": ("74.1", "子宫下段剖宫产术"),
    "forceps": ("72.0", "低位产钳手术"),
    "vacuum": ("72.7", "胎头吸引术"),
    "breech": ("72.5", "臀位牵引术"),
    "spontaneous": ("73.59", "自然分娩助产"),
}


def took_place(form_id: str, answers: Mapping[str, Any]) -> bool:
    """Whether the form tells of a visit: one that was only urged, or found nobody, is none."""
    if form_id not in VISITS or answers.get("urged_only") is True:
        return False
    return answers.get("contact") in (None, "met")


def to_visit(form_id: str, answers: Mapping[str, Any], case: Case, *, id_: str, on: str) -> Json:
    class_, class_name, code, display, _ = VISITS[form_id]
    return resource(
        "Encounter",
        id_,
        status="finished",
        class_=coding(ACT_CODE, class_, class_name),
        type=[concept(VISIT_TYPE, code, display)],
        subject=case.subject,
        episodeOfCare=[case.episode] if case.episode else None,
        period={"start": on, "end": on},
        serviceProvider=reference("Organization", case.organisation),
    )


def delivery_id(case: Case) -> str:
    return f"delivery-{case.pregnancy_id}"


def to_delivery(case: Case) -> Json | None:
    """The admission; finished when she has left the hospital. None before the birth is known. Where she gave birth at
    home or on the way and was not admitted there is no stay: the encounter is in the field, of no institution, and of
    the moment of birth alone."""
    born = instant(case.variables.get("delivered_at")) or instant(case.variables.get("delivered_on"))
    if born is None:
        return None
    if case.variables.get("born_outside") is True:
        return resource(
            "Encounter",
            delivery_id(case),
            status="finished",
            class_=coding(ACT_CODE, "FLD", "field"),
            type=[concept(VISIT_TYPE, OUTSIDE[0], OUTSIDE[1])],
            subject=case.subject,
            episodeOfCare=[case.episode] if case.episode else None,
            period={"start": born, "end": born},
        )
    left = instant(case.variables.get("discharged_at"))
    start = instant(case.variables.get("admitted_at")) or born
    return resource(
        "Encounter",
        delivery_id(case),
        status="finished" if left else "in-progress",
        class_=coding(ACT_CODE, "IMP", "inpatient encounter"),
        type=[concept(VISIT_TYPE, "delivery-admission", "住院分娩")],
        subject=case.subject,
        episodeOfCare=[case.episode] if case.episode else None,
        period={"start": start} | ({"end": left} if left and left >= start[: len(left)] else {}),
        serviceProvider=reference("Organization", case.variables.get("hospital_organisation")),
    )


def to_procedure(answers: Mapping[str, Any], case: Case) -> Json | None:
    """How the child came into the world. The decision-to-delivery interval exists only for an emergency caesarean."""
    code = OPERATIONS.get(str(answers.get("delivery_mode")))
    born = instant(answers.get("delivered_at")) or instant(case.variables.get("delivered_on"))
    if code is None or born is None:
        return None
    interval = _decision_to_delivery(answers, born)
    return resource(
        "Procedure",
        f"birth-{case.pregnancy_id}",
        extension=case.episode_extension + ([interval] if interval else []),
        status="completed",
        code={"coding": [coding(OPERATION_CN, code[0])], "text": code[1]},
        subject=case.subject,
        encounter=reference("Encounter", delivery_id(case)),
        performedDateTime=born,
        reasonCode=[{"text": answers["cs_indication"]}] if answers.get("cs_indication") else None,
    )


def _decision_to_delivery(answers: Mapping[str, Any], born: str) -> Json | None:
    decided = instant(answers.get("cs_decision_at"))
    if answers.get("cs_category") != "emergency" or decided is None or len(born) <= 10:
        return None
    parts: list[Json] = [{"url": "decision", "valueDateTime": decided}, {"url": "delivery", "valueDateTime": born}]
    return {"url": extension("decision-to-delivery"), "extension": parts}
