"""A draft that somebody keeps, wherever he types it: the FHIR Task says that it was begun (§4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.commands import save_draft
from engine.commands.contracts import SaveDraft
from fhir_adapters.mappings.task import begun
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE, Draft

BEFORE = ("ready", "accepted")


def handlers() -> Mapping[type, Callable[[Any, Any], Any]]:
    return {SaveDraft: _save}


def _save(command: SaveDraft, tx: Any) -> Any:
    kept = save_draft.handle(command, tx)
    stored = resources.current(tx.conn, tx.region_id, "Task", str(command.user_task_id))
    if stored is not None and (task := stored.resource())["status"] in BEFORE:
        resources.save(tx.conn, tx.region_id, tx.now, ENGINE, [Draft(resource=begun(task, tx.now))], engine_owned=True)
    return kept
