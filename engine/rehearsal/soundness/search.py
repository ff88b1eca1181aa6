"""Breadth first through everything that a free closure can come to, within a budget of states and time.

The shortest way to each state is kept, so that a finding can be watched.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from engine.clock import CHINA
from engine.errors import EngineError
from engine.interpreter import Closure, State, apply, start
from engine.interpreter.contracts import (
    ErrorThrown,
    Event,
    InstanceStatus,
    JobDone,
    MessageReceived,
    SignalReceived,
    Step,
    TimerFired,
    UserTaskDone,
    VariablesChanged,
    Wait,
    WaitKind,
)
from engine.interpreter.program import Node
from engine.model.elements import ErrorEvent, JobWork, Kind
from engine.rehearsal.soundness.free import CALL, Simpler, happening, loosen
from engine.rehearsal.soundness.oracle import Oracle
from engine.rehearsal.soundness.states import Signature, is_listener, is_of, node_of, signature, tokens

NOW = datetime(2026, 1, 5, 8, tzinfo=CHINA)
EVENT_OF: dict[WaitKind, Callable[[int], Event]] = {
    WaitKind.USER_TASK: UserTaskDone,
    WaitKind.JOB: JobDone,
    WaitKind.MESSAGE: MessageReceived,
    WaitKind.SIGNAL: SignalReceived,
    WaitKind.TIMER: TimerFired,
}
ANY_ERROR = "any-error"
WHOLE = Simpler()  # nothing is left out

Key = tuple[bool, Signature]  # (an event that does not interrupt has fired on the way, where tokens stand)


@dataclass(frozen=True)
class Move:
    """Something happens at a wait. `decided`: the choices that the step made, as (place, answer)."""

    kind: str
    path: str
    element_id: str
    code: str | None = None
    decided: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.path}".strip()


@dataclass
class Place:
    """One state, and how it was reached first."""

    state: State
    step: Step
    came_from: Key | None
    move: Move
    depth: int
    next: set[Key] = field(default_factory=set)
    is_pruned: bool = False


@dataclass
class Searched:
    """`complete`: nothing that can be reached was left out. `why`: what ended the search otherwise."""

    closure: Closure
    places: dict[Key, Place] = field(default_factory=dict)
    only: str | None = None  # the event sub-process that this search is about; the tokens beside it stand still
    entered: set[tuple[str, str]] = field(default_factory=set)  # (path, element id)
    taken: set[str] = field(default_factory=set)
    complete: bool = True
    why: str | None = None

    def way_to(self, key: Key) -> list[tuple[Move, Place]]:
        """The moves from the start to a state, each with what it came to."""
        way = []
        at: Key | None = key
        while at is not None:
            place = self.places[at]
            way.append((place.move, place))
            at = place.came_from
        return way[::-1]


class Search:
    """One search; `limit` states, `seconds` of time. `simpler`: what is left to other searches; `only`: the event
    sub-process that is looked at while everything beside it stands still."""

    def __init__(
        self,
        closure: Closure,
        *,
        limit: int,
        seconds: float,
        simpler: Simpler = WHOLE,
        only: str | None = None,
    ) -> None:
        self._oracle = Oracle()
        self._closure = loosen(closure, self._oracle, simpler)
        self._only = only
        self._limit, self._until = limit, time.monotonic() + seconds
        self._codes = _caught_codes(closure)
        self._agenda: deque[Key] = deque()
        self.result = Searched(self._closure, only=only)

    def run(self) -> Searched:
        body = self._closure.root.body
        starts = [node.id for node in (body.start, *body.event_starts) if node is not None]
        for identity in starts:
            begin = partial(start, self._closure, {}, NOW, start_element=identity)
            for step, decided in self._oracle.runs(begin):
                self._reach(step, None, Move("start", identity, identity, decided=decided), is_loose=False)
        while self._agenda:
            if len(self.result.places) >= self._limit or time.monotonic() > self._until:
                self._cut("limit" if len(self.result.places) >= self._limit else "time")
                break
            self._expand(self._agenda.popleft())
        if not self._oracle.exhausted:
            self._cut("choices")
        return self.result

    def _cut(self, why: str) -> None:
        self.result.complete, self.result.why = False, why

    def _expand(self, key: Key) -> None:
        place = self.result.places[key]
        tried: set[tuple[str, str, Signature]] = set()
        for wait in place.state.waits.values():
            if self._only is not None and not is_of(self._closure, place.state, wait, self._only):
                continue
            alike = (wait.path, wait.kind.value, _surroundings(place.state, wait))
            if alike in tried:
                continue
            tried.add(alike)
            for move, happen in self._moves(place.state, wait):
                for step, decided in self._oracle.runs(happen):
                    if step is not None:
                        taken = Move(move.kind, move.path, move.element_id, move.code, decided)
                        place.next.add(self._reach(step, key, taken, is_loose=key[0]))

    def _moves(self, state: State, wait: Wait) -> Iterator[tuple[Move, Callable[[], Step | None]]]:
        if wait.kind is WaitKind.CONDITION:
            name = happening(node_of(self._closure, state, wait))
            yield self._move(wait), partial(self._let_happen, state, name)
        elif wait.kind in EVENT_OF:
            yield self._move(wait), partial(self._apply, state, EVENT_OF[wait.kind](wait.id))
        for code in self._errors(state, wait):
            yield self._move(wait, code), partial(self._throw, state, wait, code)

    def _move(self, wait: Wait, code: str | None = None) -> Move:
        return Move(wait.kind.value if code is None else "error", wait.path, wait.element_id, code)

    def _apply(self, state: State, event: Event) -> Step | None:
        try:
            return apply(self._closure, state, event, NOW)
        except EngineError:
            return None

    def _let_happen(self, state: State, name: str) -> Step | None:
        step = self._apply(state, VariablesChanged({name: True}))
        if step is None or step.state.status is not InstanceStatus.ACTIVE:
            return step
        after = self._apply(step.state, VariablesChanged({name: False}))
        if after is None:
            return step
        return Step(after.state, (*step.happened, *after.happened), {}, (), (*step.taken, *after.taken))

    def _errors(self, state: State, wait: Wait) -> set[str]:
        """Codes worth throwing here: a job may fail with any that is caught, a person with those at the task."""
        if wait.kind is WaitKind.JOB:
            work = node_of(self._closure, state, wait).work
            return set() if isinstance(work, JobWork) and work.type == CALL else self._codes
        if wait.kind is not WaitKind.USER_TASK:
            return set()
        return _codes(node_of(self._closure, state, wait).boundaries)

    def _throw(self, state: State, wait: Wait, code: str) -> Step | None:
        step = self._apply(state, ErrorThrown(wait.id, code))
        if step is None or any(
            w.kind is WaitKind.INCIDENT and w.id not in state.waits for w in step.state.waits.values()
        ):
            return None  # nobody catches it here: it would not have been thrown
        return step

    def _reach(self, step: Step, came_from: Key | None, move: Move, *, is_loose: bool) -> Key:
        result = self.result
        entered = {(h.path, h.element_id) for h in step.happened if h.event in ("entered", "ended", "started")}
        result.entered |= entered
        result.taken |= set(step.taken)
        key = (is_loose or self._loosens(step), signature(step.state))
        if key not in result.places:
            depth = 0 if came_from is None else result.places[came_from].depth + 1
            place = result.places[key] = Place(step.state, step, came_from, move, depth)
            place.is_pruned = self._is_crowded(key, step.state)
            if step.state.status is InstanceStatus.ACTIVE and not place.is_pruned:
                self._agenda.append(key)
        return key

    def _loosens(self, step: Step) -> bool:
        """An event that does not interrupt has fired: more than one token at a place is then no surprise."""
        return any(h.event == "entered" and self._adds_a_token(h.element_id) for h in step.happened)

    def _adds_a_token(self, element_id: str) -> bool:
        for program in self._closure.programs.values():
            node = program.nodes.get(element_id)
            if node is not None and node.kind in (Kind.BOUNDARY, Kind.START) and not node.element.interrupting:
                return True
        return False

    def _is_crowded(self, key: Key, state: State) -> bool:
        """Two tokens at one place: what follows is the same again, and would never end."""
        return any(count > 1 for count in tokens(self._closure, state).values()) or len(state.scopes) > 80


def _surroundings(state: State, wait: Wait) -> Signature:
    """The scopes around a wait, as far as runs of several are concerned: alike ones need one try."""
    scope = state.scopes[wait.scope]
    around = state.scopes[scope.parent] if scope.parent is not None else scope
    return (around.id, scope.kind.value, scope.element) if scope.element == wait.element_id else (scope.id,)


def _caught_codes(closure: Closure) -> set[str]:
    programs = closure.programs.values() or (closure.root,)
    return _codes(node for program in programs for node in program.nodes.values())


def _codes(nodes: Iterator[Node] | tuple[Node, ...]) -> set[str]:
    return {
        node.event.code or ANY_ERROR
        for node in nodes
        if node.kind in (Kind.BOUNDARY, Kind.START) and isinstance(node.event, ErrorEvent)
    }


def waiting_tokens(closure: Closure, state: State) -> list[Wait]:
    """The waits of tokens, listeners apart."""
    return [wait for wait in state.waits.values() if not is_listener(closure, state, wait)]
