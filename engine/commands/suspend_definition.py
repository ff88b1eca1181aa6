"""Versions of a process that start no instance for the time being; the newest of the others takes their place, also
for what a message, a signal or a condition begins.

A message that finds every version suspended is kept as long as it may be, and looks again when one is let go on. A
signal is never kept. A timer start event is a promise of its own version: it rests, and when its version is let go on
what fell due meanwhile happens by its misfire policy.
"""

from __future__ import annotations

from engine.commands.contracts import ActivateDefinition, SuspendDefinition
from engine.errors import NotFound
from engine.store.transaction import Answered, Tx


def suspend(command: SuspendDefinition, tx: Tx) -> list[int]:
    versions = _versions(tx, command.key, command.version)
    tx.send(
        "suspend_definition", key=command.key, version=command.version, at=tx.now, by=tx.by.id, reason=command.reason
    )
    tx.send("insert_deployment", now=tx.now, by=tx.by.id)  # every process looks at its catalogue again
    return _answer(versions, command.dry_run)


def activate(command: ActivateDefinition, tx: Tx) -> list[int]:
    versions = _versions(tx, command.key, command.version)
    tx.send("activate_definition", key=command.key, version=command.version)
    tx.send("insert_deployment", now=tx.now, by=tx.by.id)
    tx.send("look_again_for_starts", now=tx.now)
    return _answer(versions, command.dry_run)


def _answer(versions: list[int], dry_run: bool) -> list[int]:
    if dry_run:
        raise Answered(versions)  # leaves the transaction without committing it
    return versions


def _versions(tx: Tx, key: str, version: int | None) -> list[int]:
    known = [entry.version for entry in tx.library.catalogue(tx).versions.get(("process", key), ())]
    found = [one for one in known if version in (None, one)]
    if not found:
        raise NotFound(f"没有流程“{key}”或此版本", f"no process {key} of this version")
    return found
