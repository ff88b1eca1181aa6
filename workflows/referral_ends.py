"""Ending a referral, a hand-over or a consultation by hand: the sender withdraws it; of a referral the receiver says
that she did not come or has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from engine.clock import CHINA
from engine.commands.contracts import CompleteUserTask, PublishMessage
from engine.errors import Conflict, Forbidden, Incorrect, NotFound
from engine.store import reads
from workflows.people.model import Principal
from workflows.people.roles import CARE
from workflows.referrals import CONSULTATION, ENDED, HANDOVER, LEAVES, NO_SHOW, PROCESS, WITHDRAWN, sides, state_of
from workflows.services import Services

Ends = Mapping[str, tuple[tuple[str, ...], str]]
_UNANSWERED: Ends = {WITHDRAWN: (("requested", "received"), "sender")}  # once accepted, her move is reported already
MAY_END: Mapping[str, Ends] = {  # process -> how -> from which states, and by whom
    PROCESS: {
        WITHDRAWN: (("requested", "received", "accepted", "departed"), "sender"),
        NO_SHOW: (("accepted", "departed"), "receiver"),
    },
    HANDOVER: _UNANSWERED,
    CONSULTATION: _UNANSWERED,
}
LONGEST_REASON = 500


def end(services: Services, instance_id: UUID, *, by: Principal, how: str, reason: str) -> None:
    """Raises NotFound, Forbidden (the other side's), Conflict (too late), Incorrect (no reason)."""
    found = _referral(services, instance_id)
    if how not in MAY_END[found.definition_key]:
        raise NotFound("没有这个操作", "no such operation")
    variables = found.variables
    states, side = MAY_END[found.definition_key][how]
    _require(by, found, side)
    if state_of(variables) not in states:
        raise Conflict("转诊已不在这一步", "the referral has moved on", code="state")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incorrect("请写明理由", "give the reason", code="reason")
    at = services.clock().astimezone(CHINA).isoformat(timespec="seconds")
    payload = {"ended_as": how, "ended_reason": reason.strip(), "ended_at": at}
    told = PublishMessage(name=ENDED, key=str(variables["referral_no"]), payload=payload)
    if services.engine.execute(told, by=by.actor).instance_id is None:  # begun by a diagram that does not wait for it
        raise Conflict(
            "这一份按旧流程办理，不能撤回", "it runs by an earlier diagram, which cannot be withdrawn", code="state"
        )


def is_here(services: Services, instance_id: UUID, *, by: Principal) -> None:
    """She has arrived though nobody told of her departure: the arrival can be written down. Raises as `end`."""
    _require(by, _referral(services, instance_id), "receiver")
    with services.engine.read() as conn:
        waiting = reads.user_tasks(conn, services.region_id, instance_id=instance_id, element_id=LEAVES).items
    if not waiting:
        raise Conflict("转诊已不在这一步", "the referral has moved on", code="state")
    services.engine.execute(CompleteUserTask(user_task_id=waiting[0].id), by=by.actor)


def _referral(services: Services, instance_id: UUID) -> Any:
    """Its process."""
    with services.engine.read() as conn:
        found = reads.instance(conn, services.region_id, instance_id)
    if found is None or found.definition_key not in MAY_END:
        raise NotFound("没有此转诊", "no such referral")
    return found


def _require(by: Principal, found: Any, side: str) -> None:
    if not by.roles & CARE or sides(found.definition_key, found.variables)[side] not in by.organisations:
        raise Forbidden("这一步属于另一方", "this step is the other side's")
