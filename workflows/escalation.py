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
DEATH = "ended.maternal_death"
OF_DEATHS_AND_EMERGENCIES = frozenset(
    {"death_review", "newborn_death_review", "rescue", "emergency_caesarean", "blood_request"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`role`, at institutions of the kind `at` where one is given, sees what has been overdue for `after`; what is
    urgent (a red woman, an emergency, a death) already after `urgent_after`. `urgent_only`: a step for that alone."""

    role: str
    after: Duration
    urgent_after: Duration
    at: str | None = None
    urgent_only: bool = False

    def reached_at(self, due: datetime, *, urgent: bool) -> datetime:
        return (self.urgent_after if urgent else self.after).after(due)


def ladder(pack: Pack) -> list[Step]:
    """From the first to the last; empty for a pack without one."""
    rows = (pack.values.get("escalation") or {}).get("steps") or []
    return [
        Step(
            role=r["role"],
            after=parse_duration(r["after"]),
            urgent_after=parse_duration(r["urgent_after"]),
            at=r.get("at"),
            urgent_only=r.get("urgent_only") is True,
        )
        for r in rows
    ]


def reached(steps: Sequence[Step], due: datetime, now: datetime, *, urgent: bool) -> list[Step]:
    """The steps that a task due then has come to; the earlier ones stay."""
    own = (step for step in steps if urgent or not step.urgent_only)
    return [step for step in own if step.reached_at(due, urgent=urgent) <= now]


def step_of(steps: Sequence[Step], roles: Collection[str], kind: str | None) -> Step | None:
    """The step of somebody with these roles at an institution of this kind: the earliest one."""
    return next((step for step in steps if step.role in roles and step.at in (None, kind)), None)


def earliest(step: Step, now: datetime) -> datetime:
    """Nothing that was due later than this can have come to the step."""
    return now - min(step.after.shortest, step.urgent_after.shortest, key=timedelta.total_seconds)


def is_urgent(variables: Mapping[str, Any], process: str | None = None) -> bool:
    """`process`: whose task it is."""
    return (
        variables.get("colour") in URGENT_COLOURS
        or variables.get("urgency") == "emergency"
        or variables.get("end_code") == DEATH
        or process in OF_DEATHS_AND_EMERGENCIES
    )
