"""A task, its form and its woman, for whoever may know of them: what completing, claiming and opening share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from engine.clock import CHINA
from engine.commands.contracts import Actor
from engine.errors import Forbidden, NotFound
from engine.store import reads
from workflows.facts_on_demand import Known
from workflows.forms import Form
from workflows.people.model import Principal
from workflows.people.visibility import may_complete, may_see
from workflows.services import Services
from workflows.store import people as people_store


def task_for(services: Services, conn: Any, task_id: UUID, by: Principal | Actor) -> Any:
    """The task, if the caller may know of it. A stranger gets the same NotFound as for a task that never was."""
    task = reads.user_task(conn, services.region_id, task_id)
    if task is None or not may_see(principal_of(services, conn, by), task, care_of(services, conn, task)):
        raise NotFound("没有此任务", "no such task")
    return task


def require_may_complete(services: Services, conn: Any, task: Any, by: Principal | Actor) -> None:
    """Raises Forbidden, for callers who may look at the task but not finish it."""
    if actor_of(by).kind == "engine":
        return
    if not may_complete(principal_of(services, conn, by), task, care_of(services, conn, task)):
        raise Forbidden("您的角色不能办理此任务", "the task is not meant for your role")


def care_of(services: Services, conn: Any, task: Any) -> frozenset[str]:
    return people_store.care_of(conn, services.region_id, task.instance_id)


def form_of(services: Services, conn: Any, task: Any) -> Form | None:
    """The form version the task was opened with; None also where the diagram names a form that nobody deployed."""
    return services.forms.get(task.form, task.form_version, conn=conn) if task.form else None


def variables_of(services: Services, conn: Any, task: Any) -> dict[str, Any]:
    instance = reads.instance(conn, services.region_id, task.instance_id)
    return dict(instance.variables) if instance is not None else {}


def context_of(services: Services, conn: Any, task: Any, form: Form, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a form's expressions may read besides its answers: the case's variables, and of the facts those that it
    names and the case does not hold. Most forms name none, and then no fact is read."""
    variables = variables_of(services, conn, task)
    missing = form.context - variables.keys()
    return variables | {name: facts[name] for name in missing if name in facts}


def known(services: Services, conn: Any, pregnancy_id: str | None) -> Mapping[str, Any]:
    """Name to value of everything recorded about the woman; empty where the task is about none. Read when first looked
    into, while `conn` is open: most forms route without it."""
    return Known(lambda: services.facts(conn, pregnancy_id) if pregnancy_id else {})


def today_in_china(services: Services) -> date:
    return services.clock().astimezone(CHINA).date()


def actor_of(by: Principal | Actor) -> Actor:
    return by.actor if isinstance(by, Principal) else by


def principal_of(services: Services, conn: Any, by: Principal | Actor) -> Principal:
    return by if isinstance(by, Principal) else services.people.principal_of(conn, by)
