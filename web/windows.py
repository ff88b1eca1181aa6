"""A task's window in words: not yet, open, soon overdue, overdue. Every state may be opened; the words only tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from engine.clock import CHINA
from engine.timers import known_until

OVER = frozenset({"completed", "cancelled"})
COUNTED_IN_WORKING_DAYS = frozenset({"task_report_death", "task_facility_death_review"})  # T-19c, by the region's pack
SOON = timedelta(days=2)  # ux: a warning that still leaves a working day


class Windowed(Protocol):
    @property
    def window_from(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def until_at(self) -> datetime | None: ...


class Task(Windowed, Protocol):
    @property
    def state(self) -> str: ...
    @property
    def element_id(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Window:
    """`state`: not-yet | open | soon | overdue, of what is over: completed | cancelled. `days`, `hours` and
    `minutes` until it starts or ends, or since it ended: each the whole span."""

    state: str
    days: int = 0
    hours: int = 0
    minutes: int = 0
    opens: datetime | None = None
    ends: datetime | None = None
    # it may be counted in working days beyond this day, the last whose holidays are known
    holidays_end: date | None = None


def window_of(task: Windowed, now: datetime) -> Window:
    """Where `now` lies in the task's window. Days are civil days in China; within a day, hours; within an hour,
    minutes. An edge that is an hour of the day, not the end of a day, is less than a day away until 24 hours are.

    A task without dates is simply open.
    """
    opens, ends = task.window_from, task.due_at or task.until_at
    if ends is not None and now > ends:
        return Window(state="overdue", **_span(ends, now, ends), opens=opens, ends=ends)
    if opens is not None and now < opens:
        return Window(state="not-yet", **_span(now, opens, opens), opens=opens, ends=ends)
    if ends is None:
        return Window(state="open", opens=opens)
    state = "soon" if ends - now <= SOON else "open"
    return Window(state=state, **_span(now, ends, ends), opens=opens, ends=ends)


def holidays_end(task: Task) -> date | None:
    """The last day whose holidays are known, where the deadline lies beyond it and may be one of working days."""
    due, end = task.due_at, known_until()
    beyond = due is not None and due.astimezone(CHINA).date() > end
    return end if beyond and task.element_id in COUNTED_IN_WORKING_DAYS else None


def window_in_state(task: Task, now: datetime) -> Window:
    """As `window_of`; what is over is neither to be done nor overdue any more."""
    window = window_of(task, now)
    if task.state in OVER:
        return replace(window, state=task.state)
    return replace(window, holidays_end=holidays_end(task))


def _span(earlier: datetime, later: datetime, edge: datetime) -> dict[str, Any]:
    days = (later.astimezone(CHINA).date() - earlier.astimezone(CHINA).date()).days
    minutes = int((later - earlier).total_seconds() // 60)
    at = edge.astimezone(CHINA).strftime("%H:%M")
    by_the_hour = at not in ("00:00", "23:59") and minutes < 24 * 60
    return {"days": 0 if by_the_hour else days, "hours": minutes // 60, "minutes": max(1, minutes)}
