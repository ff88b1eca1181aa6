"""A clock that stands where it is put, for one process that lives many independent cases through the same day."""

from __future__ import annotations

from datetime import datetime


class PlacedClock:
    """May go back: the next case begins its day anew. Within one case whoever places it never goes back."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
