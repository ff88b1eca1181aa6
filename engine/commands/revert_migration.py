"""Back to the version an instance came from, as long as nothing has happened since."""

from __future__ import annotations

from dataclasses import replace

from engine.commands.contracts import RevertMigration
from engine.errors import Conflict
from engine.interpreter.codec import decode
from engine.interpreter.contracts import Step
from engine.operations.steps import detail_of, lock_with_tasks, rename, require_open, told
from engine.store.transaction import Tx


def handle(command: RevertMigration, tx: Tx) -> None:
    held, tasks = lock_with_tasks(tx, command.instance_id)
    require_open(held.status)
    row = tx.one("take_state_before", instance_id=held.id, revision=held.revision)
    if row is None:
        raise Conflict(
            "没有可撤回的迁移：实例此后有过变化，或迁移当时已触发后续步骤",
            "no migration to take back: the instance has moved since, or moved at once when it was migrated",
            code="not-revertible",
        )
    version, pins, blob = row
    state = replace(decode(blob, held.variables), next_id=held.state.next_id)  # numbers are never used twice
    line = told(held, "reverted", detail_of(command, **{"from": held.definition_version, "to": version}))
    rename(tx, held, tasks, version, pins, Step(state, (line,), {}))
