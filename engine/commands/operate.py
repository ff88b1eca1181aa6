"""A command on one instance with its effect as the answer; a dry run is the same, and then nothing is stored."""

from __future__ import annotations

from typing import Any

from engine.commands.contracts import Operate
from engine.operations.changes import changes
from engine.store import instances
from engine.store.transaction import Answered, Tx


def handle(command: Operate, tx: Tx) -> dict[str, Any]:
    before = instances.lock(tx, command.instance_id)
    notes = tx.run(command.command)
    after = instances.lock(tx, command.instance_id)
    effect = changes(before.state, after.state, after.status, notes if isinstance(notes, list) else [])
    if command.dry_run:
        raise Answered(effect)  # leaves the transaction without committing it
    return effect
