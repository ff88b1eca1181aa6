"""A referral as another hospital's system sends and moves it."""

from __future__ import annotations

from typing import Any

from tests.fhir.fhir_kit import CANON, PATIENT_URN, coded, entry, patient, transaction
from workflows.people import Organisation

NUMBER = "ZZ330103202601050007"
NO, TASK = f"{CANON}/sid/referral-no", f"{CANON}/sid/task"
REQUEST_URN = "urn:uuid:00000000-0000-4000-8000-000000000009"
KEYS = {"keys": [{"kty": "EC", "crv": "P-384", "kid": "k", "x": "x", "y": "y"}]}
OTHER = "org-other"  # a hospital of another county, as it is known here


def settle_other(hospital: Any, name: str = "other-his") -> str:
    """The other county's hospital, and its system as a client here."""
    people = hospital.services.people
    people.put_organisation(Organisation(id=OTHER, kind="hospital", name="邻县人民医院"))
    people.add_client(name=name, organisation_id=OTHER, scopes=["system/*.cruds"], jwks=KEYS)
    hospital.services.directory_changed()
    return name


def request(subject: str = PATIENT_URN, **more: Any) -> dict[str, Any]:
    number = {"system": NO, "value": NUMBER}
    return {
        "resourceType": "ServiceRequest",
        "identifier": [number],
        "requisition": number,
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "code": coded(f"{CANON}/CodeSystem/referral-type", "high-risk-transfer"),
        "subject": {"reference": subject},
        "authoredOn": "2026-01-05T07:50:00+08:00",
        "performer": [{"reference": "Organization/org-hospital"}],
        "reasonCode": [{"text": "重度子痫前期"}],
        **more,
    }


def task(subject: str = PATIENT_URN, focus: str = REQUEST_URN, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "identifier": [{"system": TASK, "value": f"{NUMBER}-1"}],
        "groupIdentifier": {"system": NO, "value": NUMBER},
        "status": "requested",
        "intent": "order",
        "code": coded(f"{CANON}/CodeSystem/task-code", "receive-referral"),
        "focus": {"reference": focus},
        "for": {"reference": subject},
        "authoredOn": "2026-01-05T07:50:00+08:00",
        "lastModified": "2026-01-05T07:50:00+08:00",
        "owner": {"reference": "Organization/org-hospital"},
        **more,
    }


def offer(number: str = "999999199706150027", **task_more: Any) -> dict[str, Any]:
    """One transaction: the woman, the request, the Task."""
    return transaction(
        entry(patient(number), PATIENT_URN, ifNoneExist=f"identifier=urn:oid:2.16.156.10011.1.3|{number}"),
        entry(request(), REQUEST_URN, ifNoneExist=f"identifier={NO}|{NUMBER}"),
        entry(task(**task_more), ifNoneExist=f"identifier={TASK}|{NUMBER}-1"),
    )


def output(name: str, value: str | bool, kind: str = "valueString") -> dict[str, Any]:
    return {"type": coded(f"{CANON}/CodeSystem/task-io", name), kind: value}


def find(hospital: Any, who: str, number: str = NUMBER, centre: int = 1) -> dict[str, Any]:
    (found,) = hospital.search(f"/Task?identifier={TASK}|{number}-{centre}", who)
    return found


def put(hospital: Any, who: str, known: dict[str, Any], **changes: Any) -> Any:
    etag = f'W/"{known["meta"]["versionId"]}"'
    return hospital.put(f"/Task/{known['id']}", {**known, **changes}, who, If_Match=etag)
