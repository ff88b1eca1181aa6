"""R03: random diagrams, random paths, the state stored and read again after every step.

Two oracles. The same path is run beside it without ever being stored: after each step both must be the same state and
have told the same history. And SpiffWorkflow, which shares no code with the interpreter, must stand at the same places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.clock import CHINA
from engine.interpreter import Closure, State, apply, decode, encode
from engine.interpreter.contracts import Event, Step
from engine.rehearsal import Library
from engine.rehearsal.rehearsal import Rehearsal
from engine.twin.rewrite import rewrite
from engine.twin.walk import Walk, Walked
from runtime.trials.random_diagrams import random_diagram
from runtime.trials.verdict import at_least, none_of, verdict

PATHS = 20
NOW = datetime(2026, 1, 5, 8, tzinfo=CHINA)
VALUES = {"x": [1, 2, 3]}
FIRST_TOLD = 5  # differences that the verdict spells out


class Different(AssertionError):
    """The stored instance is not the one that was never stored."""


class Doubled(Rehearsal):
    """Beside the instance that is stored after every step, one that never is."""

    def __post_init__(self) -> None:
        self.whole: State | None = None
        self.reloads = 0
        super().__post_init__()

    def _step(self, event: Event) -> None:
        assert self.whole is not None
        stored = apply(self.closure, self.state, event, self.now)
        whole = apply(self.closure, self.whole, event, self.now)
        for what in ("happened", "written", "published", "taken"):
            if getattr(stored, what) != getattr(whole, what):
                raise Different(f"{what} after {event}: {getattr(stored, what)} != {getattr(whole, what)}")
        self.whole = whole.state
        self.state = self._take(stored)

    def _take(self, step: Step) -> State:
        if self.whole is None:
            self.whole = step.state
        state = super()._take(step)
        self.reloads += 1
        if state != self.whole:
            raise Different(f"the stored state is another: {state} != {self.whole}")
        if encode(decode(encode(state), state.variables)) != encode(self.whole):
            raise Different("the stored bytes are others")
        return state


@dataclass
class Tally:
    """What all walks came to."""

    diagrams: int = 0
    paths: int = 0
    steps: int = 0
    to_the_end: int = 0  # compared with the twin to the end of the instance
    stored_differently: int = 0
    twin_differs: int = 0
    stopped: Counter[str] = field(default_factory=Counter)
    told: list[dict[str, Any]] = field(default_factory=list)


def run(*, n: int, seed: int, say: Callable[[str], None], paths: int = PATHS) -> dict[str, Any]:
    """`n` diagrams, `paths` paths through each."""
    tally = Tally()
    for number in range(n):
        walk_diagram(seed * 1_000_003 + number, paths, tally)
        say(f"{tally.diagrams} diagrams, {tally.paths} paths, {tally.steps} steps")
    figures = {
        "diagrams": tally.diagrams,
        "paths": tally.paths,
        "steps": tally.steps,
        "stored_differently": tally.stored_differently,
        "twin_differs": tally.twin_differs,
        "twin_to_the_end": tally.to_the_end,
    }
    # the twin does not run everything: at least half of the paths must be compared to their end
    limits = none_of("stored_differently", "twin_differs") | {"twin_to_the_end": at_least(n * paths // 2)}
    return verdict("R03", figures, limits, stopped=dict(tally.stopped.most_common(12)), differences=tally.told)


def walk_diagram(seed: int, paths: int, tally: Tally) -> None:
    """All paths through the diagram of this seed."""
    xml = random_diagram(seed)
    library = Library()
    library.add_diagram(xml)
    rehearsals: list[Doubled] = []

    def rehearse(closure: Closure, now: datetime, variables: Mapping[str, Any]) -> Doubled:
        rehearsals.append(Doubled(closure, now, variables))
        return rehearsals[-1]

    walk = Walk(library.closure("main"), "main", [rewrite(xml)], NOW, {}, VALUES, rehearse)
    tally.diagrams += 1
    for number in range(paths):
        tally.paths += 1
        try:
            _count(walk.path(number), seed, tally)
        except Different as different:
            tally.stored_differently += 1
            _tell(tally, {"diagram": seed, "path": number, "stored": str(different)[:600]})
    tally.steps += sum(rehearsal.reloads for rehearsal in rehearsals)


def _count(walked: Walked, seed: int, tally: Tally) -> None:
    if walked.difference is not None:
        tally.twin_differs += 1
        moves = [f"{move.what} {move.path}" for move in walked.moves]
        _tell(tally, {"diagram": seed, "path": walked.seed, "moves": moves, **walked.difference})
    elif walked.stopped is None:
        tally.to_the_end += 1
    else:
        tally.stopped[max(walked.stopped.split(": "), key=len)] += 1  # the reason; the other part is its place


def _tell(tally: Tally, difference: dict[str, Any]) -> None:
    if len(tally.told) < FIRST_TOLD:
        tally.told.append(difference)
