"""Synthetic documents as a hospital sends them, and ways to read what comes back."""

from __future__ import annotations

import copy
from typing import Any

CANON = "https://fhir.example.org/mch"
ID_CARD = "urn:oid:2.16.156.10011.1.3"
WOMAN = "999999199706150027"  # the woman of the forms' examples
BORN = "1997-06-15"
PATIENT_URN = "urn:uuid:00000000-0000-4000-8000-000000000001"
CONDITION_URN = "urn:uuid:00000000-0000-4000-8000-000000000002"


def patient(number: str = WOMAN, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": ID_CARD, "value": number}],
        "name": [{"text": "测试甲子"}],
        "gender": "female",
        "birthDate": BORN,
        **more,
    }


def pregnancy(subject: str = PATIENT_URN, lmp: str | None = "2025-10-20", **more: Any) -> dict[str, Any]:
    onset = {"onsetDateTime": lmp} if lmp else {}
    return {
        "resourceType": "Condition",
        "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        "code": coded("http://hl7.org/fhir/sid/icd-10", "Z34.9"),
        "subject": {"reference": subject},
        **onset,
        **more,
    }


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def observation(
    code: str, subject: str = PATIENT_URN, *, at: str = "2026-01-05T08:00:00+08:00", **value: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded("http://loinc.org", code),
        "subject": {"reference": subject},
        "effectiveDateTime": at,
        **value,
    }


def lmp(day: str = "2025-10-20", subject: str = PATIENT_URN) -> dict[str, Any]:
    return observation("8665-2", subject, valueDateTime=day)


def entry(resource: dict[str, Any], full_url: str | None = None, **request: Any) -> dict[str, Any]:
    asked = {"method": "POST", "url": resource["resourceType"], **request}
    return {**({"fullUrl": full_url} if full_url else {}), "resource": resource, "request": asked}


def transaction(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def registration(number: str = WOMAN, day: str = "2025-10-20", *more: dict[str, Any]) -> dict[str, Any]:
    """The main case: a woman by her identity, her pregnancy, her last menstrual period."""
    return transaction(
        entry(patient(number), PATIENT_URN, ifNoneExist=f"identifier={ID_CARD}|{number}"),
        entry(pregnancy(lmp=day), CONDITION_URN),
        entry(lmp(day)),
        *more,
    )


def with_changes(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(document), **changes}


def issues_of(answer: Any, status: int) -> list[dict[str, Any]]:
    """The answer is an OperationOutcome of this status, each issue in both languages; answers the issues."""
    body = answer.get_json(force=True)
    assert answer.status_code == status, body
    assert body["resourceType"] == "OperationOutcome", body
    for issue in body["issue"]:
        zh, _, en = issue["details"]["text"].partition(" / ")
        assert zh and en and issue["details"]["coding"][0]["code"].startswith("MCH-"), issue
    return body["issue"]


def expressions(answer: Any, status: int) -> list[str]:
    return [place for issue in issues_of(answer, status) for place in issue.get("expression", ["-"])]


def resources_in(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle.get("entry", []) if e.get("search", {}).get("mode") != "outcome"]
