"""What the contract shows of a pregnancy, from the variables of its case."""

from __future__ import annotations

from typing import Any

from api.answers import at, task_json
from engine.errors import NotFound
from engine.store import reads
from workflows import journey
from workflows.people.model import Principal
from workflows.people.visibility import REVIEWS, knows_reviews, may_read_woman, may_see
from workflows.services import Services
from workflows.store import people as people_store
from workflows.task_access import today_in_china

JOURNEY = "pregnancy_journey"


def case_for(services: Services, conn: Any, caller: Principal, pregnancy_id: str) -> Any:
    """The case, if the woman is the caller's to know of; a stranger gets the answer of one that never was."""
    found = reads.instance_by_business_key(conn, services.region_id, JOURNEY, pregnancy_id)
    if found is None or not may_read_woman(caller, people_store.care_of(conn, services.region_id, found.id)):
        raise NotFound("没有此孕产妇", "no such pregnancy")
    return found


def summary(services: Services, conn: Any, caller: Principal, pregnancy_id: str, instance: Any) -> dict[str, Any]:
    known = dict(instance.variables)
    care = people_store.care_of(conn, services.region_id, instance.id)
    knows = knows_reviews(caller)
    running = reads.instances(conn, services.region_id, business_key=pregnancy_id)
    instances = [one for one in running if knows or one.definition_key not in REVIEWS]
    tasks = reads.user_tasks(conn, services.region_id, business_key=pregnancy_id, state="open", limit=200).items
    now = services.clock()
    return {
        "id": pregnancy_id,
        "patient": known.get("patient_id"),
        "state": instance.status,
        "stage": known.get("stage"),
        "lmp": known.get("lmp"),
        "edd": known.get("edd"),
        "gestational_age": journey.gestational_age_text(known, today_in_china(services)),
        "colour": {
            "primary": known.get("colour"),
            "purple": bool(known.get("purple")) if caller.restricted else None,
            "scheme": known.get("scheme"),
            "since": known.get("graded_at"),
        },
        "case_file": known.get("case_file"),
        "region": known.get("pack"),
        "pack_version": known.get("pack_version"),
        "instances": [{"id": str(i.id), "definition_key": i.definition_key, "state": i.status} for i in instances],
        "open_tasks": [task_json(task, now) for task in tasks if may_see(caller, task, care)],
        "end": {"code": known.get("end_code"), "at": known.get("ended_on") or at(instance.ended_at)},
    }
