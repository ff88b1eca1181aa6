"""When are two states the same for the search? Where tokens stand counts; values, ids and the order of alike do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from engine.interpreter import Closure, State
from engine.interpreter.contracts import Wait, WaitKind
from engine.interpreter.program import Node
from engine.interpreter.state import ROOT, Scope, ScopeKind
from engine.model.elements import Kind

Signature = tuple[Any, ...]
PLACES = frozenset({ScopeKind.ACTIVITY, ScopeKind.BODY, ScopeKind.GATEWAY, ScopeKind.EVENT})


def signature(state: State) -> Signature:
    """The tree of scopes with what stands in each; branches that look alike are folded."""
    inside: dict[int | None, list[Scope]] = {}
    for scope in state.scopes.values():
        inside.setdefault(scope.parent, []).append(scope)
    waits: dict[int, list[tuple[str, str]]] = {}
    for wait in state.waits.values():
        waits.setdefault(wait.scope, []).append((wait.element_id, wait.kind.value))

    def of(scope: Scope) -> Signature:
        joins = tuple(sorted((g, f, min(n, 2)) for g, flows in scope.joins.items() for f, n in flows.items()))
        loop = scope.loop or {}
        counters = tuple(loop.get(name, 0) for name in ("next", "active", "done")) if loop else ()
        undo = tuple(record["activity"] for record in scope.undo[-3:])
        return (
            scope.kind.value,
            scope.element,
            tuple(sorted(waits.get(scope.id, ()))),
            joins,
            (*counters, len(loop.get("records", ()))),
            undo,
            tuple(sorted(of(inner) for inner in inside.get(scope.id, ()))),
        )

    return (state.status.value, of(state.scopes[ROOT]))


def node_of(closure: Closure, state: State, wait: Wait) -> Node:
    """The element at which something waits."""
    program = closure.program(state.scopes[wait.scope].process)
    assert program is not None
    return program.nodes[wait.element_id]


def is_of(closure: Closure, state: State, wait: Wait, event_sub_process: str) -> bool:
    """It waits inside a run of this event sub-process, or for what begins one."""
    owner = node_of(closure, state, wait).owner
    if owner is not None and owner.id == event_sub_process:
        return True
    at: int | None = wait.scope
    while at is not None:
        if state.scopes[at].element == event_sub_process:
            return True
        at = state.scopes[at].parent
    return False


def has_run_of(state: State, event_sub_process: str) -> bool:
    return any(scope.element == event_sub_process for scope in state.scopes.values())


def is_listener(closure: Closure, state: State, wait: Wait) -> bool:
    """It waits beside the tokens: a boundary event or the start of an event sub-process."""
    if wait.kind is WaitKind.INCIDENT:
        return False
    return node_of(closure, state, wait).kind in (Kind.START, Kind.BOUNDARY)


def tokens(closure: Closure, state: State) -> Counter[tuple[int, str]]:
    """How many tokens stand at an element, by the scope that is their home. Runs of several do not count."""
    found: Counter[tuple[int, str]] = Counter()
    for wait in state.waits.values():
        if is_listener(closure, state, wait):
            continue
        scope = state.scopes[wait.scope]
        if scope.element != wait.element_id and scope.kind is not ScopeKind.GATEWAY:
            found[(scope.id, wait.element_id)] += 1
    for scope in state.scopes.values():
        if scope.kind in PLACES and scope.parent is not None:
            around = state.scopes[scope.parent]
            if not (around.kind is ScopeKind.BODY and around.element == scope.element):
                found[(scope.parent, scope.element)] += 1
    return found


def standing(state: State) -> Iterator[tuple[str, str, int]]:
    """Tokens that stand at a join: (gateway with its way, flow, how many)."""
    for scope in state.scopes.values():
        for gateway, flows in scope.joins.items():
            for flow, count in flows.items():
                if count:
                    yield state.prefix(scope.id) + gateway, flow, count
