"""User actions come first: what falls due by itself is taken at a pace that yields while people are being served."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST = 2000.0  # pieces a second while nobody else needs the database
LEAST = 250.0  # while people are being served: a backlog must shrink all the same
BURST = 50.0  # pieces at once: what falls due in daily life is not held back
LOOK_EVERY = 25  # pieces between two looks at who else is there


class Pace:
    """A token bucket whose rate halves when `people_wait` says so and recovers when it does not. Called before each
    piece of work; sleeps where there is no token."""

    def __init__(
        self,
        people_wait: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._people_wait, self._clock, self._sleep = people_wait, clock, sleep
        self.rate = MOST
        self._tokens, self._at, self._pieces = BURST, clock(), 0

    def __call__(self) -> None:
        self._pieces += 1
        if self._pieces % LOOK_EVERY == 0:
            self.rate = max(LEAST, self.rate / 2) if self._people_wait() else min(MOST, self.rate * 1.5)
        self._refill()
        if self._tokens < 1:
            self._sleep((1 - self._tokens) / self.rate)
            self._refill()
        self._tokens -= 1

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._at) * self.rate)
        self._at = now
