"""Which resource types are spoken here, who owns them, and how a resource names its patient and its case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.terminology import CONFIDENTIALITY, EPISODE_EXTENSION, TASK_CODE

ENGINE_OWNED = (
    "CarePlan",
    "CareTeam",
    "Composition",
    "DetectedIssue",
    "EpisodeOfCare",
    "Flag",
    "List",
    "Provenance",
    "RiskAssessment",
    "Task",
)
PEER_OWNED = (
    "Appointment",
    "Communication",
    "Condition",
    "Consent",
    "DiagnosticReport",
    "Encounter",
    "Immunization",
    "Location",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Specimen",
)
TYPES = tuple(sorted((*ENGINE_OWNED, *PEER_OWNED)))
PEOPLE_FREE = ("Location", "Organization", "Practitioner", "PractitionerRole")  # about no patient
_PATIENT_ELEMENT = {
    "Task": "for",
    **dict.fromkeys(("Consent", "DetectedIssue", "EpisodeOfCare", "Immunization", "RelatedPerson"), "patient"),
}


LABELS = ("R", "V")  # restricted, very restricted: of v3-Confidentiality those that hide anything
MATTER = "matter/"  # no patient has an id with a stroke in it


def matter(instance_id: str) -> str:
    """Stands where a patient's id would: of what is about no woman but about an institution's own matter. Whoever may
    know of it is kept as for a patient; nobody else's system sees it."""
    return MATTER + instance_id


def patient_of(resource: Mapping[str, Any]) -> str | None:
    """The id of the patient this resource is about."""
    type_ = resource["resourceType"]
    if type_ == "Patient":
        return resource.get("id")
    if type_ in PEOPLE_FREE:
        return None
    if type_ == "Appointment":
        return _only_patient(resource)
    if type_ == "Provenance":
        return next((id_ for one in resource.get("target", ()) if (id_ := _id_of(one, "Patient"))), None)
    return _id_of(resource.get(_PATIENT_ELEMENT.get(type_, "subject")), "Patient")


def _only_patient(appointment: Mapping[str, Any]) -> str | None:
    """An appointment of several patients is nobody's record."""
    actors = (one.get("actor") for one in appointment.get("participant", ()) if isinstance(one, Mapping))
    found = {id_ for actor in actors if (id_ := _id_of(actor, "Patient"))}
    return found.pop() if len(found) == 1 else None


def episode_of(resource: Mapping[str, Any]) -> str | None:
    """The id of the case that this resource names itself."""
    type_ = resource["resourceType"]
    if type_ == "EpisodeOfCare":
        return resource.get("id")
    if type_ == "Task":
        return _id_of(resource.get("focus"), "EpisodeOfCare")
    if type_ == "Encounter":
        for reference in resource.get("episodeOfCare", ()):
            return _id_of(reference, "EpisodeOfCare")
    for extension in resource.get("extension", ()):
        if extension.get("url") == EPISODE_EXTENSION:
            return _id_of(extension.get("valueReference"), "EpisodeOfCare")
    return None


def is_pregnancy(episode: Mapping[str, Any]) -> bool:
    """Whether it is the case of a woman; a child's own care is none that anything could be put to."""
    return any(c.get("code") == "pregnancy-care" for t in episode.get("type", ()) for c in t.get("coding", ()))


def is_referral(resource: Mapping[str, Any]) -> bool:
    """Whether it is the Task of a referral, which both sides move (§8)."""
    codings = resource.get("code", {}).get("coding", ()) if resource["resourceType"] == "Task" else ()
    return any(c.get("system") == TASK_CODE and c.get("code") == "receive-referral" for c in codings)


def labels_of(resource: Mapping[str, Any]) -> list[str]:
    """Confidentiality of a resource beyond the normal: R (restricted) or V (very restricted)."""
    security = resource.get("meta", {}).get("security", ())
    return sorted({c["code"] for c in security if c.get("system") == CONFIDENTIALITY and c.get("code") in LABELS})


def _id_of(reference: Any, type_: str) -> str | None:
    text = reference.get("reference") if isinstance(reference, Mapping) else None
    if not isinstance(text, str):
        return None
    parts = text.partition("/_history/")[0].split("/")
    return parts[-1] if len(parts) >= 2 and parts[-2] == type_ else None
