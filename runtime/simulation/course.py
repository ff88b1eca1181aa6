"""One case from its first day to its last: its own agenda, and the engine's timers, in order of time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Protocol
from uuid import UUID

from engine.errors import Conflict, EngineError, NotFound
from runtime.simulation.desk import Desk, OpenTask, Waiting

Act = Callable[["Course"], None]


@dataclass
class Tally:
    """What happened, for the report. Tallies of several processes add up."""

    steps: int = 0
    timers_fired: int = 0
    forms_refused: int = 0  # wrong on purpose, and refused
    unheard: int = 0  # messages nobody waited for
    tasks: Counter[str] = field(default_factory=Counter)
    overdue: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # element: why a form that should hold did not
    nobody: Counter[str] = field(default_factory=Counter)  # element: no account may finish it
    idle_timers: Counter[str] = field(default_factory=Counter)  # element: due, and nothing waited for it
    accepted_wrong: Counter[str] = field(default_factory=Counter)  # element: a form wrong on purpose that was taken

    def add(self, other: Tally) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


class Actor(Protocol):
    """Whoever works on the case."""

    def begin(self, course: Course) -> Iterable[tuple[datetime, Act]]:
        """What will happen to her whatever the engine does."""

    def plan(self, course: Course, task: OpenTask, nth: int) -> Iterable[tuple[datetime, Act]]:
        """When somebody works on a task that has just opened. `nth`: of this element in this case, from nought."""

    def finished(self, course: Course, task: OpenTask, entered: dict[str, Any]) -> None:
        """After a form was taken."""

    def corrected(
        self, course: Course, task: OpenTask, entered: dict[str, Any], error: EngineError, attempt: int
    ) -> dict[str, Any] | None:
        """What is sent in instead of what was refused; None: nothing."""


class Course:
    """`keys`: business keys of the instances that are hers. `live` goes from event to event; between, it rests.
    `waiting`: what waits, where that does not follow from keys."""

    def __init__(
        self, desk: Desk, keys: list[str], actor: Actor, tally: Tally, waiting: Callable[[], Waiting] | None = None
    ) -> None:
        self.desk = desk
        self._waiting = waiting or (lambda: desk.look(keys))
        self.keys = keys
        self.actor = actor
        self.tally = tally
        self.tasks: dict[UUID, OpenTask] = {}
        self.now = desk.clock()
        self._timer: Any = None
        self._idle: set[Any] = set()
        self._seen: set[UUID] = set()
        self._nth: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._order = count()
        for moment, act in actor.begin(self):
            self.at(moment, act)

    def at(self, moment: datetime, act: Act) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), act))

    @property
    def next_at(self) -> datetime | None:
        """When something happens next, as far as it is known now."""
        moments = [self._agenda[0][0]] if self._agenda else []
        return min([*moments, self._timer.due_at] if self._timer else moments, default=None)

    def live(self, until: datetime) -> None:
        """Everything before `until`."""
        while (moment := self.next_at) is not None and moment < until:
            self.now = max(self.now, moment)
            self.desk.clock.now = self.now
            if self._timer and self._timer.due_at == moment and (not self._agenda or moment <= self._agenda[0][0]):
                self._fire()
            else:
                heapq.heappop(self._agenda)[2](self)

    def _fire(self) -> None:
        if self.desk.fire(self._timer):
            self.tally.timers_fired += 1
            self.tally.steps += 1
        else:  # a row that its instance knows nothing of: it would be due for ever
            self._idle.add(self._timer)
            self.tally.idle_timers[self._timer.element_id] += 1
        self.look()

    def look(self) -> None:
        """What is open now; plans for what is new."""
        waiting = self._waiting()
        self._timer = None if waiting.timer in self._idle else waiting.timer
        self.tasks = {task.id: task for task in waiting.tasks}
        for task in waiting.tasks:
            if task.id not in self._seen:
                self._seen.add(task.id)
                nth = self._nth[task.element_id]
                self._nth[task.element_id] += 1
                for moment, act in self.actor.plan(self, task, nth):
                    self.at(max(moment, self.now + timedelta(seconds=1)), act)

    def times_done(self, element: str) -> int:
        return self._done[element]

    def stepped(self, steps: int = 1) -> None:
        """Somebody moved the case by a way of his own."""
        self.tally.steps += steps
        self.look()

    def tell(self, name: str, payload: dict[str, Any]) -> None:
        if not self.desk.tell(name, self.keys[0], payload):
            self.tally.unheard += 1
        self.stepped()

    def finish(self, task: OpenTask, write: Callable[[], dict[str, Any]]) -> bool:
        """Whether the task was finished by this."""
        if task.id not in self.tasks:
            return False
        worker = self.desk.worker_for(task)
        if worker is None:
            self.tally.nobody[task.element_id] += 1
            return False
        entered, attempt = write(), 0
        while True:
            try:
                self.desk.finish(task, worker, entered)
                break
            except (Conflict, NotFound) as error:
                self.tally.refused[f"{task.element_id}: {error}"] += 1
                self.look()
                return False
            except EngineError as error:
                attempt += 1
                again = self.actor.corrected(self, task, entered, error, attempt)
                if again is None:
                    faults = "; ".join(f"{fault.path}: {fault.message.en}" for fault in error.faults[:5])
                    self.tally.refused[f"{task.element_id}: {error} {faults}"] += 1
                    return False
                entered = again
        self.tally.steps += 1
        self._done[task.element_id] += 1
        self.tally.tasks[task.element_id] += 1
        if task.due_at is not None and self.now > task.due_at:
            self.tally.overdue[task.element_id] += 1
        self.actor.finished(self, task, entered)
        self.look()
        return True

    def spoil(self, task: OpenTask, write: Callable[[], dict[str, Any]]) -> None:
        """A form that must be refused is sent in, and must be."""
        worker = self.desk.worker_for(task)
        if task.id not in self.tasks or worker is None:
            return
        try:
            self.desk.finish(task, worker, write())
        except EngineError:
            self.tally.forms_refused += 1
            return
        self.tally.accepted_wrong[task.element_id] += 1
        self.look()
