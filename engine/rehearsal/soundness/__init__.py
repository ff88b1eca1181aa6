"""Search what a diagram can come to before it goes live: can anyone get stuck, is any step without an owner?

The interpreter is pure, so everything that can happen is tried: conditions, messages, timers and answers fall each
way, within a budget. A finding comes with the shortest way there, as a scenario file that one can play and watch.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.interpreter import Closure
from engine.interpreter.contracts import WaitKind
from engine.model.elements import CallWork, DecisionWork, ScriptWork
from engine.rehearsal.soundness.drawn import drawn_findings
from engine.rehearsal.soundness.finding import KINDS, Finding, once
from engine.rehearsal.soundness.free import Simpler
from engine.rehearsal.soundness.judge import Suspicion, never_entered, suspicions
from engine.rehearsal.soundness.parts import Part, ends_around, may_fail, parts_of
from engine.rehearsal.soundness.replay import Picks, Replayed, replay
from engine.rehearsal.soundness.search import Move, Place, Search, Searched
from engine.rehearsal.soundness.states import is_of

__all__ = ["KINDS", "Finding", "Soundness", "examine"]

LIMIT, SECONDS = 3_000, 10.0
WHOLE = 300  # states of a process with all that it calls; beyond, it is taken apart
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
    `variables`: what its instances begin with. All of it is tried at once where that is little enough; else in parts
    that do not touch each other, among them what it calls."""
    known, until = dict(variables or {}), time.monotonic() + seconds
    parts = parts_of(closure)
    whole = Search(closure, limit=min(limit, WHOLE) if parts else limit, seconds=seconds).run()
    if whole.complete or not parts:
        return _told(closure, [(Part(closure, frozenset()), whole)], picks, known)
    searches = [(part, _search(part, limit, max(until - time.monotonic(), 0.0))) for part in parts]
    return _told(closure, searches, picks, known)


def _taken_away(part: Part, searched: Searched) -> Iterable[Finding]:
    """Work of a part that an end beside it cancels: no state of either part alone shows both."""
    if part.only is None:
        return
    work = {
        wait.path
        for place in searched.places.values()
        for wait in place.state.waits.values()
        if wait.kind in (WaitKind.USER_TASK, WaitKind.JOB) and is_of(searched.closure, place.state, wait, part.only)
    }
    if work:
        for end in ends_around(part.closure.root, part.only):
            yield Finding("ends-with-work-open", (end, *sorted(work)))


def _below(path: str, finding: Finding) -> Finding:
    """A finding of a called process, by the calls that lead there; its way is that process's own."""
    return replace(finding, element_ids=tuple(path + one for one in finding.element_ids)) if path else finding


def _search(part: Part, limit: int, seconds: float) -> Searched:
    calls = (node.work for node in part.closure.root.nodes.values())
    failing = {work.process for work in calls if isinstance(work, CallWork) and may_fail(part.closure, work)}
    simpler = Simpler(part.folded, frozenset(failing) & part.folded, part.without)
    return Search(part.closure, limit=limit, seconds=seconds, simpler=simpler, only=part.only).run()


def _told(
    closure: Closure, searches: list[tuple[Part, Searched]], picks: Picks, variables: dict[str, Any]
) -> Soundness:
    mine = [searched for part, searched in searches if not part.path]
    entered = set().union(*(searched.entered for searched in mine))
    complete = all(searched.complete for _, searched in searches)
    found = list(drawn_findings(closure.root))
    for part, searched in searches:
        found += [_below(part.path, finding) for finding in _played(part.closure, searched, picks, variables)]
    found += [_below(part.path, finding) for part, searched in searches for finding in _taken_away(part, searched)]
    if complete:
        found += [suspicion.finding for suspicion in never_entered(closure.root, entered)]
    return Soundness(
        states=sum(len(searched.places) for _, searched in searches),
        complete=complete,
        why=next((searched.why for _, searched in searches if not searched.complete), None),
        findings=once(found),
        visited={path for path, _ in entered},
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
