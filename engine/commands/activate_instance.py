"""Let a suspended instance go on. What fell due meanwhile is due now, each timer by its misfire policy; messages that
came meanwhile are delivered; what a migration left to be looked at is looked at."""

from __future__ import annotations

from engine.commands.contracts import ActivateInstance
from engine.lifecycle import Status, require_instance_may_become
from engine.operations.resumption import resume
from engine.operations.steps import detail_of, take
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: ActivateInstance, tx: Tx) -> None:
    held = instances.lock(tx, command.instance_id)
    require_instance_may_become(held.status, Status.ACTIVE)
    instances.note(tx, held, "activated", status=Status.ACTIVE, detail=detail_of(command))
    step = resume(held.closure(tx), held.state, tx.now)
    if step.state != held.state:
        take(tx, held, step)
    tx.look_for_buffered(held.id)
