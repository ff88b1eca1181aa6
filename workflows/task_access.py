"""A task, its form and its woman, for whoever may know of them: what completing, claiming and opening share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from engine.clock import CHINA
from engine.commands.contracts import Actor
from engine.errors import Forbidden, NotFound
from engine.store import reads
from workflows.facts_on_demand import Known
from workflows.forms import Form
from workflows.people.model import Principal
from workflows.people.visibility import care_in, may_complete, may_see
from workflows.rules_of_case import policy_of
from workflows.services import Services
from workflows.store import people as people_store

Reading: TypeAlias = Callable[[], AbstractContextManager[Any]]  # a connection that sees one moment


def over(conn: Any) -> Reading:
    """For whoever has a connection of their own."""
    return lambda: nullcontext(conn)


def task_for(services: Services, conn: Any, task_id: UUID, by: Principal | Actor) -> Any:
    """The task, if the caller may know of it. A stranger gets the same NotFound as for a task that never was."""
    task = reads.user_task(conn, services.region_id, task_id)
    if task is None or not may_see(principal_of(services, conn, by), task, care_of(services, conn, task)):
        raise NotFound("没有此任务", "no such task")
    return task


@dataclass(frozen=True, kw_only=True)
class Found:
    """A task that the caller may know of, with the variables of its case; `catalogue`: the number of the definitions
    at that moment."""

    task: Any
    variables: Mapping[str, Any]
    caller: Principal
    catalogue: int

    def require_may_complete(self) -> None:
        """Raises Forbidden, for callers who may look at the task but not finish it."""
        if self.caller.kind != "engine" and not may_complete(self.caller, self.task, care_in(self.variables)):
            raise Forbidden("您的角色不能办理此任务", "the task is not meant for your role")


def find(services: Services, conn: Any, task_id: UUID, by: Principal | Actor) -> Found:
    """The task and its case in one question. A stranger gets the same NotFound as for a task that never was."""
    found = reads.task_in_case(conn, services.region_id, task_id)
    if found is not None:
        task, variables, catalogue = found
        caller = principal_of(services, conn, by)
        if may_see(caller, task, care_in(variables)) or may_see(caller, task, care_of(services, conn, task)):
            return Found(task=task, variables=variables, caller=caller, catalogue=catalogue)
    raise NotFound("没有此任务", "no such task")


def care_of(services: Services, conn: Any, task: Any) -> frozenset[str]:
    return people_store.care_of(conn, services.region_id, task.instance_id)


def form_of(services: Services, reading: Reading, task: Any) -> Form | None:
    """The form version the task was opened with; None also where the diagram names a form that nobody deployed."""
    if not task.form:
        return None
    known = services.forms.known(task.form, task.form_version)
    if known is not None:
        return known
    with reading() as conn:
        return services.forms.get(task.form, task.form_version, conn=conn)


def variables_of(services: Services, conn: Any, task: Any) -> dict[str, Any]:
    instance = reads.instance(conn, services.region_id, task.instance_id)
    return dict(instance.variables) if instance is not None else {}


VIABLE_FROM = "viable_from_weeks"  # the rule of her region that a form may read


def context_of(variables: Mapping[str, Any], form: Form, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a form's expressions may read besides its answers: the case's variables, and of the facts those that it
    names and the case does not hold. Most forms name none, and then no fact is read."""
    missing = form.context - variables.keys()
    rules = {VIABLE_FROM: policy_of(variables)[VIABLE_FROM]} if VIABLE_FROM in missing else {}
    return {**variables, **rules, **{name: facts[name] for name in missing if name in facts}}


def known(
    services: Services, reading: Reading, pregnancy_id: str | None, variables: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Name to value of everything recorded about the woman; empty where the task is about none. Read when first looked
    into: most forms route without it. `variables`: of her case, whose rules go with the facts."""

    def read() -> Mapping[str, Any]:
        if not pregnancy_id:
            return {}
        with reading() as conn:
            return services.facts(conn, pregnancy_id)

    return Known(read, (variables or {}).get("policy"))


def today_in_china(services: Services) -> date:
    return services.clock().astimezone(CHINA).date()


def actor_of(by: Principal | Actor) -> Actor:
    return by.actor if isinstance(by, Principal) else by


def principal_of(services: Services, conn: Any, by: Principal | Actor) -> Principal:
    return by if isinstance(by, Principal) else services.people.principal_of(conn, by)
