"""One step being taken: tokens, scopes, values, incidents. What each kind of element does stands in `behaviours`.

A token is at home in a scope. An element that needs a place of its own (boundary events, mappings, an inside) gets a
scope that stands for the token meanwhile. What is to be done next lies on the agenda as moves; a move that fails
becomes an incident that holds the move, so that trying again is making the same move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.interpreter.contracts import Published, Step, Wait, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.program import Closure, Node
from engine.interpreter.state import State
from engine.interpreter.tree import Move
from engine.interpreter.values import Values
from engine.model.elements import Kind

BUDGET = 1_000  # elements entered in one step
BUDGET_PER_RUN = 10  # more for every run of a multi-instance activity
DEEPEST_CALL = 20


@dataclass(frozen=True, slots=True)
class Tables:
    """What to do, by phase of a move, and what an element does when a token is on it, by its kind."""

    phases: Mapping[str, Callable[[Run, Move], None]]
    behaviours: Mapping[Kind, Callable[[Run, int, Node, str | None], None]]


class Run(Values):
    """The working copy of one step."""

    def __init__(self, closure: Closure, state: State, now: datetime, tables: Tables) -> None:
        super().__init__(closure, state, now)
        self.tables = tables
        self.taken: list[str] = []
        self.published: list[Published] = []
        self.budget = BUDGET

    def push(self, phase: str, scope_id: int, node: Node, via: str | None = None) -> None:
        """Do this next, after what is on the agenda already."""
        self.agenda.append(Move(phase, scope_id, node, via))

    def attempt(self, move: Move) -> None:
        """Make a move; when it fails, its token stands still as an incident that holds the move."""
        try:
            self.tables.phases[move.phase](self, move)
        except Failed as failed:
            self.stand_still(failed, move)

    def stand_still(self, failed: Failed, move: Move, cause: Wait | None = None) -> None:
        """An incident at the element of the move."""
        data = {
            "code": failed.code,
            "message_zh": failed.message.zh,
            "message_en": failed.message.en,
            "cause": None if cause is None else cause.kind.value,
            "wait": None if cause is None else cause.data,
            "phase": move.phase,
            "via": move.via,
        }
        self.open_wait(move.scope, move.node, WaitKind.INCIDENT, data)
        detail = {"code": failed.code, "zh": failed.message.zh, "en": failed.message.en}
        self.note(move.scope, move.node.id, "incident", detail)

    def step(self) -> Step:
        """What the step came to."""
        return Step(self.state, tuple(self.happened), self.written, tuple(self.published), tuple(self.taken))
