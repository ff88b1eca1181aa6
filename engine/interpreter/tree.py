"""The tree of one step's working copy: its scopes, what waits in them, what is to be done next, what has happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.interpreter.contracts import Happened, Wait, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.program import Closure, Node
from engine.interpreter.state import PROCESS_KINDS, ROOT, Scope, ScopeKind, State

MOST_SCOPES = 12_000  # open at once in one instance


class Move(NamedTuple):
    """Do `phase` of `node` in a scope; `via` is the flow it was reached by."""

    phase: str
    scope: int
    node: Node
    via: str | None = None


class Tree:
    """Scopes and waits of a state, with an index of what is inside what."""

    def __init__(self, closure: Closure, state: State) -> None:
        self.closure = closure
        self.state = state
        self.agenda: deque[Move] = deque()
        self.happened: list[Happened] = []
        self._prefixes: dict[int, str] = {}
        self._called: dict[int, Scope] = {}  # called processes that see what their caller sees
        self._scopes_in: dict[int, dict[int, None]] = {}
        self._waits_in: dict[int, dict[int, None]] = {}
        for scope in state.scopes.values():
            if scope.parent is not None:
                self._scopes_in.setdefault(scope.parent, {})[scope.id] = None
                if scope.kind is ScopeKind.CALLED and scope.sees_caller:
                    self._called[scope.id] = scope
        for wait in state.waits.values():
            self._waits_in.setdefault(wait.scope, {})[wait.id] = None

    def scope(self, scope_id: int) -> Scope:
        """The scope; it must be open."""
        return self.state.scopes[scope_id]

    def parent(self, scope_id: int) -> int:
        """The scope around one that is not the root."""
        parent = self.state.scopes[scope_id].parent
        assert parent is not None
        return parent

    def node_of(self, scope: Scope, element_id: str) -> Node:
        """An element of the process that the scope belongs to."""
        program = self.closure.program(scope.process)
        assert program is not None, scope.process
        return program.nodes[element_id]

    def node_of_scope(self, scope: Scope) -> Node | None:
        """The element that a scope is a run of; None for a whole process."""
        return None if scope.kind in PROCESS_KINDS else self.node_of(scope, scope.element)

    def inside(self, scope_id: int) -> tuple[int, ...]:
        """The scopes directly inside, in order of creation."""
        return tuple(self._scopes_in.get(scope_id, ()))

    def waits_in(self, scope_id: int) -> tuple[Wait, ...]:
        """The waits directly in a scope, in order of creation."""
        return tuple(self.state.waits[identity] for identity in self._waits_in.get(scope_id, ()))

    def _new_id(self) -> int:
        identity = self.state.next_id
        self.state.next_id += 1
        return identity

    def open_scope(self, parent: int, kind: ScopeKind, element: str, process: str | None = None) -> Scope:
        """A new scope inside `parent`."""
        scope = Scope(self._new_id(), parent, kind, element, process or self.scope(parent).process)
        self.state.scopes[scope.id] = scope
        self._scopes_in.setdefault(parent, {})[scope.id] = None
        return scope

    def open_call(self, parent: int, process: str, *, sees_caller: bool) -> Scope:
        """The scope of a called process."""
        scope = self.open_scope(parent, ScopeKind.CALLED, process, process)
        scope.sees_caller = sees_caller
        if sees_caller:
            self._called[scope.id] = scope
        return scope

    def require_room(self, count: int) -> None:
        """Raises Failed when `count` more scopes would be too many."""
        if len(self.state.scopes) + count > MOST_SCOPES:
            raise Failed("too_large", "流程实例中同时打开的元素过多", "too many elements are open at once")

    def open_wait(self, scope_id: int, node: Node, kind: WaitKind, data: dict[str, Any]) -> Wait:
        """A token, or a listener, begins to stand at an element."""
        wait = Wait(self._new_id(), scope_id, node.id, self.path(scope_id, node.id), kind, data)
        self.state.waits[wait.id] = wait
        self._waits_in.setdefault(scope_id, {})[wait.id] = None
        return wait

    def replace_wait(self, wait: Wait, data: dict[str, Any]) -> None:
        """The same wait with other data."""
        self.state.waits[wait.id] = Wait(wait.id, wait.scope, wait.element_id, wait.path, wait.kind, data)

    def close_wait(self, wait: Wait) -> None:
        """Nobody waits there any more."""
        del self.state.waits[wait.id]
        del self._waits_in[wait.scope][wait.id]

    def clear(self, scope_id: int) -> None:
        """Take away everything inside a scope and what was to be done there; the scope itself stays, without tokens."""
        self._empty(scope_id)
        if self.agenda:
            self.agenda = deque(move for move in self.agenda if move.scope != scope_id)

    def _empty(self, scope_id: int) -> None:
        for wait in self.waits_in(scope_id):
            self.close_wait(wait)
            if wait.kind in (WaitKind.USER_TASK, WaitKind.JOB):
                self.note(scope_id, wait.element_id, "cancelled")
        for inner in self.inside(scope_id):
            self.drop(inner, cancelled=True)
        scope = self.scope(scope_id)
        scope.joins, scope.tokens = {}, 0

    def drop(self, scope_id: int, *, cancelled: bool = False) -> None:
        """Take away a scope with everything inside; its moves on the agenda find nothing any more."""
        self._empty(scope_id)
        scope = self.state.scopes.pop(scope_id)
        if cancelled and scope.kind in (ScopeKind.ACTIVITY, ScopeKind.BODY) and self._has_inside(scope):
            self.happened.append(Happened(self._path_of(scope), scope.element, "cancelled"))
        if scope.parent is not None:
            self._scopes_in[scope.parent].pop(scope_id, None)
        self._scopes_in.pop(scope_id, None)
        self._waits_in.pop(scope_id, None)
        self._called.pop(scope_id, None)

    def _has_inside(self, scope: Scope) -> bool:
        node = self.node_of_scope(scope)
        return node is not None and (node.body is not None or node.loop is not None)

    def _path_of(self, scope: Scope) -> str:
        return self.path(scope.parent if scope.parent is not None else ROOT, scope.element)

    def path(self, scope_id: int, element_id: str) -> str:
        """The element id with the call activities around it."""
        prefix = self._prefixes.get(scope_id)
        if prefix is None:
            prefix = self.state.prefix(scope_id, self._prefixes)
        return prefix + element_id

    def note(self, scope_id: int, element_id: str, event: str, detail: Mapping[str, Any] | None = None) -> None:
        """A line of history."""
        self.happened.append(Happened(self.path(scope_id, element_id), element_id, event, detail))
