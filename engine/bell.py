"""Waiting for work. Whoever notices some rings; who waits also looks by himself from time to time, since nobody may
have noticed, or nobody is there to notice."""

from __future__ import annotations

from threading import Event

SAFETY_S = 5.0  # between two looks of one whom nobody has rung for


class Bell:
    """Of one who waits, in one thread. `poll_s`: how long he rests while nobody is at the bell, and after he was rung
    for nothing: work that others hold must not keep him running."""

    def __init__(self, poll_s: float, *, safety_s: float = SAFETY_S, stopping: Event | None = None) -> None:
        self.poll_s, self._safety_s = poll_s, safety_s
        self._stopping = stopping or Event()
        self._rung = Event()
        self._was_rung = False
        self.is_attended = False  # whether somebody is there who looks and rings

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def ring(self) -> None:
        self._rung.set()

    def stop(self) -> None:
        """May be called by a signal's handler."""
        self._stopping.set()
        self._rung.set()

    def is_due(self, rested_s: float) -> bool:
        """For one who does not wait here: whether to look again, so long after the look before."""
        longest = self._safety_s if self.is_attended and not self._rung.is_set() else self.poll_s
        if rested_s < longest:
            return False
        self._rung.clear()
        return True

    def rest(self, at_most: float = float("inf")) -> bool:
        """After a round in which there was nothing to do; answers whether it is over because of `stop`."""
        if self.is_attended and not self._was_rung and at_most > self.poll_s:
            self._was_rung = self._rung.wait(self._safety_s)
        else:
            self._was_rung = False
            self._stopping.wait(min(self.poll_s, at_most))
        if not self.is_stopping:
            self._rung.clear()
        return self.is_stopping
