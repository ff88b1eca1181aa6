"""What she agreed to or declined on paper -> Consent. A refusal is data, not a missing record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import (
    Json,
    coding,
    concept,
    fitted,
    instant,
    present,
    reference,
    resource,
    restricted,
)
from fhir_adapters.terminology import ACT_CODE, ACTIVITY, CONSENT_SCOPE, LOINC

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`decided`: True she agreed, False she declined, None the form says neither."""

    code: str
    display: str
    when: str | None
    decided: Callable[[Answers], bool | None]
    secret: bool = False


def _signed(name: str) -> Callable[[Answers], bool | None]:
    return lambda answers: True if answers.get(name) is True else None


def _refused(name: str) -> Callable[[Answers], bool | None]:
    return lambda answers: False if answers.get(name) else None


def _either(name: str) -> Callable[[Answers], bool | None]:
    return lambda answers: {"agrees": True, "declines": False}.get(str(answers.get(name)))


def _screening(answers: Answers) -> bool | None:
    if answers.get("declined_reason") or answers.get("prenatal_method") == "none":
        return False
    return True if answers.get("informed_signed") is True else None


def _ended(answers: Answers) -> bool | None:
    return False if answers.get("end_code") == "refused" and answers.get("refusal_signed") is True else None


CHOICES = {  # form -> what she decided
    "prenatal-screening": Choice(
        code="prenatal-screening", display="产前筛查", when="sampled_on", decided=_screening
    ),
    "prenatal-consult": Choice(
        code="prenatal-diagnosis", display="产前诊断", when="consulted_on", decided=_either("prenatal_decision")
    ),
    "suitability": Choice(
        code="termination", display="终止妊娠建议", when="assessed_on", decided=_either("decision")
    ),
    "screening-referral": Choice(
        code="referral", display="转诊", when="told_on", decided=_refused("refused")
    ),
    "transfer-request": Choice(
        code="transfer", display="转运", when="requested_at", decided=_refused("refused")
    ),
    "cs-decision": Choice(
        code="caesarean", display="剖宫产", when="cs_decision_at", decided=_signed("consent_signed")
    ),
    "pmtct-rapid": Choice(
        code="infection-test", display="艾梅乙检测", when="tested_at", decided=_refused("refused_reason"), secret=True
    ),
    "closure": Choice(code="care", display="孕产期管理", when="ended_on", decided=_ended),
}  # fmt: skip
_POLICY = {True: "OPTIN", False: "OPTOUT"}


def to_consent(form_id: str, answers: Answers, case: Case, response_id: str) -> Json | None:
    """None where the form says neither yes nor no."""
    choice = CHOICES[form_id]
    agreed = choice.decided(answers)
    if agreed is None:
        return None
    day = instant(answers.get(choice.when)) if choice.when else None
    return resource(
        "Consent",
        fitted(response_id, "consent"),
        meta=restricted() if choice.secret else None,
        status="active",
        scope=concept(CONSENT_SCOPE, "treatment"),
        category=[concept(LOINC, "59284-0", "Consent Document")],
        patient=case.subject,
        dateTime=day or local_text(case.at),
        performer=present(case.subject),
        organization=present(reference("Organization", case.organisation)),
        sourceReference=reference("QuestionnaireResponse", response_id),
        policyRule={"coding": [coding(ACT_CODE, _POLICY[agreed])]},
        provision={
            "type": "permit" if agreed else "deny",
            "code": [concept(ACTIVITY, choice.code, choice.display)],
        },
    )
