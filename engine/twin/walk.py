"""Seeded random paths, on our interpreter and on SpiffWorkflow, compared after every move."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.errors import EngineError
from engine.interpreter import Closure
from engine.interpreter.contracts import (
    Event,
    InstanceStatus,
    JobDone,
    MessageReceived,
    SignalReceived,
    TimerFired,
    UserTaskDone,
    Wait,
    WaitKind,
)
from engine.model.elements import ConditionalEvent, Kind
from engine.rehearsal.guesses import Guesses
from engine.rehearsal.rehearsal import Rehearsal, due_of
from engine.twin.rewrite import Rewritten, only_start, unmarked
from engine.twin.spiff import Twin, TwinStuck

MOVES = 80
TASKS = (WaitKind.USER_TASK, WaitKind.JOB)


@dataclass(frozen=True)
class Move:
    """`what` at `path`, with the values given. A path of moves can be played again."""

    what: str
    path: str
    values: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"what": self.what, "path": self.path, "values": dict(self.values)}


@dataclass
class Walked:
    """One path on both. `stopped`: why the comparison ended before the instance did (a named defect, an incident)."""

    seed: int
    moves: list[Move] = field(default_factory=list)
    difference: dict[str, Any] | None = None
    stopped: str | None = None
    visited: set[str] = field(default_factory=set)


class Walk:
    """Paths through one process. `files` are the rewritten diagrams of the closure, `skipped` their known defects."""

    def __init__(
        self,
        closure: Closure,
        process_id: str,
        files: Sequence[Rewritten],
        now: datetime,
        variables: Mapping[str, Any],
        known: Mapping[str, Sequence[Any]] | None = None,
        rehearse: Callable[..., Rehearsal] = Rehearsal,
    ) -> None:
        self._rehearse = rehearse
        self._closure, self._process_id, self._files, self._now = closure, process_id, files, now
        self._variables = dict(variables)
        self.skipped = {place: why for file in files for place, why in file.skipped.items()}
        places = {key: place for file in files for key, place in file.places.items()}
        self._places = places
        self._gateway_of = gateway_of_events(files)
        joins = [
            node
            for program in (closure.root, *closure.programs.values())
            for node in program.nodes.values()
            if node.kind in (Kind.PARALLEL, Kind.INCLUSIVE) and len(node.element.incoming) > 1
        ]
        self._joins = {join.id for join in joins}
        self._joins_before: dict[str, set[str]] = {}  # by what follows them
        for join in joins:
            for flow in join.outgoing:
                self._joins_before.setdefault(flow.target.id, set()).add(join.id)
        self._conditional = {
            node.id
            for program in (closure.root, *closure.programs.values())
            for node in program.nodes.values()
            if isinstance(node.event, ConditionalEvent)
        }
        self._interrupted_by = {  # by the boundary event that ends it: the activity
            node.id: node.element.attached_to
            for program in (closure.root, *closure.programs.values())
            for node in program.nodes.values()
            if node.kind is Kind.BOUNDARY and node.element.interrupting
        }
        self._guesses = guesses_for(files, known)
        body = closure.root.body
        self._start = body.start or next(iter(body.event_starts), None)

    def path(self, seed: int) -> Walked:
        """Walk with this seed until the instance ends, a known defect is reached, or the two differ."""
        rng = random.Random(seed)
        walked = Walked(seed)
        start = {name: self._guesses.pick(name, rng) for name in sorted(self._guesses.names())} | self._variables
        try:
            ours = self._begun(start)
        except EngineError as error:
            walked.stopped = f"the process cannot begin: {error.message.en}"
            return walked
        files = [deepcopy_file(f) for f in self._files]
        try:
            for file in files:
                if self._start is not None and self._process_id in {p.get("id") for p in file.tree}:
                    only_start(file.tree, self._process_id, self._start.id)
            twin = Twin(files, self._process_id, start, self._closure.decisions, self._now)
        except Exception as error:  # the library's own errors have no common kind
            walked.stopped = f"the twin cannot start: {error}"
            return walked
        if self._conditions_fired(ours, 0):
            walked.stopped = "a condition that became true inside a step: at the start"
            return walked
        while True:
            walked.visited |= ours.visited()
            if self._stops(ours, walked) or self._differs(ours, twin, walked):
                return walked
            self._move(rng, ours, twin, walked)
            if walked.stopped or walked.difference:
                return walked

    def _begun(self, variables: Mapping[str, Any]) -> Rehearsal:
        """By the start event without a trigger, else by the first of the others. Raises EngineError."""
        if self._start is None or self._start is self._closure.root.body.start:
            return self._rehearse(self._closure, self._now, variables)
        return self._rehearse(self._closure, self._now, variables, start_element=self._start.id)

    def _move(self, rng: random.Random, ours: Rehearsal, twin: Twin, walked: Walked) -> None:
        if all(wait.kind is WaitKind.CONDITION for wait in ours.state.waits.values()):
            walked.stopped = "nobody can do anything: only conditions wait, or tokens at joins"
            return
        wait = self._choose(rng, ours)
        values = self._answer(rng, wait)
        move = Move(wait.kind.value, wait.path, values)
        walked.moves.append(move)
        if wait.kind is WaitKind.TIMER:
            ours.now = max(ours.now, due_of(wait))
        twin.now = ours.now
        ours.relayed.clear()
        before = len(ours.happened)
        ours.tell(event_of(wait, values))
        became_true = self._conditions_fired(ours, before)
        if self._stops(ours, walked):
            return
        try:
            if wait.kind in TASKS:
                twin.complete(wait.path, values)
            else:
                twin.fire(wait.path, values)
            for path, payload in ours.relayed:
                twin.fire(path, payload)
            self._tell_conditions(became_true, twin, walked)
        except Exception as error:  # any refusal of the library is a difference to look at
            walked.difference = {"what": wait.path, "ours": "goes on", "twin": f"{type(error).__name__}: {error}"}

    def _tell_conditions(self, paths: list[str], twin: Twin, walked: Walked) -> None:
        """A condition fires within a step, the twin is told after it: what it listened with may be gone by then."""
        for path in paths:
            try:
                if self._listens(path.rpartition("/")[2]):
                    raise TwinStuck(path)  # the scope may be gone to the twin
                twin.fire(path, {})
            except Exception:  # the library's own errors have no common kind
                walked.stopped = f"a condition that became true inside a step: {path}"
                return

    def _conditions_fired(self, ours: Rehearsal, since: int) -> list[str]:
        """Conditional events that the step made true: to the twin they are events like others."""
        return [
            line.path
            for line in ours.happened[since:]
            if line.event == "fired" and line.element_id in self._conditional and line.detail is None
        ]

    def _choose(self, rng: random.Random, ours: Rehearsal) -> Wait:
        """Any wait; of several at one place the oldest, because the twin cannot be told which."""
        waits: dict[str, Wait] = {}
        for wait in sorted(ours.state.waits.values(), key=lambda w: w.id):
            if wait.kind is not WaitKind.CONDITION:
                waits.setdefault(wait.path, wait)
        tasks = [w for w in waits.values() if w.kind in TASKS]
        others = [w for w in waits.values() if w.kind not in TASKS]
        pool = tasks if tasks and (not others or rng.random() < 0.7) else others
        return rng.choice(pool)

    def _answer(self, rng: random.Random, wait: Wait) -> dict[str, Any]:
        if wait.kind is WaitKind.TIMER:
            return {}
        return {
            name: self._guesses.pick(name, rng) for name in sorted(self._guesses.names()) if name not in self._variables
        }

    def _stops(self, ours: Rehearsal, walked: Walked) -> bool:
        known = sorted({path.rsplit("/", 1)[-1] for path in ours.visited()} & self.skipped.keys())
        if ours.status is not InstanceStatus.ACTIVE and not (known or self._second_round(ours) or self._again(ours)):
            return False
        if ours.incidents():
            walked.stopped = f"incident at {ours.incidents()[0]}"
        elif known:
            walked.stopped = f"{known[0]}: {self.skipped[known[0]]}"
        elif second := self._second_round(ours):
            walked.stopped = f"a join in a loop remembers its last round: {second}"
        elif again := self._again(ours):
            walked.stopped = f"an activity that was interrupted and is entered again is not interrupted again: {again}"
        elif spare := self._spare(ours):
            walked.stopped = f"two tokens of one flow at a join: the library takes them for one: {spare}"
        elif len(walked.moves) >= MOVES:
            walked.stopped = "long enough"
        return walked.stopped is not None

    def _spare(self, ours: Rehearsal) -> str | None:
        """A join at which a second token of a flow stands: ours keeps it for the next round."""
        waiting = (flows for scope in ours.state.scopes.values() for flows in scope.joins.items())
        return next((join for join, flows in waiting if any(tokens > 1 for tokens in flows.values())), None)

    def _second_round(self, ours: Rehearsal) -> str | None:
        """A join that is entered again after it has fired: the library lets it fire too early then."""
        fired: set[str] = set()
        for line in ours.happened:
            if line.event != "entered":
                continue
            prefix = line.path.removesuffix(line.element_id)
            if line.element_id in self._joins and line.path in fired:
                return line.path
            fired |= {prefix + join for join in self._joins_before.get(line.element_id, ())}
        return None

    def _again(self, ours: Rehearsal) -> str | None:
        """An activity to which the branch of its own boundary event leads back: the library keeps the old listener too,
        and the next time leaves the activity open."""
        ended: set[str] = set()
        for line in ours.happened:
            if line.event != "entered":
                continue
            if line.path in ended:
                return line.path
            if (activity := self._interrupted_by.get(line.element_id)) is not None:
                ended.add(line.path.removesuffix(line.element_id) + activity)
        return None

    def _differs(self, ours: Rehearsal, twin: Twin, walked: Walked) -> bool:
        """Compare what stands open; True also when both have ended: then the path is complete."""
        if ours.status is InstanceStatus.TERMINATED:
            walked.stopped = "terminated"
            return True
        try:
            theirs = twin.open_tasks(), self._twin_events(twin), twin.ended()
        except Exception as error:  # the library's own errors have no common kind
            walked.difference = {"what": "state", "ours": "can be read", "twin": f"{type(error).__name__}: {error}"}
            return True
        pictures: dict[str, tuple[Any, Any]] = {
            "tasks": (self._tasks(ours), theirs[0]),
            "events": (self._events(ours), theirs[1]),
            "ended": (ours.status is InstanceStatus.COMPLETED, theirs[2]),
        }
        for what, (here, there) in pictures.items():
            if here != there:
                walked.difference = {"what": what, "ours": shown(here), "twin": shown(there)}
                return True
        return ours.status is InstanceStatus.COMPLETED

    def _tasks(self, ours: Rehearsal) -> Counter[str]:
        return Counter(w.path for w in ours.state.waits.values() if w.kind in TASKS)

    def _events(self, ours: Rehearsal) -> Counter[str]:
        """Our event waits; branches of an event gateway count as one, listeners of event sub-processes not at all."""
        return Counter(
            {
                w.path if w.element_id not in self._gateway_of else prefixed(w.path, self._gateway_of[w.element_id])
                for w in ours.state.waits.values()
                if w.kind not in TASKS and w.kind is not WaitKind.INCIDENT and not self._listens(w.element_id)
            }
        )

    def _listens(self, element_id: str) -> bool:
        place = self._places.get(element_id)
        return place is not None and place.tag == "startEvent"

    def _twin_events(self, twin: Twin) -> Counter[str]:
        return Counter(set(twin.waiting_events()))


def guesses_for(files: Sequence[Rewritten], known: Mapping[str, Sequence[Any]] | None = None) -> Guesses:
    return Guesses(texts_in(files), keys=[key for file in files for key in file.keys], known=known)


def texts_in(files: Sequence[Rewritten]) -> list[str]:
    places = [place for file in files for place in file.places.values()]
    texts = [text for file in files for text in (*file.expressions.values(), *file.timers)]
    texts += [source for place in places for source, _ in (*place.inputs, *place.outputs)]
    texts += [place.script[0] for place in places if place.script]
    texts += [place.collection for place in places if place.collection]
    return [unmarked(text) for text in texts]


def event_of(wait: Wait, values: Mapping[str, Any]) -> Event:
    kinds: dict[WaitKind, Callable[..., Event]] = {
        WaitKind.USER_TASK: UserTaskDone,
        WaitKind.JOB: JobDone,
        WaitKind.MESSAGE: MessageReceived,
        WaitKind.SIGNAL: SignalReceived,
    }
    return TimerFired(wait.id) if wait.kind is WaitKind.TIMER else kinds[wait.kind](wait.id, values)


def gateway_of_events(files: Sequence[Rewritten]) -> dict[str, str]:
    """Element id of an event behind an event gateway -> the gateway's id."""
    gateways = {g.get("id") for f in files for g in f.tree.iter() if str(g.tag).endswith("}eventBasedGateway")}
    flows = [flow for f in files for flow in f.tree.iter() if str(flow.tag).endswith("}sequenceFlow")]
    return {flow.get("targetRef"): flow.get("sourceRef") for flow in flows if flow.get("sourceRef") in gateways}


def prefixed(path: str, element_id: str) -> str:
    return "/".join([*path.split("/")[:-1], element_id])


def deepcopy_file(file: Rewritten) -> Rewritten:
    """The library keeps running state on what it parsed (S10): each path gets its own."""
    return Rewritten(
        deepcopy(file.tree), file.expressions, file.places, file.skipped, file.listeners, file.keys, file.timers
    )


def shown(picture: Any) -> Any:
    return sorted(picture.elements()) if isinstance(picture, Counter) else picture
