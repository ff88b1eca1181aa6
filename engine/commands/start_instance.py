"""Open an instance of a definition and run it to its first wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from engine import interpreter
from engine.commands.contracts import Started, StartInstance
from engine.errors import Conflict, NotFound
from engine.store import instances
from engine.store.library import Entry
from engine.store.transaction import Tx


def handle(command: StartInstance, tx: Tx) -> Started:
    catalogue = tx.library.catalogue(tx)
    versions = catalogue.versions.get(("process", command.definition_key), [])
    wanted = [entry for entry in versions if command.version in (None, entry.version)]
    if not wanted:
        raise NotFound(
            f"没有流程“{command.definition_key}”或此版本", f"no process {command.definition_key} of this version"
        )
    running = [entry for entry in wanted if not entry.suspended]
    if not running:
        raise Conflict("流程定义已挂起，不能启动", "the process is suspended: it starts nothing", code="suspended")
    return open_instance(
        tx,
        running[-1],
        command.variables,
        instance_id=command.instance_id,
        business_key=command.business_key,
        happened_at=command.happened_at,
    )


def open_instance(
    tx: Tx,
    definition: Entry,
    variables: Mapping[str, Any],
    *,
    instance_id: UUID | None = None,
    business_key: str | None = None,
    start_element: str | None = None,
    happened_at: datetime | None = None,
) -> Started:
    """The versions of all that it may call are decided here, for its whole life. `happened_at`: what the diagram takes
    for now, where the beginning is told later than it was."""
    instance_id = instance_id or uuid4()
    pins = tx.library.pins(tx, definition)
    closure = tx.library.closure(tx, definition.key, definition.version, pins)
    began_at = happened_at or tx.now
    step = interpreter.start(closure, variables, began_at, start_element=start_element, business_key=business_key)
    instances.start(tx, instance_id, definition.key, definition.version, business_key, pins, step)
    return Started(instance_id=instance_id)
