"""Hold an instance: it keeps its waits and serves none of them."""

from __future__ import annotations

from engine.commands.contracts import SuspendInstance
from engine.lifecycle import Status, require_instance_may_become
from engine.operations.steps import detail_of
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: SuspendInstance, tx: Tx) -> None:
    held = instances.lock(tx, command.instance_id)
    require_instance_may_become(held.status, Status.SUSPENDED)
    instances.note(tx, held, Status.SUSPENDED, status=Status.SUSPENDED, detail=detail_of(command))
