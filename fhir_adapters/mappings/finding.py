"""What a visit found (D8) -> DetectedIssue: {canon}/StructureDefinition/mch-finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import RULES, Json, concept, fitted, present, reference, resource, restricted
from fhir_adapters.terminology import FINDING, FINDING_NO

SEVERITY = {"emergency": "high", "urgent": "moderate", "warn": "low"}  # a hint has none
OF_INFECTION = frozenset({"A-18"})  # says which infection she may have


def to_findings(found: Sequence[Mapping[str, Any]], case: Case, response_id: str) -> list[Json]:
    """Proposed by the rules: `preliminary`, until somebody has looked at her grading (`confirmed`)."""
    return [_finding(number, one, case, response_id) for number, one in enumerate(found, start=1)]


def _finding(number: int, found: Mapping[str, Any], case: Case, response_id: str) -> Json:
    code = str(found["code"])
    return resource(
        "DetectedIssue",
        fitted(response_id, "finding", str(number)),
        meta=restricted("STD") if code in OF_INFECTION else None,
        identifier=[{"system": FINDING_NO, "value": f"{case.pregnancy_id}/{code}/{response_id}/{number}"}],
        status="preliminary",
        code=concept(FINDING, code, text=str(found["text"]) if found.get("text") else None),
        severity=SEVERITY.get(str(found.get("level"))),
        patient=case.subject,
        identifiedDateTime=local_text(case.happened_at),
        author=RULES,
        implicated=present(reference("QuestionnaireResponse", response_id), case.episode),
        detail=str(found["text"]) if found.get("text") else None,
    )


def confirmed(finding: Json) -> Json | None:
    """A person has graded her with this finding at hand. None for one that somebody has dealt with already."""
    return {**finding, "status": "final"} if finding["status"] == "preliminary" else None
