"""Moving the manual clock: what falls due on the way fires in order, each at its own time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine.engine import Engine
from runtime.bursts import Bursts
from runtime.clock import ManualClock


class Timekeeper:
    """The only one who moves a manual clock; one process at a time, across the whole installation."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self._engine = engine
        self._clock = clock
        self._bursts = Bursts(engine)

    def advance_to(self, target: datetime) -> int:
        """Stands at `target` afterwards, with nothing due. Answers how many timers fired. Killed on the way, it goes on
        from there the next time: what has fired is not due any more."""
        with self._clock.moving():
            fired = 0
            while (due := self._bursts.next_due()) is not None and due <= target:
                at = max(due, self._clock())
                fired += self._engine.drive(at)
                self._clock.set(at)
                if not self._bursts.look(at):
                    break
            fired += self._engine.drive(target)
            self._clock.set(target)
            return fired


class HeldEngine:
    """For a worker beside a manual clock: nothing fires while somebody moves the clock, or order would be lost."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self._engine = engine
        self._clock = clock
        self.region_id, self.read = engine.region_id, engine.read

    def run_due(self, limit: int, before_each: Callable[[], None] = lambda: None) -> int:
        with self._clock.moving():
            return self._engine.run_due(limit, before_each)

    def execute(self, command: Any, *, by: Any) -> Any:
        return self._engine.execute(command, by=by)
