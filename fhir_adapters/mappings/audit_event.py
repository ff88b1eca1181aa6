"""A row of the trail -> AuditEvent (BALP patterns): who did what to whose record, and when.

The machine is the observer; it names people and records by their numbers, and tells nothing of what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.common import RULES, Json, coding, person, present, reference, resource
from fhir_adapters.terminology import ACCOUNT, ACTIVITY, DEVICE, sid
from fhir_adapters.types import MATTER

AUDIT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
RESTFUL = {  # what the trail calls it -> the interaction, and the action it is
    "read": ("read", "R"),
    "vread": ("vread", "R"),
    "history": ("history-instance", "R"),
    "search": ("search-type", "E"),
    "create": ("create", "C"),
    "update": ("update", "U"),
    "patch": ("patch", "U"),
    "delete": ("delete", "D"),
    "everything": ("operation", "E"),
    "export": ("operation", "E"),
}
PATIENTS = 50  # named in one event; a search may have met more


def to_audit_event(row: Mapping[str, Any]) -> Json:
    """`row`: one of the table `audit`."""
    action = str(row["action"])
    known = RESTFUL.get(action)
    detail = row.get("detail") if isinstance(row.get("detail"), Mapping) else {}
    kind = str(row["actor_kind"])
    return resource(
        "AuditEvent",
        str(row["id"]),
        type=coding(AUDIT_TYPE, "rest", "RESTful Operation") if known else coding(AUDIT_TYPE, "object", "Object"),
        subtype=[coding(INTERACTION, known[0]) if known else coding(ACTIVITY, action.replace("_", "-"))],
        action=known[1] if known else "E",
        recorded=local_text(row["at"]),
        outcome="0",
        agent=[_agent(kind, row)],
        source={"observer": {"type": "Device", "identifier": {"system": DEVICE, "value": "yuntu"}}},
        entity=present(_subject(row), *_women(detail)),
    )


def _agent(kind: str, row: Mapping[str, Any]) -> Json:
    """Who asked; what the engine does by itself is done by a device."""
    who: Json = RULES if kind == "engine" else person(str(row["actor_id"]))
    if kind == "client":
        who = {"type": "Device", "identifier": {"system": ACCOUNT, "value": str(row["actor_id"])}}
    return {"who": who, "requestor": kind == "person"}


def _subject(row: Mapping[str, Any]) -> Json | None:
    """The record, by its number; of a search there is none."""
    if not row.get("subject_id"):
        return {"type": coding(ENTITY_TYPE, "2", "System Object"), "description": str(row["subject_kind"])}
    value = f"{row['subject_kind']}/{row['subject_id']}"
    return {
        "what": {"identifier": {"system": sid("resource"), "value": value}},
        "type": coding(ENTITY_TYPE, "2", "System Object"),
    }


def _women(detail: Any) -> list[Json]:
    listed = [one for one in detail.get("patients") or () if not str(one).startswith(MATTER)]
    role = coding(OBJECT_ROLE, "1", "Patient")
    return [{"what": reference("Patient", str(one)), "role": role} for one in listed[:PATIENTS]]
