"""Somebody repaired the cause: try again what had failed."""

from __future__ import annotations

from typing import Any

from engine.commands.contracts import RetryIncident
from engine.commands.report_zombie import revive
from engine.errors import Conflict, NotFound
from engine.interpreter.contracts import IncidentRetried, VariablesChanged
from engine.lifecycle import require_active
from engine.store import instances
from engine.store.incidents import submission_of
from engine.store.transaction import Tx


def handle(command: RetryIncident, tx: Tx) -> None:
    """Raises NotFound, or Conflict when it is resolved already. What fails again opens an incident again."""
    row = tx.one("read_incident", id=command.incident_id)
    if row is None:
        raise NotFound("没有这个事件", "no such incident")
    held = instances.lock(tx, row[0])
    _, wait_id, _, _, kind, detail, resolved_at = tx.one("read_incident", id=command.incident_id)
    if resolved_at is not None:
        raise Conflict("事件已处理", "the incident is resolved", code="incident-resolved")
    if kind == "projection":
        _project_again(command, tx, held, detail)
        return
    require_active(held.status)
    if kind == "zombie":
        revive(tx, held)
        tx.send("resolve_incident", id=command.incident_id, at=tx.now, by=tx.by.id)
        return
    if command.variables:
        instances.advance(tx, held, VariablesChanged(command.variables))
    if kind == "timer":
        tx.send("unpark_timer", instance_id=held.id, wait_id=wait_id)
        tx.send("resolve_incident", id=command.incident_id, at=tx.now, by=tx.by.id)
        return
    instances.advance(tx, held, IncidentRetried(wait_id))


def _project_again(command: RetryIncident, tx: Tx, held: instances.Held, detail: dict[str, Any]) -> None:
    """Project the instance as it is now, with what the failed step had entered and closed."""
    tx.send("resolve_incident", id=command.incident_id, at=tx.now, by=tx.by.id)
    instances.project_again(tx, held, detail.get("closed", []), submission_of(detail))
