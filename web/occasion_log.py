"""What was recorded beside the course of a case: consultations, events of the case file, emergencies, hand-overs."""

from __future__ import annotations

from typing import Any

from engine.store import reads
from workflows.occasions import OCCASIONS

NEWEST = 30
KEPT = frozenset(rule.process for rule in OCCASIONS.values() if rule.process)


def of(services: Any, conn: Any, pregnancy_id: str) -> list[Any]:
    """The tasks that were done in instances of their own, the newest first; each leads to its record."""
    asked: dict[str, Any] = {"business_key": pregnancy_id, "state": "completed", "order": "created", "limit": 200}
    found = [task for task in reads.user_tasks(conn, services.region_id, **asked).items if task.definition_key in KEPT]
    return sorted(found, key=lambda task: task.completed_at or task.created_at, reverse=True)[:NEWEST]
