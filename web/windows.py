"""A task's window in words: not yet, open, soon overdue, overdue. Every state may be opened; the words only tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from engine.clock import CHINA

OVER = frozenset({"completed", "cancelled"})
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


@dataclass(frozen=True, kw_only=True)
class Window:
    """`state`: not-yet | open | soon | overdue, of what is over: completed | cancelled. `days` and `hours` until it
    starts or ends, or since it ended."""

    state: str
    days: int = 0
    hours: int = 0
    opens: datetime | None = None
    ends: datetime | None = None


def window_of(task: Windowed, now: datetime) -> Window:
    """Where `now` lies in the task's window. Days are civil days in China; within a day, hours.

    A task without dates is simply open.
    """
    opens, ends = task.window_from, task.due_at or task.until_at
    if ends is not None and now > ends:
        return Window(state="overdue", days=_days(ends, now), hours=_hours(now - ends), opens=opens, ends=ends)
    if opens is not None and now < opens:
        return Window(state="not-yet", days=_days(now, opens), hours=_hours(opens - now), opens=opens, ends=ends)
    if ends is None:
        return Window(state="open", opens=opens)
    state = "soon" if ends - now <= SOON else "open"
    return Window(state=state, days=_days(now, ends), hours=_hours(ends - now), opens=opens, ends=ends)


def window_in_state(task: Task, now: datetime) -> Window:
    """As `window_of`; what is over is neither to be done nor overdue any more."""
    window = window_of(task, now)
    return replace(window, state=task.state) if task.state in OVER else window


def _days(earlier: datetime, later: datetime) -> int:
    return (later.astimezone(CHINA).date() - earlier.astimezone(CHINA).date()).days


def _hours(span: timedelta) -> int:
    return max(1, int(span.total_seconds() // 3600))
