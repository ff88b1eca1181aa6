"""Let a suspended instance go on. What fell due meanwhile is due now; messages that came meanwhile are delivered."""

from __future__ import annotations

from engine.commands.contracts import ActivateInstance
from engine.lifecycle import Status, require_instance_may_become
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: ActivateInstance, tx: Tx) -> None:
    held = instances.lock(tx, command.instance_id)
    require_instance_may_become(held.status, Status.ACTIVE)
    instances.note(tx, held, "activated", status=Status.ACTIVE)
    tx.look_for_buffered(held.id)
