"""A way through the free closure, walked again with real values: what comes out is a scenario file.

The search lets every condition fall either way; whether values exist that make them fall so is found out by trying.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from engine.errors import EngineError
from engine.interpreter import Closure
from engine.interpreter.contracts import ErrorThrown, InstanceStatus, TimerFired, Wait, WaitKind
from engine.rehearsal.rehearsal import Rehearsal, due_of
from engine.rehearsal.soundness.search import NOW, Move, Place
from engine.rehearsal.soundness.states import Signature, signature

TRIES = 24  # sets of values for one move
ROUNDS = 4  # times from the start
DEAREST_S = 0.6  # of time, for one finding


class Picks(Protocol):
    """Values worth trying, by name."""

    def names(self) -> set[str]: ...

    def pick(self, name: str, rng: random.Random) -> Any: ...


@dataclass
class Replayed:
    """`steps` as in a scenario file; `arrived`: the last state of the way was reached."""

    start: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    arrived: bool = False
    open: list[str] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)


def replay(closure: Closure, way: Sequence[tuple[Move, Place]], picks: Picks, variables: Mapping[str, Any]) -> Replayed:
    """Walk the way with values until it arrives; the attempt that came furthest otherwise."""
    best = Replayed()
    until = time.monotonic() + DEAREST_S
    for seed in range(ROUNDS):
        found = _Attempt(closure, way, picks, dict(variables), random.Random(seed), until).walk()
        if found.arrived:
            return found
        if len(found.steps) >= len(best.steps):
            best = found
        if time.monotonic() > until:
            break
    return best


@dataclass
class _Attempt:
    closure: Closure
    way: Sequence[tuple[Move, Place]]
    picks: Picks
    variables: dict[str, Any]
    rng: random.Random
    until: float

    def walk(self) -> Replayed:
        found = Replayed()
        wanted = [signature(place.state) for _, place in self.way]
        run = self._start(found, wanted[0])
        if run is None:
            return found
        for (move, _), signed in zip(self.way[1:], wanted[1:], strict=True):
            if not self._make(run, move, signed, found):
                return found
        found.arrived = True
        found.open, found.incidents = run.open_tasks(), run.incidents()
        return found

    def _values(self) -> Iterator[dict[str, Any]]:
        """Nothing at all first, then guesses."""
        names = sorted(self.picks.names() - self.variables.keys())
        yield {}
        for _ in range(TRIES if names else 0):
            if time.monotonic() > self.until:
                return
            yield {name: self.picks.pick(name, self.rng) for name in names}

    def _start(self, found: Replayed, wanted: Signature) -> Rehearsal | None:
        if self.way[0][0].element_id not in (_none_start(self.closure),):
            return None  # a scenario file begins at the none start event
        for values in self._values():
            run = _begun(self.closure, {**self.variables, **values})
            if run is not None and signature(run.state) == wanted:
                found.start = {**self.variables, **values}
                return run
        return None

    def _make(self, run: Rehearsal, move: Move, wanted: Signature, found: Replayed) -> bool:
        before, now = run.state, run.now
        for wait in [w for w in before.waits.values() if w.path == move.path and w.kind.value in _kinds(move)]:
            for values in self._values():
                run.state, run.now = before, now
                step = _told(run, wait, move, values)
                if step is not None and signature(run.state) == wanted:
                    found.steps.append(step)
                    return True
                if wait.kind is WaitKind.TIMER:
                    break  # a timer brings no values
        run.state, run.now = before, now
        return False


def _none_start(closure: Closure) -> str | None:
    start = closure.root.body.start
    return None if start is None else start.id


def _begun(closure: Closure, values: Mapping[str, Any]) -> Rehearsal | None:
    try:
        return Rehearsal(closure, NOW, values)
    except EngineError:
        return None


def _kinds(move: Move) -> set[str]:
    return {"job", "user_task"} if move.kind == "error" else {move.kind}


def _told(run: Rehearsal, wait: Wait, move: Move, values: dict[str, Any]) -> dict[str, Any] | None:
    """Tell the instance; answers the step of a scenario file that does the same."""
    same_path = [w for w in run.state.waits.values() if w.path == wait.path and w.kind is wait.kind]
    nth = {"nth": same_path.index(wait) + 1} if len(same_path) > 1 else {}
    given = {"with": values} if values else {}
    try:
        if move.kind == "error":
            run.tell(ErrorThrown(wait.id, move.code or "", "", values))
            return {"error": {"at": wait.path, "code": move.code}}
        if wait.kind in (WaitKind.USER_TASK, WaitKind.JOB):
            run.complete(wait.path, values, nth=nth.get("nth", 1))
            return {"complete": wait.path, **given, **nth}
        if wait.kind is WaitKind.TIMER:
            return _timer(run, wait)
        if wait.kind is WaitKind.MESSAGE:
            return _message(run, wait, values)
        if wait.kind is WaitKind.SIGNAL:
            run.broadcast(wait.data["name"], values)
            return {"signal": {"name": wait.data["name"], **({"payload": values} if values else {})}}
    except EngineError:
        return None
    return None


def _message(run: Rehearsal, wait: Wait, values: dict[str, Any]) -> dict[str, Any]:
    name, key = wait.data["name"], wait.data["key"]
    run.send(name, key, values, ttl=timedelta(0))
    return {"message": {"name": name, "key": key, **({"payload": values} if values else {})}}


def _timer(run: Rehearsal, wait: Wait) -> dict[str, Any] | None:
    """Move the clock to its due time; others that are due before it fire first, as they would."""
    due: datetime = due_of(wait)
    gap = max(due - run.now, timedelta(0))
    run.advance(gap)
    if wait.id in run.state.waits and due_of(run.state.waits[wait.id]) == due and run.status is InstanceStatus.ACTIVE:
        run.tell(TimerFired(wait.id))
    return {"advance": duration_text(gap)}


def duration_text(gap: timedelta) -> str:
    """ISO 8601: PT0S, P3D, P1DT2H30M."""
    hours, rest = divmod(gap.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    clock = "".join(f"{n}{unit}" for n, unit in parts if n)
    days = f"{gap.days}D" if gap.days else ""
    return f"P{days}{'T' + clock if clock else ''}" if days or clock else "PT0S"
