"""Parallel joins that would wait for ever: a token stands there, or must come there, and another one can never come.

Asked before and after an operator's change: only what the change has done is held against it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from engine.interpreter import Closure, State
from engine.interpreter.contracts import WaitKind
from engine.interpreter.program import Node
from engine.interpreter.state import Scope, ScopeKind
from engine.model.elements import Kind
from engine.operations.migration.plan import refusal
from engine.problems import Problem

Starved = dict[tuple[int, str], Node]


def starved(closure: Closure, state: State) -> Starved:
    """(scope, join) -> the join, for every join of an open scope that starves."""
    found: Starved = {}
    for scope in state.scopes.values():
        program = closure.program(scope.process)
        if program is None or scope.kind in (ScopeKind.BODY, ScopeKind.GATEWAY):
            continue  # the token stands in the scope around it
        places = set(_places(closure, state, scope))
        for join in _joins(program.nodes, places | set(scope.joins)):
            if _starves(program.nodes, scope, join, places | (scope.joins.keys() - {join.id})):
                found[scope.id, join.id] = join
    return found


def problems(before: Collection[str], after: Starved) -> list[Problem]:
    """`before`: the joins that starved already, by the names they have now."""
    return [
        refusal(
            join.id,
            join.kind.value,
            "join-starved",
            f"并行汇聚“{join.id}”将永远等不齐：有一条流入再也不会有令牌",
            f"the parallel join '{join.id}' would wait for ever: one of its flows can get no token any more",
        )
        for join in after.values()
        if join.id not in before
    ]


def _places(closure: Closure, state: State, scope: Scope) -> Iterator[str]:
    """Where the tokens of a scope stand, joins apart."""
    program = closure.program(scope.process)
    assert program is not None
    for inner in state.scopes.values():
        if inner.parent == scope.id and inner.kind not in (ScopeKind.EVENT, ScopeKind.CALLED):
            yield inner.element
    for wait in state.waits.values():
        node = program.nodes.get(wait.element_id)
        if wait.scope != scope.id or node is None or node.id == scope.element:
            continue
        if wait.kind is WaitKind.INCIDENT or node.kind not in (Kind.START, Kind.BOUNDARY):
            yield node.id


def _joins(nodes: Mapping[str, Node], places: Iterable[str]) -> list[Node]:
    reached = _reach(nodes, places, without=None)
    return [n for i in reached if (n := nodes[i]).kind is Kind.PARALLEL and len(n.element.incoming) > 1]


def _starves(nodes: Mapping[str, Node], scope: Scope, join: Node, places: set[str]) -> bool:
    standing = scope.joins.get(join.id, {})
    others = [_reach(nodes, [place], without=join.id) for place in places]
    missing = [flow for flow in join.element.incoming if flow.id not in standing]
    can_come = [any(flow.source in reached for reached in others) for flow in missing]
    if all(can_come):
        return False
    return bool(standing) or any(_must_come(nodes, reached, join) for reached in others)


def _must_come(nodes: Mapping[str, Node], reached: set[str], join: Node) -> bool:
    """From there every way leads to the join: without it no path ends."""
    comes = any(flow.source in reached for flow in join.element.incoming)
    return comes and not any(not nodes[identity].outgoing for identity in reached if identity != join.id)


def _reach(nodes: Mapping[str, Node], places: Iterable[str], *, without: str | None) -> set[str]:
    seen: set[str] = set()
    todo = [place for place in places if place in nodes]
    while todo:
        identity = todo.pop()
        if identity in seen or identity == without:
            continue
        seen.add(identity)
        node = nodes[identity]
        todo += [flow.target.id for flow in node.outgoing]
        todo += [boundary.id for boundary in node.boundaries]
    return seen
