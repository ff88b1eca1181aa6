"""What was recorded beside the course of a case: consultations, events of the case file, emergencies, hand-overs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workflows.occasions import OCCASIONS

NEWEST = 30
KEPT = frozenset(rule.process for rule in OCCASIONS.values() if rule.process)


def of(finished: Iterable[Any]) -> list[Any]:
    """The tasks that were done in instances of their own, the newest first; each leads to its record."""
    found = [task for task in finished if task.definition_key in KEPT]
    return sorted(found, key=lambda task: task.completed_at or task.created_at, reverse=True)[:NEWEST]
