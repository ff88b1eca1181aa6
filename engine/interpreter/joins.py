"""Tokens that wait for others: at a parallel join for one on every flow, at an inclusive one for all that can come."""

from __future__ import annotations

from engine.interpreter.contracts import WaitKind
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.interpreter.state import Scope, ScopeKind
from engine.model.elements import Kind


def arrive(run: Run, scope_id: int, node: Node, via: str) -> None:
    """A token comes to stand on an incoming flow of the join."""
    standing = run.scope(scope_id).joins.setdefault(node.id, {})
    standing[via] = standing.get(via, 0) + 1


def complete_set(run: Run, scope_id: int, node: Node) -> bool:
    """Parallel: one token of every incoming flow becomes one token. A spare token stays."""
    standing = run.scope(scope_id).joins.get(node.id, {})
    if len(standing) < len(node.element.incoming):
        return False
    _merge(run, scope_id, node)
    return True


def _merge(run: Run, scope_id: int, node: Node) -> None:
    scope = run.scope(scope_id)
    standing = scope.joins.pop(node.id)
    scope.tokens -= len(standing) - 1
    rest = {flow: count - 1 for flow, count in standing.items() if count > 1}
    if rest:
        scope.joins[node.id] = rest


def release_inclusive(run: Run) -> bool:
    """Fire one inclusive join that nothing can reach any more. Answers whether there was one.

    Asked when all stand still, and one at a time: the token that comes out may be on its way to the next.
    """
    for scope in run.state.scopes.values():
        for identity in scope.joins:
            node = run.node_of(scope, identity)
            if node.kind is Kind.INCLUSIVE and not _something_can_come(run, scope, node):
                _merge(run, scope.id, node)
                run.push("join", scope.id, node)
                return True
    return False


def _something_can_come(run: Run, scope: Scope, join: Node) -> bool:
    """A token elsewhere in the scope reaches an empty incoming flow and none that is taken (BPMN 2.0.2 §13.4.3)."""
    standing = scope.joins[join.id]
    empty = [join.reach[flow.id] for flow in join.element.incoming if flow.id not in standing]
    taken = [join.reach[flow.id] for flow in join.element.incoming if flow.id in standing]
    for place in _places(run, scope, join):
        if any(place in upstream for upstream in empty) and not any(place in upstream for upstream in taken):
            return True
    return False


def _places(run: Run, scope: Scope, join: Node) -> set[str]:
    """The elements of the scope where tokens stand, this join apart. Listeners are no tokens."""
    places = {identity for identity in scope.joins if identity != join.id}
    places |= {
        run.scope(inner).element for inner in run.inside(scope.id) if run.scope(inner).kind is not ScopeKind.EVENT
    }
    for wait in run.waits_in(scope.id):
        node = run.node_of(scope, wait.element_id)
        if node.kind is not Kind.START or wait.kind is WaitKind.INCIDENT:
            places.add(wait.element_id)
    return places
