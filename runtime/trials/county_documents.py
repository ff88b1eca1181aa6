"""What a hospital system sends about the synthetic woman of a cell, as FHIR."""

from __future__ import annotations

from typing import Any

from fhir_adapters.terminology import CANONICAL_BASE
from runtime.trials.county_site import CARD, CountyCell
from workflows.forms import example_answers, forms_on_disk

Json = dict[str, Any]

PATIENT, CONDITION, CHILD = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
LMP = "2025-10-20"
MORNING = "2026-01-05T08:00:00+08:00"
NEWBORN = f"{CANONICAL_BASE}/sid/newborn"


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def entry(resource: Json, full_url: str | None = None, **request: Any) -> Json:
    asked = {"method": "POST", "url": resource["resourceType"], **request}
    return {**({"fullUrl": full_url} if full_url else {}), "resource": resource, "request": asked}


def transaction(*entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def observation(code: str, subject: str, **more: Any) -> Json:
    return {
        "resourceType": "Observation", "status": "final", "code": coded("http://loinc.org", code),
        "subject": {"reference": subject}, "effectiveDateTime": MORNING, **more,
    }  # fmt: skip


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def registration(cell: CountyCell) -> Json:
    woman = {
        "resourceType": "Patient", "identifier": [{"system": CARD, "value": cell.card}],
        "name": [{"text": "测试甲子"}], "gender": "female", "birthDate": cell.born.isoformat(),
    }  # fmt: skip
    pregnancy = {
        "resourceType": "Condition",
        "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        "code": coded("http://hl7.org/fhir/sid/icd-10", "Z34.9"),
        "subject": {"reference": PATIENT}, "onsetDateTime": LMP,
    }  # fmt: skip
    return transaction(
        entry(woman, PATIENT, ifNoneExist=f"identifier={CARD}|{cell.card}"),
        entry(pregnancy, CONDITION),
        entry(observation("8665-2", PATIENT, valueDateTime=LMP)),
    )


def haemoglobin(cell: CountyCell) -> Json:
    return observation("718-7", cell.subject, valueQuantity=quantity(61, "g/L"))


def severe_pressure(cell: CountyCell) -> Json:
    parts = {"8480-6": 165, "8462-4": 115}
    components = [
        {"code": coded("http://loinc.org", code), "valueQuantity": quantity(value, "mm[Hg]")}
        for code, value in parts.items()
    ]
    return observation("85354-9", cell.subject, component=components)


def delivery(cell: CountyCell) -> Json:
    born = {
        "resourceType": "Procedure", "status": "completed",
        "code": coded("urn:oid:2.16.156.10011.2.3.3.12", "73.59"),
        "subject": {"reference": cell.subject}, "performedDateTime": "2026-01-05T06:30:00+08:00",
    }  # fmt: skip
    child = {
        "resourceType": "Patient", "identifier": [{"system": NEWBORN, "value": str(cell.id)}],
        "name": [{"use": "temp", "text": "测试之女"}], "gender": "female", "birthDate": "2026-01-05",
        "multipleBirthInteger": 1,
    }  # fmt: skip
    mother = {
        "resourceType": "RelatedPerson", "identifier": [{"system": CARD, "value": cell.card}],
        "patient": {"reference": CHILD},
        "relationship": [coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "NMTH")],
    }  # fmt: skip
    return transaction(
        entry(born),
        entry(child, CHILD, ifNoneExist=f"identifier={NEWBORN}|{cell.id}"),
        entry(mother),
        entry(observation("8339-4", CHILD, valueQuantity=quantity(3200, "g"))),
    )


def answers_of(cell: CountyCell) -> Json:
    """Of the form of registration: what is nobody else's is hers."""
    return {
        **example_answers("registration"), "id_no": cell.card, "lmp": LMP, "birth_date": cell.born.isoformat(),
        "handbook_no": f"SF-2026-{cell.number:05}",
    }  # fmt: skip


def registration_form(cell: CountyCell) -> Json:
    """The answers that finish her first task."""
    based = [{"reference": f"Task/{cell.found['task']}"}]
    form = forms_on_disk()["registration"].to_response(answers_of(cell))
    return {**form, "subject": {"reference": cell.subject}, "basedOn": based}


def subscription(url: str) -> Json:
    topic = f"{CANONICAL_BASE}/SubscriptionTopic/task-status"
    content = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content"
    return {
        "resourceType": "Subscription", "status": "requested", "reason": "测试", "criteria": topic,
        "channel": {
            "type": "rest-hook", "endpoint": url, "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": content, "valueCode": "id-only"}]},
        },
    }  # fmt: skip
