"""Search what a diagram can come to before it goes live: can anyone get stuck, is any step without an owner?

The interpreter is pure, so everything that can happen is tried: conditions, messages, timers and answers fall each
way, within a budget. A finding comes with the shortest way there, as a scenario file that one can play and watch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.interpreter import Closure
from engine.model.elements import DecisionWork, ScriptWork
from engine.rehearsal.soundness.drawn import drawn_findings
from engine.rehearsal.soundness.finding import KINDS, Finding, once
from engine.rehearsal.soundness.judge import Suspicion, suspicions
from engine.rehearsal.soundness.replay import Picks, Replayed, replay
from engine.rehearsal.soundness.search import Move, Place, Search, Searched

__all__ = ["KINDS", "Finding", "Soundness", "examine"]

LIMIT, SECONDS = 3_000, 3.0
MOST_REPLAYED = 12


@dataclass
class Soundness:
    """`complete`: everything that can be reached was looked at; else `why`: limit | time | choices."""

    states: int = 0
    complete: bool = False
    why: str | None = None
    findings: list[Finding] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)

    def as_json(self) -> dict[str, Any]:
        return {
            "states": self.states,
            "complete": self.complete,
            "why": self.why,
            "findings": [finding.as_json() for finding in self.findings],
        }


def examine(
    closure: Closure,
    picks: Picks,
    *,
    variables: Mapping[str, Any] | None = None,
    limit: int = LIMIT,
    seconds: float = SECONDS,
) -> Soundness:
    """Everything that is not sound in the root process. `picks`: values to try when a way is walked again;
    `variables`: what its instances begin with."""
    searched = Search(closure, limit=limit, seconds=seconds).run()
    found = [*drawn_findings(closure.root), *_played(closure, searched, picks, dict(variables or {}))]
    return Soundness(
        states=len(searched.places),
        complete=searched.complete,
        why=searched.why,
        findings=once(found),
        visited={path for path, _ in searched.entered},
    )


def _played(closure: Closure, searched: Searched, picks: Picks, variables: dict[str, Any]) -> Iterable[Finding]:
    """The suspicions that hold: those that can be walked with real values, and those that nothing speaks against."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    written = _written(closure)
    for suspicion in suspicions(searched):
        finding, key = suspicion.finding, suspicion.key
        if (finding.kind, finding.element_ids) in seen or len(seen) >= MOST_REPLAYED:
            continue
        if key is None:
            yield finding
            continue
        way = searched.way_to(key)
        played = replay(closure, way, picks, variables)
        if played.arrived or _is_likely(closure, way, written):
            seen.add((finding.kind, finding.element_ids))
            yield _with_way(closure, suspicion, way, played)


def _with_way(closure: Closure, suspicion: Suspicion, way: list[tuple[Move, Place]], played: Replayed) -> Finding:
    finding = suspicion.finding
    moves = tuple(str(move) for move, _ in way[1:])
    expect: dict[str, Any] = {"state": way[-1][1].state.status.value, "open": played.open}
    if played.incidents:
        expect["incidents"] = played.incidents
    scenario = {
        "process": closure.root.key,
        "now": "2026-01-05T08:00:00+08:00",
        "start": played.start,
        "steps": [*played.steps, {"expect": expect}] if played.arrived else played.steps,
    }
    return Finding(finding.kind, finding.element_ids, moves, scenario, played.arrived, finding.detail)


# --- is a way that could not be walked worth telling? -----------------------------------------------------------------


def _is_likely(closure: Closure, way: list[tuple[Move, Place]], written: set[str]) -> bool:
    """Its choices do not hang together: no two read one name, and none reads what the diagram itself works out."""
    read: list[frozenset[str]] = []
    for move, _ in way:
        read += [_names_at(closure, place) for place, _ in move.decided]
    names = [name for names in read for name in names]
    return len(names) == len(set(names)) and not written & set(names)


def _names_at(closure: Closure, place: str) -> frozenset[str]:
    process, _, element_id = place.partition("/")
    program = closure.program(process)
    node = None if program is None else program.nodes.get(element_id)
    if node is None:
        return frozenset()
    conditions = [flow.condition for flow in node.outgoing if flow.condition is not None]
    found: frozenset[str] = frozenset()
    for condition in conditions:
        if condition.expression is not None:
            found |= condition.expression.names
    return found


def _written(closure: Closure) -> set[str]:
    """Names that scripts, decisions and output mappings set."""
    found: set[str] = set()
    for program in (closure.root, *closure.programs.values()):
        for node in program.nodes.values():
            found |= {assign.target[0] for assign in node.outputs}
            if isinstance(node.work, ScriptWork | DecisionWork) and node.work.result:
                found.add(node.work.result)
    return found
