"""The kinds of documents and their sections (LOINC, §6.5 and §11.3 of the mapping specification)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_adapters.terminology import FETUS_INDEX, ITEMS, fact_name
from fhir_adapters.types import is_referral

Json = Mapping[str, Any]
OPEN_TASKS = frozenset({"requested", "received", "accepted", "ready", "in-progress", "on-hold"})
HISTORY = frozenset({"past_history", "past_history_note", "surgery_history", "allergy_history", "personal_history"})
FAMILY = frozenset({"family_history", "family_history_note"})
DELIVERIES = frozenset({"delivery-admission", "delivery-outside"})  # visit types


@dataclass(frozen=True, kw_only=True)
class Section:
    """`holds`: whether a resource of the case stands in it."""

    code: str
    display: str
    title: str
    holds: Callable[[Json], bool]


@dataclass(frozen=True, kw_only=True)
class Kind:
    code: str
    display: str
    title: str
    sections: tuple[Section, ...]


def _is(*types: str) -> Callable[[Json], bool]:
    return lambda one: one["resourceType"] in types


def fact_of(one: Json) -> str | None:
    """The form field that an Observation is about."""
    names = (fact_name(c.get("system"), c.get("code")) for c in one.get("code", {}).get("coding", ()))
    return next((name for name in names if name), None)


def is_of_fetus(one: Json) -> bool:
    return any(extension.get("url") == FETUS_INDEX for extension in one.get("extension", ()))


def _category(one: Json) -> str:
    codes = {c.get("code") for concept in one.get("category", ()) for c in concept.get("coding", ())}
    known = ITEMS.get(fact_of(one) or "")
    return next(iter(sorted(code for code in codes if code)), known.category if known else "exam")


def _observed(category: str) -> Callable[[Json], bool]:
    return lambda one: (
        one["resourceType"] == "Observation"
        and not is_of_fetus(one)
        and fact_of(one) not in HISTORY | FAMILY | {"risk_colour"}
        and _category(one) == category
    )


def _asked(names: frozenset[str]) -> Callable[[Json], bool]:
    return lambda one: one["resourceType"] == "Observation" and fact_of(one) in names


def _is_delivery(one: Json) -> bool:
    if one["resourceType"] == "Encounter":
        return any(c.get("code") in DELIVERIES for t in one.get("type", ()) for c in t.get("coding", ()))
    return one["resourceType"] == "Procedure" or (one["resourceType"] == "Observation" and is_of_fetus(one))


def _is_visit(one: Json) -> bool:
    return (one["resourceType"] == "Encounter" and not _is_delivery(one)) or _observed("exam")(one)


def _is_open_task(one: Json) -> bool:
    return one["resourceType"] == "Task" and one.get("status") in OPEN_TASKS


def _is_planned(one: Json) -> bool:
    return one["resourceType"] == "CarePlan" or _is_open_task(one)


def _is_answer(one: Json) -> bool:
    """A diagnosis, or what was written down when she came back."""
    return one["resourceType"] == "Condition" or (one["resourceType"] == "Task" and is_referral(one))


REASON = Section(
    code="42349-1", display="Reason for referral", title="转诊原因", holds=_is("Condition", "ServiceRequest")
)
ANSWER = Section(code="42349-1", display="Reason for referral", title="对转诊原因的答复", holds=_is_answer)
OPINION = Section(code="42349-1", display="Reason for referral", title="对会诊问题的意见", holds=_is_answer)
ASSESSMENT = Section(code="51848-0", display="Evaluation note", title="妊娠风险评估", holds=_is("RiskAssessment"))
PRENATAL = Section(code="57073-9", display="Prenatal records", title="产前检查", holds=_is_visit)
PREGNANCIES = Section(
    code="10162-6", display="History of pregnancies", title="孕产史", holds=_observed("social-history")
)
PAST = Section(code="11348-0", display="History of Past illness", title="既往史", holds=_asked(HISTORY))
FAMILIES = Section(code="10157-6", display="History of family member diseases", title="家族史", holds=_asked(FAMILY))
VITALS = Section(code="8716-3", display="Vital signs", title="生命体征", holds=_observed("vital-signs"))
RESULTS = Section(
    code="30954-2", display="Relevant diagnostic tests/laboratory data", title="检验结果", holds=_observed("laboratory")
)
PLAN = Section(code="18776-5", display="Plan of care note", title="计划与待办", holds=_is_planned)
DELIVERY = Section(code="57057-2", display="Labor and delivery summary", title="分娩", holds=_is_delivery)
INSTRUCTIONS = Section(code="69730-0", display="Instructions", title="出院指导与随访", holds=_is_open_task)
PROBLEMS = Section(code="11450-4", display="Problem list - Reported", title="问题", holds=_is("Condition"))
ALLERGIES = Section(
    code="48765-2",
    display="Allergies and adverse reactions Document",
    title="过敏",
    holds=_asked(frozenset({"allergy_history"})),
)
MEDICINES = Section(
    code="10160-0", display="History of Medication use Narrative", title="用药", holds=lambda one: False
)
VACCINES = Section(
    code="11369-6", display="History of Immunization Narrative", title="预防接种", holds=_is("Immunization")
)
PROCEDURES = Section(
    code="47519-4", display="History of Procedures Document", title="手术与操作", holds=_is("Procedure")
)
_REFERRAL = (REASON, ASSESSMENT, PRENATAL, PREGNANCIES, PAST, FAMILIES, VITALS, RESULTS, PLAN)
KINDS: dict[str, Kind] = {
    "referral": Kind(code="57133-1", display="Referral note", title="孕产妇转诊单", sections=_REFERRAL),
    "grading": Kind(
        code="57059-8", display="Pregnancy visit summary", title="妊娠风险评估分级表", sections=(ASSESSMENT, PLAN)
    ),
    "transfer": Kind(
        code="34133-9", display="Summary of episode note", title="孕产妇转出交接单", sections=(*_REFERRAL, DELIVERY)
    ),
    "discharge": Kind(
        code="57058-0",
        display="Maternal discharge summary",
        title="分娩出院小结",
        sections=(DELIVERY, ASSESSMENT, PLAN, INSTRUCTIONS),
    ),
    "reply": Kind(
        code="34133-9", display="Summary of episode note", title="转诊回复单", sections=(ANSWER, ASSESSMENT, PLAN)
    ),
    "opinion": Kind(
        code="34133-9", display="Summary of episode note", title="会诊意见", sections=(OPINION, ASSESSMENT, PLAN)
    ),
}
SUMMARY = Kind(  # IPS: the first three must be there, also when nothing is known
    code="60591-5",
    display="Patient summary Document",
    title="患者摘要",
    sections=(
        *(PROBLEMS, ALLERGIES, MEDICINES, VACCINES, PROCEDURES, RESULTS, VITALS),
        *(PREGNANCIES, PAST, FAMILIES, ASSESSMENT, PLAN),
    ),
)
