"""One instance in memory, driven by hand: complete, send, advance the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.errors import NotFound
from engine.interpreter import Closure, State, apply, decode, encode, start
from engine.interpreter.contracts import (
    ErrorThrown,
    Event,
    Happened,
    InstanceStatus,
    JobDone,
    MessageReceived,
    Published,
    SignalReceived,
    Step,
    TimerFired,
    UserTaskDone,
    Wait,
    WaitKind,
)


@dataclass
class Kept:
    """A message nobody listened for yet."""

    name: str
    key: str
    payload: Mapping[str, Any]
    until: datetime


@dataclass
class Rehearsal:
    """Starts at once. `now` stands still until `advance`; messages wait for a receiver until their time is over."""

    closure: Closure
    now: datetime
    variables: Mapping[str, Any] = field(default_factory=dict)
    business_key: str | None = None
    # A registered service task, played by hand: job type -> what it answers. Other jobs wait to be completed.
    services: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = field(default_factory=dict)
    start_element: str | None = None  # an event that begins the process; `variables` are then its payload

    def __post_init__(self) -> None:
        self.happened: list[Happened] = []
        self.taken: set[str] = set()  # ids of sequence flows
        self.relayed: list[
            tuple[str, Mapping[str, Any]]
        ] = []  # what the instance told itself: (path of the wait, payload)
        self._kept: list[Kept] = []
        self._seen_message_ids: set[str] = set()
        self._agenda: list[Published] = []
        self.state: State = self._take(
            start(
                self.closure,
                dict(self.variables),
                self.now,
                start_element=self.start_element,
                business_key=self.business_key,
            )
        )
        self._settle()

    # --- what can be done ---------------------------------------------------------------------------------------------

    def complete(self, path: str, variables: Mapping[str, Any] | None = None, *, nth: int = 1) -> None:
        """Finish the `nth` open user task (or job) at `path`, in order of creation. Raises NotFound."""
        open_here = [w for w in self.waits(WaitKind.USER_TASK) if w.path == path]
        open_here = open_here or [w for w in self.waits(WaitKind.JOB) if w.path == path]
        if len(open_here) < nth:
            raise NotFound(f"没有打开的任务“{path}”", f"no open task '{path}'; open are {self.open_tasks()}")
        wait = open_here[nth - 1]
        done = UserTaskDone if wait.kind is WaitKind.USER_TASK else JobDone
        self.tell(done(wait.id, dict(variables or {})))

    def throw(self, path: str, code: str, variables: Mapping[str, Any] | None = None) -> None:
        """Raise a BPMN error at the oldest open task or job at `path`, as its worker may. Raises NotFound."""
        waits = self.waits(WaitKind.JOB) + self.waits(WaitKind.USER_TASK)
        wait = next((w for w in waits if w.path == path), None)
        if wait is None:
            raise NotFound(f"没有打开的任务“{path}”", f"no open task '{path}'")
        self.tell(ErrorThrown(wait.id, code, "", dict(variables or {})))

    def send(
        self,
        name: str,
        key: Any,
        payload: Mapping[str, Any] | None = None,
        *,
        ttl: timedelta,
        message_id: str | None = None,
    ) -> str:
        """Give a message to the one wait that listens for it, or keep it. Answers delivered, buffered or duplicate."""
        if message_id is not None and message_id in self._seen_message_ids:
            return "duplicate"
        if message_id is not None:
            self._seen_message_ids.add(message_id)
        wait = self._listener(name, text_of(key))
        if wait is None:
            if ttl > timedelta(0):
                self._kept.append(Kept(name, text_of(key), dict(payload or {}), self.now + ttl))
            return "buffered"
        self.tell(MessageReceived(wait.id, dict(payload or {})))
        return "delivered"

    def broadcast(self, name: str, payload: Mapping[str, Any] | None = None) -> int:
        """Give a signal to every wait that listens for it now; it is never kept."""
        listening = [w.id for w in self.waits(WaitKind.SIGNAL) if w.data["name"] == name]
        for wait_id in listening:
            if wait_id in self.state.waits:
                self._step(SignalReceived(wait_id, dict(payload or {})))
        self._settle()
        return len(listening)

    def advance(self, by: timedelta) -> int:
        """Move the clock, from due time to due time: each timer fires at its own. Answers how many fired."""
        target = self.now + by
        fired = 0
        while (due := self._next_due()) is not None and due[0] <= target:
            self.now = max(self.now, due[0])
            self._step(TimerFired(due[1].id))
            self._settle()
            fired += 1
        self.now = target
        return fired

    def tell(self, event: Event) -> None:
        """Give the interpreter one event, then everything that follows from it without anybody's doing."""
        self._step(event)
        self._settle()

    # --- what can be seen ---------------------------------------------------------------------------------------------

    @property
    def status(self) -> InstanceStatus:
        return self.state.status

    def waits(self, kind: WaitKind) -> list[Wait]:
        return sorted((w for w in self.state.waits.values() if w.kind is kind), key=lambda w: w.id)

    def open_tasks(self) -> list[str]:
        return [w.path for w in self.waits(WaitKind.USER_TASK)]

    def incidents(self) -> list[str]:
        return [w.path for w in self.waits(WaitKind.INCIDENT)]

    def timers(self) -> dict[str, datetime]:
        """Due time by path; the earliest where an element has several."""
        dues: dict[str, datetime] = {}
        for wait in self.waits(WaitKind.TIMER):
            due = due_of(wait)
            dues[wait.path] = min(due, dues.get(wait.path, due))
        return dues

    def visited(self) -> set[str]:
        return {h.path for h in self.happened if h.event == "entered"}

    # --- how it runs --------------------------------------------------------------------------------------------------

    def _step(self, event: Event) -> None:
        self.state = self._take(apply(self.closure, self.state, event, self.now))

    def _take(self, step: Step) -> State:
        self.happened.extend(step.happened)
        self.taken.update(step.taken)
        self._agenda.extend(step.published)
        return decode(encode(step.state), step.state.variables)

    def _settle(self) -> None:
        """Give out what was published, hand over kept messages, play registered services, until nothing moves."""
        while self.status is InstanceStatus.ACTIVE:
            if self._agenda:
                self._give_out(self._agenda.pop(0))
            elif not (self._hand_over_kept() or self._play_service()):
                return

    def _give_out(self, published: Published) -> None:
        if published.kind == "signal":
            for wait in self.waits(WaitKind.SIGNAL):
                if wait.data["name"] == published.name and wait.id in self.state.waits:
                    self._relay(wait, SignalReceived(wait.id, published.payload))
        elif (listener := self._listener(published.name, published.key or "")) is not None:
            self._relay(listener, MessageReceived(listener.id, published.payload))
        else:
            self._kept.append(
                Kept(published.name, published.key or "", published.payload, self.now + timedelta(days=365))
            )

    def _hand_over_kept(self) -> bool:
        self._kept = [kept for kept in self._kept if kept.until > self.now]
        for kept in self._kept:
            wait = self._listener(kept.name, kept.key)
            if wait is not None:
                self._kept.remove(kept)
                self._relay(wait, MessageReceived(wait.id, kept.payload))
                return True
        return False

    def _relay(self, wait: Wait, event: MessageReceived | SignalReceived) -> None:
        self.relayed.append((wait.path, event.payload))
        self._step(event)

    def _play_service(self) -> bool:
        for wait in self.waits(WaitKind.JOB):
            play = self.services.get(wait.data["type"])
            if play is not None:
                self._step(JobDone(wait.id, play(wait.data.get("variables") or {})))
                return True
        return False

    def _listener(self, name: str, key: str) -> Wait | None:
        matching = (w for w in self.waits(WaitKind.MESSAGE) if w.data["name"] == name and w.data["key"] == key)
        return next(matching, None)

    def _next_due(self) -> tuple[datetime, Wait] | None:
        dues: Iterable[tuple[datetime, Wait]] = ((due_of(w), w) for w in self.waits(WaitKind.TIMER))
        return min(dues, key=lambda pair: (pair[0], pair[1].id), default=None)


def due_of(wait: Wait) -> datetime:
    return datetime.fromisoformat(wait.data["due"])


def text_of(key: Any) -> str:
    """A correlation key as text; a number equals its text."""
    return key if isinstance(key, str) else str(key)
