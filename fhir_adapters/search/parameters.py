"""What can be searched: one table for the index, the query and the CapabilityStatement."""

from __future__ import annotations

from dataclasses import dataclass

from fhir_adapters.terminology import CANONICAL_BASE, CLOCK, EPISODE_EXTENSION, FETUS_INDEX

HL7 = "http://hl7.org/fhir/SearchParameter"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind`: token, reference, date, string. `paths` are dotted element names; `[url]` picks an extension.
    `targets` are the
    types a bare id may mean. `shared`: R4's name when one definition serves several types; `ours`: not in R4.
    `is_last_update`: the element says when the resource changed, as its row does."""

    kind: str
    paths: tuple[str, ...]
    targets: tuple[str, ...] = ()
    shared: str | None = None
    ours: bool = False
    is_last_update: bool = False

    def definition(self, type_: str, name: str) -> str:
        if self.ours:
            return f"{CANONICAL_BASE}/SearchParameter/{type_.lower()}-{name}"
        return f"{HL7}/{self.shared or type_}-{name}"


def token(*paths: str, shared: str | None = None, ours: bool = False) -> Parameter:
    return Parameter("token", paths, shared=shared, ours=ours)


def ref(*paths: str, to: str = "", shared: str | None = None, ours: bool = False) -> Parameter:
    return Parameter("reference", paths, tuple(to.split()), shared, ours)


def day(*paths: str, shared: str | None = None, ours: bool = False) -> Parameter:
    return Parameter("date", paths, shared=shared, ours=ours)


def text(*paths: str, shared: str | None = None, ours: bool = False) -> Parameter:
    return Parameter("string", paths, shared=shared, ours=ours)


_WHO = "Practitioner PractitionerRole Organization Patient RelatedPerson"
_TOLD_OF = (  # of what a Provenance is kept here, or comes with
    "Appointment CarePlan CareTeam Communication Composition Condition Consent DetectedIssue DiagnosticReport Encounter"
    " EpisodeOfCare Flag Immunization List MedicationRequest Observation Patient Procedure QuestionnaireResponse"
    " RelatedPerson RiskAssessment ServiceRequest Specimen Task"
)
_EPISODE = ref(f"extension[{EPISODE_EXTENSION}].valueReference", to="EpisodeOfCare", ours=True)


def _patient(path: str = "subject", shared: str | None = "clinical") -> Parameter:
    return ref(path, to="Patient", shared=shared)


PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Patient": {
        "identifier": token("identifier"),
        "name": text("name"),
        "family": text("name.family", shared="individual"),
        "given": text("name.given", shared="individual"),
        "gender": token("gender", shared="individual"),
        "birthdate": day("birthDate", shared="individual"),
        "phone": token("telecom", shared="individual"),
        "telecom": token("telecom", shared="individual"),
        "address": text("address", shared="individual"),
        "active": token("active"),
        "deceased": token("deceasedBoolean"),
        "death-date": day("deceasedDateTime"),
        "link": ref("link.other", to="Patient RelatedPerson"),
        "organization": ref("managingOrganization", to="Organization"),
        "general-practitioner": ref("generalPractitioner", to="Organization Practitioner PractitionerRole"),
    },
    "RelatedPerson": {
        "identifier": token("identifier"),
        "patient": ref("patient", to="Patient"),
        "relationship": token("relationship"),
        "name": text("name"),
        "active": token("active"),
    },
    "EpisodeOfCare": {
        "patient": ref("patient", to="Patient", shared="clinical"),
        "status": token("status"),
        "type": token("type", shared="clinical"),
        "date": day("period", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "organization": ref("managingOrganization", to="Organization"),
        "care-manager": ref("careManager", to="Practitioner PractitionerRole"),
        "condition": ref("diagnosis.condition", to="Condition"),
    },
    "CarePlan": {
        "patient": _patient(),
        "subject": ref("subject", to="Patient Group"),
        "status": token("status"),
        "intent": token("intent"),
        "category": token("category"),
        "date": day("period", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "instantiates-canonical": ref("instantiatesCanonical"),
        "condition": ref("addresses", to="Condition"),
        "part-of": ref("partOf", to="CarePlan"),
        "episode": _EPISODE,
    },
    "Task": {
        "authored-on": day("authoredOn"),
        "based-on": ref("basedOn", to="CarePlan ServiceRequest"),
        "business-status": token("businessStatus"),
        "code": token("code"),
        "encounter": ref("encounter", to="Encounter"),
        "focus": ref("focus", to="EpisodeOfCare ServiceRequest Organization"),
        "group-identifier": token("groupIdentifier"),
        "identifier": token("identifier"),
        "intent": token("intent"),
        "modified": Parameter("date", ("lastModified",), is_last_update=True),
        "owner": ref("owner", to=_WHO),
        "part-of": ref("partOf", to="Task"),
        "patient": ref("for", to="Patient"),
        "subject": ref("for", to="Patient Group Organization"),
        "performer": token("performerType"),
        "period": day("executionPeriod"),
        "priority": token("priority"),
        "requester": ref("requester", to=_WHO),
        "status": token("status"),
        "due": day("restriction.period.end", ours=True),
        "candidate": ref(
            "extension[http://hl7.org/fhir/StructureDefinition/task-candidateList].valueReference", to=_WHO, ours=True
        ),
        "clock": token(f"extension[{CLOCK}].extension[id].valueCode", ours=True),
    },
    "RiskAssessment": {
        "condition": ref("condition", to="Condition"),
        "date": day("occurrenceDateTime", "occurrencePeriod", shared="clinical"),
        "encounter": ref("encounter", to="Encounter", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "method": token("method"),
        "patient": _patient(),
        "subject": ref("subject", to="Patient Group"),
        "performer": ref("performer", to="Practitioner PractitionerRole Device"),
        "risk": token("prediction.qualitativeRisk"),
        "status": token("status", ours=True),
    },
    "Flag": {
        "author": ref("author", to="Organization Patient Practitioner PractitionerRole Device"),
        "date": day("period", shared="clinical"),
        "identifier": token("identifier"),
        "patient": _patient(),
        "subject": ref("subject", to="Patient Location Group Organization Practitioner"),
        "status": token("status", ours=True),
        "code": token("code", ours=True),
        "category": token("category", ours=True),
    },
    "Observation": {
        "category": token("category"),
        "code": token("code", shared="clinical"),
        "component-code": token("component.code"),
        "combo-code": token("code", "component.code"),
        "data-absent-reason": token("dataAbsentReason"),
        "date": day("effectiveDateTime", "effectivePeriod", "effectiveInstant", shared="clinical"),
        "derived-from": ref("derivedFrom", to="Observation QuestionnaireResponse DocumentReference"),
        "encounter": ref("encounter", to="Encounter", shared="clinical"),
        "has-member": ref("hasMember", to="Observation QuestionnaireResponse"),
        "identifier": token("identifier", shared="clinical"),
        "method": token("method"),
        "patient": _patient(),
        "performer": ref("performer", to=_WHO),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group Device Location"),
        "value-concept": token("valueCodeableConcept"),
        "value-date": day("valueDateTime", "valuePeriod"),
        "episode": _EPISODE,
        "fetus": token(f"extension[{FETUS_INDEX}].valuePositiveInt", ours=True),
    },
    "Condition": {
        "category": token("category"),
        "clinical-status": token("clinicalStatus"),
        "code": token("code", shared="clinical"),
        "encounter": ref("encounter", to="Encounter"),
        "identifier": token("identifier", shared="clinical"),
        "onset-date": day("onsetDateTime", "onsetPeriod"),
        "patient": _patient(),
        "recorded-date": day("recordedDate"),
        "subject": ref("subject", to="Patient Group"),
        "verification-status": token("verificationStatus"),
        "episode": _EPISODE,
    },
    "Encounter": {
        "class": token("class"),
        "date": day("period", shared="clinical"),
        "episode-of-care": ref("episodeOfCare", to="EpisodeOfCare"),
        "identifier": token("identifier", shared="clinical"),
        "patient": _patient(),
        "service-provider": ref("serviceProvider", to="Organization"),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group"),
        "type": token("type", shared="clinical"),
        "episode": ref("episodeOfCare", to="EpisodeOfCare", ours=True),
    },
    "Procedure": {
        "code": token("code", shared="clinical"),
        "date": day("performedDateTime", "performedPeriod", shared="clinical"),
        "encounter": ref("encounter", to="Encounter", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "patient": _patient(),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group"),
        "episode": _EPISODE,
    },
    "QuestionnaireResponse": {
        "author": ref("author", to=_WHO),
        "authored": day("authored"),
        "based-on": ref("basedOn", to="CarePlan ServiceRequest"),
        "encounter": ref("encounter", to="Encounter"),
        "identifier": token("identifier"),
        "patient": ref("subject", to="Patient"),
        "questionnaire": ref("questionnaire"),
        "source": ref("source", to=_WHO),
        "status": token("status"),
        "subject": ref("subject", to="Patient"),
        "episode": _EPISODE,
    },
    "DiagnosticReport": {
        "category": token("category"),
        "code": token("code", shared="clinical"),
        "date": day("effectiveDateTime", "effectivePeriod", shared="clinical"),
        "encounter": ref("encounter", to="Encounter", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "issued": day("issued"),
        "patient": _patient(),
        "result": ref("result", to="Observation"),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group Device Location"),
        "episode": _EPISODE,
    },
    "Immunization": {
        "date": day("occurrenceDateTime", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "patient": ref("patient", to="Patient", shared="clinical"),
        "status": token("status"),
        "vaccine-code": token("vaccineCode"),
    },
    "ServiceRequest": {
        "authored": day("authoredOn"),
        "based-on": ref("basedOn", to="CarePlan ServiceRequest"),
        "category": token("category"),
        "code": token("code", shared="clinical"),
        "encounter": ref("encounter", to="Encounter", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "intent": token("intent"),
        "occurrence": day("occurrenceDateTime", "occurrencePeriod"),
        "patient": _patient(),
        "performer": ref("performer", to=_WHO),
        "performer-type": token("performerType"),
        "priority": token("priority"),
        "replaces": ref("replaces", to="ServiceRequest"),
        "requester": ref("requester", to=_WHO),
        "requisition": token("requisition"),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group Device Location"),
        "direction": token("category", ours=True),
        "episode": _EPISODE,
    },
    "MedicationRequest": {
        "authoredon": day("authoredOn"),
        "category": token("category"),
        "code": token("medicationCodeableConcept", shared="clinical"),
        "date": day("dosageInstruction.timing.event", shared="medications"),
        "encounter": ref("encounter", to="Encounter", shared="medications"),
        "identifier": token("identifier", shared="clinical"),
        "intended-dispenser": ref("dispenseRequest.performer", to="Organization"),
        "intended-performer": ref("performer", to=_WHO),
        "intended-performertype": token("performerType"),
        "intent": token("intent"),
        "medication": ref("medicationReference", to="Medication", shared="medications"),
        "patient": _patient(),
        "priority": token("priority"),
        "requester": ref("requester", to=_WHO),
        "status": token("status", shared="medications"),
        "subject": ref("subject", to="Patient Group"),
        "episode": _EPISODE,
    },
    "Appointment": {
        "actor": ref("participant.actor", to=f"{_WHO} Location HealthcareService"),
        "appointment-type": token("appointmentType"),
        "based-on": ref("basedOn", to="ServiceRequest"),
        "date": day("start"),
        "identifier": token("identifier"),
        "location": ref("participant.actor", to="Location"),
        "part-status": token("participant.status"),
        "patient": ref("participant.actor", to="Patient"),
        "practitioner": ref("participant.actor", to="Practitioner"),
        "reason-code": token("reasonCode"),
        "service-category": token("serviceCategory"),
        "service-type": token("serviceType"),
        "status": token("status"),
        "supporting-info": ref("supportingInformation"),
    },
    "Communication": {
        "based-on": ref("basedOn"),
        "category": token("category"),
        "encounter": ref("encounter", to="Encounter"),
        "identifier": token("identifier"),
        "medium": token("medium"),
        "part-of": ref("partOf"),
        "patient": ref("subject", to="Patient"),
        "received": day("received"),
        "recipient": ref("recipient", to=_WHO),
        "sender": ref("sender", to=_WHO),
        "sent": day("sent"),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group"),
        "episode": _EPISODE,
    },
    "Consent": {
        "action": token("provision.action"),
        "actor": ref("provision.actor.reference", to=_WHO),
        "category": token("category"),
        "consentor": ref("performer", to=_WHO),
        "date": day("dateTime", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "organization": ref("organization", to="Organization"),
        "patient": ref("patient", to="Patient", shared="clinical"),
        "period": day("provision.period"),
        "purpose": token("provision.purpose"),
        "scope": token("scope"),
        "security-label": token("provision.securityLabel"),
        "source-reference": ref("sourceReference"),
        "status": token("status"),
    },
    "CareTeam": {
        "category": token("category"),
        "date": day("period", shared="clinical"),
        "encounter": ref("encounter", to="Encounter"),
        "identifier": token("identifier", shared="clinical"),
        "participant": ref("participant.member", to=_WHO),
        "patient": _patient(),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group"),
        "episode": _EPISODE,
    },
    "Composition": {
        "attester": ref("attester.party", to=_WHO),
        "author": ref("author", to=f"{_WHO} Device"),
        "category": token("category"),
        "confidentiality": token("confidentiality"),
        "date": day("date", shared="clinical"),
        "encounter": ref("encounter", to="Encounter", shared="clinical"),
        "entry": ref("section.entry"),
        "identifier": token("identifier", shared="clinical"),
        "patient": _patient(),
        "section": token("section.code"),
        "status": token("status"),
        "subject": ref("subject"),
        "title": text("title"),
        "type": token("type", shared="clinical"),
    },
    "DetectedIssue": {
        "author": ref("author", to="Practitioner PractitionerRole Device"),
        "code": token("code"),
        "identified": day("identifiedDateTime", "identifiedPeriod"),
        "identifier": token("identifier", shared="clinical"),
        "implicated": ref("implicated"),
        "patient": _patient("patient"),
        "status": token("status", ours=True),
        "severity": token("severity", ours=True),
    },
    "List": {
        "code": token("code", shared="clinical"),
        "date": day("date", shared="clinical"),
        "encounter": ref("encounter", to="Encounter", shared="clinical"),
        "identifier": token("identifier", shared="clinical"),
        "item": ref("entry.item"),
        "patient": _patient(),
        "source": ref("source", to=f"{_WHO} Device"),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group Device Location"),
        "title": text("title"),
    },
    "Provenance": {
        "agent": ref("agent.who", to=f"{_WHO} Device"),
        "agent-role": token("agent.role"),
        "agent-type": token("agent.type"),
        "entity": ref("entity.what"),
        "location": ref("location", to="Location"),
        "patient": ref("target", to="Patient"),
        "recorded": day("recorded"),
        "target": ref("target", to=_TOLD_OF),
        "when": day("occurredDateTime"),
        "activity": token("activity", ours=True),
    },
    "Specimen": {
        "accession": token("accessionIdentifier"),
        "collected": day("collection.collectedDateTime", "collection.collectedPeriod"),
        "collector": ref("collection.collector", to="Practitioner PractitionerRole"),
        "identifier": token("identifier"),
        "parent": ref("parent", to="Specimen"),
        "patient": ref("subject", to="Patient"),
        "status": token("status"),
        "subject": ref("subject", to="Patient Group Device Location"),
        "type": token("type"),
    },
    "Organization": {
        "active": token("active"),
        "identifier": token("identifier"),
        "name": text("name", "alias"),
        "partof": ref("partOf", to="Organization"),
        "type": token("type"),
    },
    "Location": {
        "identifier": token("identifier"),
        "name": text("name", "alias"),
        "organization": ref("managingOrganization", to="Organization"),
        "status": token("status"),
    },
    "Practitioner": {
        "active": token("active"),
        "identifier": token("identifier"),
        "name": text("name"),
    },
    "PractitionerRole": {
        "active": token("active"),
        "identifier": token("identifier"),
        "organization": ref("organization", to="Organization"),
        "practitioner": ref("practitioner", to="Practitioner"),
        "role": token("code"),
    },
}
COMMON = {  # on every type
    "_id": Parameter("token", (), shared="Resource"),
    "_lastUpdated": Parameter("date", (), shared="Resource", is_last_update=True),
}
