"""What must hold of every state between two steps."""

from __future__ import annotations

from engine.interpreter import Closure, State
from engine.interpreter.contracts import InstanceStatus, WaitKind
from engine.interpreter.state import ROOT, Scope, ScopeKind
from engine.model import Kind

COUNTING = {ScopeKind.ROOT, ScopeKind.CALLED, ScopeKind.EVENT, ScopeKind.UNDOING}


def check(closure: Closure, state: State) -> None:
    """Tokens are where they are counted, every scope has its parent, an ended instance has nothing open."""
    for wait in state.waits.values():
        assert wait.scope in state.scopes, wait
        assert wait.id < state.next_id
    for scope in state.scopes.values():
        assert scope.id == ROOT or scope.parent in state.scopes, scope
        if scope.kind in COUNTING or _has_inside(closure, scope):
            assert scope.tokens == _tokens(closure, state, scope), scope
    if state.status is not InstanceStatus.ACTIVE:
        assert (list(state.scopes), state.waits) == ([ROOT], {})


def _has_inside(closure: Closure, scope: Scope) -> bool:
    if scope.kind is not ScopeKind.ACTIVITY:
        return False
    program = closure.program(scope.process)
    assert program is not None
    return program.nodes[scope.element].kind in (Kind.SUB_PROCESS, Kind.TRANSACTION)


def _tokens(closure: Closure, state: State, scope: Scope) -> int:
    """What stands in the scope: waits that are no listeners, scopes that stand for a token, tokens at joins."""
    program = closure.program(scope.process)
    assert program is not None
    inside = sum(1 for other in state.scopes.values() if other.parent == scope.id)
    standing = sum(sum(flows.values()) for flows in scope.joins.values())
    own = {scope.element}
    tokens = 0
    for wait in state.waits.values():
        if wait.scope != scope.id:
            continue
        node = program.nodes[wait.element_id]
        listens = node.kind in (Kind.START, Kind.BOUNDARY) and wait.kind is not WaitKind.INCIDENT
        tokens += not listens and wait.element_id not in own
    return tokens + inside + standing
