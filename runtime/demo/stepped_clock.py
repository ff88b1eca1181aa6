"""A clock that a rehearsal moves by hand, inside one process."""

from __future__ import annotations

from datetime import datetime


class SteppedClock:
    """Never goes back."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = max(self._now, now)
