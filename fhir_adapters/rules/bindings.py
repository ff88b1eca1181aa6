"""Required bindings that the models do not hold whole, from the R4 definitions."""

from __future__ import annotations

from fhir_adapters.terminology import CONDITION_CLINICAL, CONDITION_VERIFICATION

_OBSERVATION = frozenset(
    ["registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"]
)
_ENCOUNTER = frozenset(
    ["planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown"]
)
COMPLETE: dict[str, frozenset[str]] = {  # the models cut these lists short with "+"
    "Observation.status": _OBSERVATION,
    "RiskAssessment.status": _OBSERVATION,
    "DetectedIssue.status": _OBSERVATION,
    "DiagnosticReport.status": frozenset(
        [
            "registered",
            "partial",
            "preliminary",
            "final",
            "amended",
            "corrected",
            "appended",
            "cancelled",
            "entered-in-error",
            "unknown",
        ]
    ),
    "Encounter.status": _ENCOUNTER,
    "EncounterStatusHistory.status": _ENCOUNTER,
    "Task.status": frozenset(
        [
            "draft",
            "requested",
            "received",
            "accepted",
            "rejected",
            "ready",
            "cancelled",
            "in-progress",
            "on-hold",
            "failed",
            "completed",
            "entered-in-error",
        ]
    ),
}
CODEABLE: dict[str, tuple[str, frozenset[str]]] = {  # required bindings of CodeableConcepts
    "Condition.clinicalStatus": (
        CONDITION_CLINICAL,
        frozenset(["active", "recurrence", "relapse", "inactive", "remission", "resolved"]),
    ),
    "Condition.verificationStatus": (
        CONDITION_VERIFICATION,
        frozenset(["unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"]),
    ),
}

TARGETS = {  # where the models' list is not ours
    "Observation.subject": frozenset({"Patient", "Group", "Device", "Location"}),  # R4; R4B also takes a Medication
    "QuestionnaireResponse.basedOn": frozenset({"CarePlan", "ServiceRequest", "Task"}),  # wider: the task it answers
}
