"""One instance as the contract shows it, and who may look at it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.answers import at
from engine.errors import NotFound
from engine.store import reads
from workflows.history import Told
from workflows.people.model import Principal
from workflows.people.roles import OWNERS_OF_DIAGRAMS
from workflows.people.visibility import may_read_case, may_read_woman
from workflows.protected_places import told_incidents, told_waits
from workflows.services import Services
from workflows.store import people as people_store

NOT_CLINICAL = frozenset({"pregnancy_id", "pack", "home_organisation", "hospital_organisation", "county_organisation"})
CLOSED_TO_THOSE_WITHOUT_PURPLE = frozenset(
    {
        "purple",
        "criteria",
        "screening_codes",
        "screening_infected",
        "infections",
        "found_infections",
        "pmtct_infections",
        "pmtct_plan",
    }
)  # they name the disease


def instance_for(services: Services, conn: Any, caller: Principal, instance_id: UUID) -> Any:
    """The instance, if the caller may know of it: the women of their organisations; for owners of diagrams any."""
    found = reads.instance(conn, services.region_id, instance_id)
    if found is not None:
        care = people_store.care_of(conn, services.region_id, instance_id)
        if may_read_case(caller, found.definition_key, care) or caller.roles & OWNERS_OF_DIAGRAMS or not care:
            return found
    raise NotFound("没有此流程实例", "no such instance")


def instance_json(services: Services, conn: Any, caller: Principal, found: Any) -> dict[str, Any]:
    care = people_store.care_of(conn, services.region_id, found.id)
    waiting = told_waits(caller, care, reads.waiting(conn, services.region_id, found.id))
    incidents = reads.incidents(conn, services.region_id, instance_id=found.id)
    repairs = bool(caller.roles & OWNERS_OF_DIAGRAMS)
    return {
        "id": str(found.id),
        "definition_key": found.definition_key,
        "definition_version": found.definition_version,
        "business_key": found.business_key,
        "state": found.status,
        "variables": readable(caller, care, found.variables),
        "waiting": [waiting_json(wait) for wait in waiting],
        "ended_at": list(found.end_events),
        "incidents": [incident_json(one) for one in told_incidents(caller, care, incidents, repairs=repairs)],
        "started_at": at(found.started_at),
        "revision": found.revision,
    }


def readable(caller: Principal, care: frozenset[str], variables: Any) -> dict[str, Any]:
    """The variables that the caller may read: of a woman's case, those who do not treat her read no clinical ones."""
    if not variables.get("pregnancy_id") and not variables.get("patient_id"):
        return dict(variables)
    if not may_read_woman(caller, care):
        return {name: value for name, value in variables.items() if name in NOT_CLINICAL}
    hidden = frozenset() if caller.restricted else CLOSED_TO_THOSE_WITHOUT_PURPLE
    return {name: None if name in hidden else value for name, value in variables.items()}


def waiting_json(wait: Any) -> dict[str, Any]:
    return {
        "element_id": wait.element_id,
        "kind": wait.kind,
        "task_id": str(wait.task_id) if wait.task_id else None,
        "due_at": at(wait.due_at),
        "message": wait.message,
        "key": wait.key,
    }


def incident_json(incident: Any) -> dict[str, Any]:
    return {
        "id": str(incident.id),
        "element_id": incident.path,
        "message": f"{incident.message.zh} {incident.message.en}",
        "retries_left": incident.retries_left,
    }


def history_json(line: Told) -> dict[str, Any]:
    return {
        "at": at(line.at),
        "element_id": line.element_id,
        "path": line.path,
        "event": line.event,
        "by": line.by,
        "name": line.name,
        "organisation": line.organisation,
        "detail": line.detail,
    }
