"""Who sees a task after its clock has run out: journey §4.3. Nothing moves and nothing closes by itself: each step
keeps the earlier one open. Members and times come from the pack; the times are local settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.timers.durations import Duration, parse_duration
from workflows.regions import Pack

URGENT_COLOURS = frozenset({"red"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`role` sees what has been overdue for `after`; what is urgent (a red woman) already after `urgent_after`."""

    role: str
    after: Duration
    urgent_after: Duration

    def reached_at(self, due: datetime, *, urgent: bool) -> datetime:
        return (self.urgent_after if urgent else self.after).after(due)


def ladder(pack: Pack) -> list[Step]:
    """From the first to the last; empty for a pack without one."""
    rows = (pack.values.get("escalation") or {}).get("steps") or []
    return [
        Step(role=r["role"], after=parse_duration(r["after"]), urgent_after=parse_duration(r["urgent_after"]))
        for r in rows
    ]


def reached(steps: Sequence[Step], due: datetime, now: datetime, *, urgent: bool) -> list[Step]:
    """The steps that a task due then has come to; the earlier ones stay."""
    return [step for step in steps if step.reached_at(due, urgent=urgent) <= now]


def step_of(steps: Sequence[Step], roles: Collection[str]) -> Step | None:
    """The step of somebody with these roles: the earliest one."""
    return next((step for step in steps if step.role in roles), None)


def earliest(step: Step, now: datetime) -> datetime:
    """Nothing that was due later than this can have come to the step."""
    return now - min(step.after.shortest, step.urgent_after.shortest, key=timedelta.total_seconds)


def is_urgent(variables: Mapping[str, Any]) -> bool:
    return variables.get("colour") in URGENT_COLOURS
