"""Ending a referral by hand: the sender withdraws it, the receiver says that she did not come or has come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from engine.clock import CHINA
from engine.commands.contracts import CompleteUserTask, PublishMessage
from engine.errors import Conflict, Forbidden, Incorrect, NotFound
from engine.store import reads
from workflows.people.model import Principal
from workflows.people.roles import CARE
from workflows.referrals import ENDED, LEAVES, NO_SHOW, PROCESS, WITHDRAWN, sides, state_of
from workflows.services import Services

MAY_END = {  # from which states, and by whom
    WITHDRAWN: (("requested", "received", "accepted", "departed"), "sender"),
    NO_SHOW: (("accepted", "departed"), "receiver"),
}
LONGEST_REASON = 500


def end(services: Services, instance_id: UUID, *, by: Principal, how: str, reason: str) -> None:
    """Raises NotFound, Forbidden (the other side's), Conflict (too late), Incorrect (no reason)."""
    if how not in MAY_END:
        raise NotFound("没有这个操作", "no such operation")
    variables = _referral(services, instance_id).variables
    states, side = MAY_END[how]
    _require(by, variables, side)
    if state_of(variables) not in states:
        raise Conflict("转诊已不在这一步", "the referral has moved on", code="state")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incorrect("请写明理由", "give the reason", code="reason")
    at = services.clock().astimezone(CHINA).isoformat(timespec="seconds")
    payload = {"ended_as": how, "ended_reason": reason.strip(), "ended_at": at}
    services.engine.execute(PublishMessage(name=ENDED, key=str(variables["referral_no"]), payload=payload), by=by.actor)


def is_here(services: Services, instance_id: UUID, *, by: Principal) -> None:
    """She has arrived though nobody told of her departure: the arrival can be written down. Raises as `end`."""
    _require(by, _referral(services, instance_id).variables, "receiver")
    with services.engine.read() as conn:
        waiting = reads.user_tasks(conn, services.region_id, instance_id=instance_id, element_id=LEAVES).items
    if not waiting:
        raise Conflict("转诊已不在这一步", "the referral has moved on", code="state")
    services.engine.execute(CompleteUserTask(user_task_id=waiting[0].id), by=by.actor)


def _referral(services: Services, instance_id: UUID) -> Any:
    """Its process; a hand-over or a consultation is not ended so."""
    with services.engine.read() as conn:
        found = reads.instance(conn, services.region_id, instance_id)
    if found is None:
        raise NotFound("没有此转诊", "no such referral")
    if found.definition_key != PROCESS:
        raise Conflict("转介与会诊由应答结束", "a hand-over or a consultation ends by its answer", code="state")
    return found


def _require(by: Principal, variables: Any, side: str) -> None:
    if not by.roles & CARE or sides(PROCESS, variables)[side] not in by.organisations:
        raise Forbidden("这一步属于另一方", "this step is the other side's")
