"""Search what a diagram can come to: is there a state from which no end can be reached any more?

The interpreter is pure, so its states can be searched. States are told apart by where tokens stand, not by values;
values are tried from guesses, so a search can miss a state but never invents a path: each finding was played.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.clock import CHINA
from engine.errors import EngineError, Text
from engine.interpreter import Closure, State, apply, start
from engine.interpreter.contracts import (
    Event,
    InstanceStatus,
    JobDone,
    MessageReceived,
    SignalReceived,
    Step,
    TimerFired,
    UserTaskDone,
    Wait,
    WaitKind,
)

NOW = datetime(2026, 1, 5, 8, tzinfo=CHINA)
EVENT_OF: dict[WaitKind, Callable[..., Event]] = {
    WaitKind.USER_TASK: UserTaskDone,
    WaitKind.JOB: JobDone,
    WaitKind.MESSAGE: MessageReceived,
    WaitKind.SIGNAL: SignalReceived,
}

Signature = tuple[Any, ...]
Choice = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    kind: str  # stuck | cannot-end | incident
    element_ids: tuple[str, ...]
    message: Text
    path: tuple[str, ...]  # the moves that lead there, as "what element"

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "element_ids": list(self.element_ids),
            "message": {"zh": self.message.zh, "en": self.message.en},
            "path": list(self.path),
        }


@dataclass
class _Node:
    state: State
    moves: tuple[str, ...]
    next: set[Signature] = field(default_factory=set)


@dataclass
class Search:
    """`complete`: every state that the guesses reach was looked at within the limit."""

    states: int = 0
    complete: bool = False
    findings: list[Finding] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)

    def as_json(self) -> dict[str, Any]:
        return {"states": self.states, "complete": self.complete, "findings": [f.as_json() for f in self.findings]}


def search(
    closure: Closure,
    choices: Sequence[Choice],
    *,
    variables: Choice | None = None,
    limit: int = 400,
    now: datetime = NOW,
) -> Search:
    """Breadth first from the start, at most `limit` states. `choices`: value sets to answer every wait with."""
    result = Search()
    nodes: dict[Signature, _Node] = {}
    agenda: deque[Signature] = deque()
    incidents: dict[str, Finding] = {}

    def reach(step: Step, moves: tuple[str, ...]) -> Signature:
        result.visited |= {h.path for h in step.happened if h.event == "entered"}
        key = signature(step.state)
        for wait in step.state.waits.values():
            if wait.kind is WaitKind.INCIDENT:
                incidents.setdefault(wait.path, _incident(wait, moves))
        if key not in nodes:
            nodes[key] = _Node(step.state, moves)
            agenda.append(key)
        return key

    for choice in choices:
        reach(start(closure, dict(choice) | dict(variables or {}), now), ())
    while agenda and len(nodes) < limit:
        node = nodes[agenda.popleft()]
        for label, step in _moves(closure, node.state, choices, now):
            node.next.add(reach(step, (*node.moves, label)))
    result.states, result.complete = len(nodes), not agenda
    result.findings = [*incidents.values(), *_dead_ends(nodes, complete=result.complete)]
    return result


def random_choices(names: Iterable[str], pick: Any, count: int, seed: int) -> list[Choice]:
    """`count` seeded value sets over `names`."""
    rng = random.Random(seed)
    ordered = sorted(names)
    return [{name: pick(name, rng) for name in ordered} for _ in range(count)]


def signature(state: State) -> Signature:
    """Where the tokens stand: the waits by place and the joins that hold one."""
    waits = sorted((w.path, w.kind.value) for w in state.waits.values())
    return (state.status.value, tuple(waits), standing(state))


def standing(state: State) -> tuple[tuple[str, str, int], ...]:
    """Tokens that stand at a join: (gateway, flow, how many)."""
    joins = [scope.joins for scope in state.scopes.values() if scope.joins]
    return tuple(
        sorted((place, flow, n) for held in joins for place, flows in held.items() for flow, n in flows.items() if n)
    )


def _moves(closure: Closure, state: State, choices: Sequence[Choice], now: datetime) -> Iterable[tuple[str, Step]]:
    if state.status is not InstanceStatus.ACTIVE:
        return
    for wait in state.waits.values():
        for event in _events(wait, choices):
            try:
                yield f"{wait.kind.value} {wait.path}", apply(closure, state, event, now)
            except EngineError:
                continue


def _events(wait: Wait, choices: Sequence[Choice]) -> Iterable[Event]:
    if wait.kind is WaitKind.TIMER:
        yield TimerFired(wait.id)
    elif wait.kind in EVENT_OF:
        for choice in choices:
            yield EVENT_OF[wait.kind](wait.id, choice)


def _dead_ends(nodes: Mapping[Signature, _Node], *, complete: bool) -> list[Finding]:
    """Active states without any wait, and (when all was searched) states from which no end is reached."""
    findings = []
    for node in nodes.values():
        if node.state.status is InstanceStatus.ACTIVE and not node.state.waits:
            findings.append(_stuck("stuck", node))
    if not complete:
        return findings
    good = {key for key, node in nodes.items() if node.state.status is not InstanceStatus.ACTIVE}
    good |= {key for key, node in nodes.items() if any(w.kind is WaitKind.INCIDENT for w in node.state.waits.values())}
    grew = True
    while grew:
        more = {key for key, node in nodes.items() if key not in good and node.next & good}
        good |= more
        grew = bool(more)
    lost = [node for key, node in nodes.items() if key not in good and node.state.waits]
    return findings + [_stuck("cannot-end", node) for node in lost[:5]]


def _stuck(kind: str, node: _Node) -> Finding:
    where = tuple(sorted({w.path for w in node.state.waits.values()} | {place for place, *_ in standing(node.state)}))
    message = Text(
        zh=f"从这里再也到不了任何结束：{'、'.join(where) or '无打开元素'}",
        en=f"no end can be reached from here: {', '.join(where) or 'no open element'}",
    )
    return Finding(kind, where, message, node.moves)


def _incident(wait: Wait, moves: tuple[str, ...]) -> Finding:
    message = Text(zh=wait.data.get("message_zh", ""), en=wait.data.get("message_en", ""))
    return Finding("incident", (wait.path,), message, moves)
