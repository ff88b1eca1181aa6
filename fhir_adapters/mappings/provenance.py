"""Who decided, by which rule, from what -> Provenance: of a grading, a due date, a step of a referral, a migration.

The woman is among the targets: that is how R4 finds a Provenance by its patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import RULES, Json, concept, fitted, person, present, reference, resource, restricted
from fhir_adapters.mappings.referral import Referral, Step
from fhir_adapters.mappings.risk import grading_id, numbers_of
from fhir_adapters.terminology import ACTIVITY, CANONICAL_BASE, PROVENANCE_AGENT

ACTIVITIES = {
    "grade": "评估分级",
    "amend-grade": "更正分级",
    "set-due-date": "核定预产期",
    "migrate": "流程换版",
    "refer": "转诊步骤",
}
GRADING_TABLE = f"{CANONICAL_BASE}/PlanDefinition/decision-risk-grading-result"


def of_grading(case: Case, response_id: str) -> Json:
    """Of the sheet that a doctor signs: the rules put the result together, and the doctor verified it. The result is
    written a moment later, under the next number. Restricted whatever the result is: the sheet may say why."""
    target = grading_id(case, max(numbers_of(case), default=0) + 1)
    return _provenance(
        case,
        fitted("prov", target),
        reference("RiskAssessment", target),
        "grade",
        [_agent("assembler", RULES), _agent("verifier", person(case.by))],
        policy=[GRADING_TABLE, *_pack(case)],
        source=response_id,
        meta=restricted(),
    )


def of_amendment(case: Case, number: int) -> Json:
    """Of a result that takes the place of one entered in error."""
    target = grading_id(case, number)
    by = [_agent("author", person(case.by))]
    return _provenance(
        case, fitted("prov", target), reference("RiskAssessment", target), "amend-grade", by, meta=restricted()
    )


def of_due_date(case: Case, observation: Json, response_id: str) -> Json:
    """Of a date that a doctor confirmed."""
    id_ = str(observation["id"])
    agents = [_agent("verifier", person(case.by))]
    return _provenance(
        case, fitted("prov", id_), reference("Observation", id_), "set-due-date", agents, source=response_id
    )


def of_migration(case: Case) -> Json:
    """The case goes on by another version of its process."""
    id_ = fitted("prov", case.instance_id, str(case.definition_version))
    plan = reference("CarePlan", case.instance_id)
    return _provenance(case, id_, plan, "migrate", [_agent("author", person(case.by))])


def of_referral(referral: Referral, step: Step) -> Json:
    """Each side's step with the moment it happened, which may lie before it was heard of here."""
    agent = _agent("author", person(step.by), reference("Organization", step.organisation))
    id_ = fitted("prov", referral.task_id, step.step)
    made = _provenance(referral.case, id_, reference("Task", referral.task_id), "refer", [agent])
    made["occurredDateTime"] = step.happened_at
    return made


def _provenance(
    case: Case,
    id_: str,
    target: Json | None,
    activity: str,
    agents: Sequence[Json],
    *,
    policy: Sequence[str] = (),
    source: str | None = None,
    meta: Json | None = None,
) -> Json:
    what = reference("QuestionnaireResponse", source)
    return resource(
        "Provenance",
        id_,
        meta=meta,
        target=present(target, case.subject),
        recorded=local_text(case.at),
        policy=list(policy),
        activity=concept(ACTIVITY, activity, ACTIVITIES[activity]),
        agent=list(agents),
        entity=[{"role": "source", "what": what}] if what else None,
    )


def _agent(type_: str, who: Json, for_: Json | None = None) -> Json:
    found: Json = {"type": concept(PROVENANCE_AGENT, type_), "who": who}
    return {**found, "onBehalfOf": for_} if for_ else found


def _pack(case: Case) -> list[str]:
    """The regional pack that the case runs by."""
    policy: Any = case.variables.get("policy")
    if not isinstance(policy, Mapping) or not policy.get("pack"):
        return []
    return [f"{CANONICAL_BASE}/Library/pack-{policy['pack']}|{policy.get('pack_version') or '1'}"]
