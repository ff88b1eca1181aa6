"""A pregnancy heard of (P01): the lead opened and what is known of the woman recorded, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from engine.commands.contracts import Actor, IdempotencyKey, StartInstance
from engine.errors import Conflict, Forbidden
from engine.store import reads
from workflows import completion, duplicates, handed_in, intake
from workflows.people.model import Principal
from workflows.services import Services

REPORTERS = frozenset({"R-VDOC", "R-MCHW", "R-PM-F"})  # P01: who enters what was heard


@dataclass(frozen=True, kw_only=True)
class OpenLead:
    """Answers `OpenedLead`. `answers`: the form of a lead. `acting`: for whom the product enters it, where it
    follows from another form."""

    lead_id: str
    variables: Mapping[str, Any]
    answers: Mapping[str, Any]
    acting: Actor | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OpenedLead:
    lead_id: str
    instance_id: UUID
    user_task_ids: tuple[UUID, ...] = field(default_factory=tuple)


def open_lead(
    services: Services,
    *,
    by: Principal | Actor,
    answers: Mapping[str, Any],
    lead_id: str | None = None,
    idempotency: IdempotencyKey | None = None,
    happened_at: datetime | None = None,
) -> OpenedLead:
    """`happened_at`: when the form was filled in, where it is handed in later. Raises Incorrect (by linkId),
    Forbidden, Conflict (she is in care, or there is an open lead about her)."""
    actor = by.actor if isinstance(by, Principal) else by
    if not set(actor.roles) & REPORTERS:
        raise Forbidden("您的角色不能登记孕情线索", "your role enters no leads")
    case = lead_id or str(uuid4())
    variables = intake.start_variables(services, by=actor, pregnancy_id=case, patient_id=str(uuid4()))
    command = OpenLead(
        lead_id=case,
        variables=variables,
        answers=with_look_up(answers),
        happened_at=handed_in.since(services, happened_at),
    )
    return services.engine.execute(command, by=actor, idempotency=idempotency)


def with_look_up(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Where a document is given, looking her up is the product's work; else the person says that it was done."""
    return {**answers, duplicates.LOOKED_UP: True} if duplicates.has_document(answers) else dict(answers)


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: `OpenLead` runs inside one transaction, which holds her document meanwhile."""

    def handle(command: OpenLead, tx: Any) -> OpenedLead:
        tx.answer_is_new()
        known = duplicates.looked_up(services(), tx.conn, command.answers, None)
        variables = {**command.variables, "patient_id": known or command.variables["patient_id"]}
        at = command.happened_at
        start = StartInstance(
            definition_key=duplicates.LEAD, business_key=command.lead_id, variables=variables, happened_at=at
        )
        instance_id = tx.run(start).instance_id
        first = next((task for task in _open(tx, instance_id) if task.form == duplicates.LEAD_FORM), None)
        if first is None:
            raise Conflict("流程没有登记线索的任务", "the process opens no task that records a lead")
        by = command.acting or tx.by
        finish = completion.command_for(services(), tx.conn, first.id, answers=command.answers, by=by, happened_at=at)
        tx.run(finish)
        ids = tuple(task.id for task in _open(tx, instance_id))
        return OpenedLead(lead_id=command.lead_id, instance_id=instance_id, user_task_ids=ids)

    def _open(tx: Any, instance_id: UUID) -> Any:
        return reads.user_tasks(tx.conn, services().region_id, instance_id=instance_id).items

    return {OpenLead: handle}
