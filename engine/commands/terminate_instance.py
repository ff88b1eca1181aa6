"""End an instance now, with everything that waits in it."""

from __future__ import annotations

from engine.commands.contracts import TerminateInstance
from engine.interpreter.contracts import Terminated
from engine.lifecycle import Status, require_instance_may_become
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: TerminateInstance, tx: Tx) -> None:
    held = instances.lock(tx, command.instance_id)
    require_instance_may_become(held.status, Status.TERMINATED)
    instances.move(tx, held, Terminated(command.reason))
