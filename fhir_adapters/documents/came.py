"""A document that came from a hospital -> DocumentReference: where its bytes lie and what they must be."""

from __future__ import annotations

import base64
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.documents.making import SHA256
from fhir_adapters.store.came import Came
from fhir_adapters.terminology import CONFIDENTIALITY, sid

CDA = "application/hl7-cda+xml"
TYPES = "urn:oid:2.16.156.10011.2.4"


def pointer(came: Came, *, base: str) -> dict[str, Any]:
    is_moment = came.told_at is not None and len(came.told_at) > 10
    security = [{"system": CONFIDENTIALITY, "code": code} for code in came.labels]
    attachment = {
        "extension": [{"url": SHA256, "valueString": (came.sha256 or b"").hex()}],
        "contentType": CDA,
        "language": "zh-CN",
        "url": f"{base}/Binary/{came.id}",
        "size": came.size,
        "hash": base64.b64encode(came.sha1 or b"").decode(),
        "title": came.title,
        **({"creation": came.told_at} if came.told_at else {}),
    }
    client = came.owner.partition(":")[2] or came.owner
    return {
        "resourceType": "DocumentReference",
        "id": str(came.id),
        **({"meta": {"security": security}} if security else {}),
        "masterIdentifier": {"system": sid(f"result/{client}"), "value": came.number},
        "identifier": [{"system": sid(f"result/{client}"), "value": came.series}],
        "status": "superseded" if came.is_replaced else "current",
        "type": {"coding": [{"system": TYPES, "code": came.code}], "text": came.title},
        "subject": {"reference": f"Patient/{came.patient_id}"},
        "date": came.told_at if is_moment else local_text(came.created_at),
        "description": came.title,
        "content": [{"attachment": attachment}],
    }
