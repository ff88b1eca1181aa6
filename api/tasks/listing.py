"""The list of user tasks: what the caller may see, in the order in which it is due."""

from __future__ import annotations

from typing import Any

from flask import request

from api.answers import task_json
from api.requests import only, query_choice, query_limit, query_uuid
from engine.store import reads
from workflows.people.model import Principal
from workflows.people.visibility import may_complete, may_see
from workflows.reading_cases import reading_cases
from workflows.services import Services
from workflows.store import people as people_store

VIEWS = ("all", "work", "mine", "unassigned", "overdue")


def listed(services: Services, caller: Principal) -> dict[str, Any]:
    """`{"items", "next"}`. A page may hold fewer than `limit` items where some are not the caller's to see."""
    only("state", "pregnancy", "instance", "element", "view", "after", "limit")
    view = query_choice("view", VIEWS, "all")
    state = query_choice("state", ("open", "completed", "cancelled", "any"), "open")
    now = services.clock()
    filters: dict[str, Any] = {
        "state": None if state == "any" else state,
        "business_key": request.args.get("pregnancy"),
        "instance_id": query_uuid("instance"),
        "element_id": request.args.get("element"),
        "assignee": caller.login if view == "mine" else None,
        "unassigned": view == "unassigned",
        "overdue_at": now if view == "overdue" else None,
    }
    if not (filters["business_key"] or filters["instance_id"]):
        filters["organisations"] = sorted(caller.organisations)
    with reading_cases(services, caller) as conn:
        page = reads.user_tasks(
            conn, services.region_id, after=request.args.get("after"), limit=query_limit(), **filters
        )
        care = people_store.care_of_all(conn, services.region_id, list({task.instance_id for task in page.items}))
    rule = may_complete if view == "work" else may_see
    shown = [task for task in page.items if rule(caller, task, care.get(task.instance_id, frozenset()))]
    services.people.audit(caller, "search", "user-task", filters["business_key"], {"shown": len(shown)})
    return {"items": [task_json(task, now) for task in shown], "next": page.next}
