"""One step being taken: tokens, scopes, values, incidents. What each kind of element does stands in `behaviours`.

A token is at home in a scope. An element that needs a place of its own (boundary events, mappings, an inside) gets a
scope that stands for the token meanwhile. What is to be done next lies on the agenda as moves; a move that fails
becomes an incident that holds the move, so that trying again is making the same move.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.feel import FeelError, to_plain
from engine.interpreter.contracts import Happened, Published, Step, Wait, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.program import Assign, Closure, Formula, Node
from engine.interpreter.state import PROCESS_KINDS, ROOT, Scope, ScopeKind, State
from engine.model.elements import Kind

BUDGET = 1_000  # elements entered in one step
BUDGET_PER_RUN = 10  # more for every run of a multi-instance activity
MOST_SCOPES = 12_000  # open at once in one instance
DEEPEST_CALL = 20


@dataclass(frozen=True, slots=True)
class Move:
    """Do `phase` of `node` in a scope; `via` is the flow it was reached by."""

    phase: str
    scope: int
    node: Node
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """What to do, by phase of a move, and what an element does when a token is on it, by its kind."""

    phases: Mapping[str, Callable[[Run, Move], None]]
    behaviours: Mapping[Kind, Callable[[Run, int, Node, str | None], None]]


class Run:
    """The working copy of one step."""

    def __init__(self, closure: Closure, state: State, now: datetime, tables: Tables) -> None:
        self.tables = tables
        self.closure = closure
        self.state = state
        self.now = now
        self.agenda: deque[Move] = deque()
        self.happened: list[Happened] = []
        self.taken: list[str] = []
        self.published: list[Published] = []
        self.written: dict[str, Any] = {}
        self.touched: set[str] = set()
        self.budget = BUDGET
        self._visible: dict[int, dict[str, Any]] = {}
        self._prefixes: dict[int, str] = {}
        self._scopes_in: dict[int, dict[int, None]] = {}
        self._waits_in: dict[int, dict[int, None]] = {}
        for scope in state.scopes.values():
            if scope.parent is not None:
                self._scopes_in.setdefault(scope.parent, {})[scope.id] = None
        for wait in state.waits.values():
            self._waits_in.setdefault(wait.scope, {})[wait.id] = None

    # --- looking ------------------------------------------------------------------------------------------------------

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

    # --- values -------------------------------------------------------------------------------------------------------

    def visible(self, scope_id: int) -> dict[str, Any]:
        """What expressions in the scope see."""
        found = self._visible.get(scope_id)
        if found is None:
            found = self._visible[scope_id] = self.state.visible(scope_id)
        return found

    def value(self, formula: Formula, scope_id: int) -> Any:
        """A literal, or the plain value of FEEL. Raises Failed."""
        if formula.expression is None:
            return formula.literal
        try:
            return to_plain(formula.expression.evaluate(self.visible(scope_id), now=self.now))
        except FeelError as error:
            raise Failed("feel", error.message.zh, error.message.en) from None

    def holds(self, formula: Formula, scope_id: int) -> bool:
        """A condition. Raises Failed when it is neither true nor false."""
        value = self.value(formula, scope_id)
        if value is True or value is False:
            return bool(value)
        raise Failed(
            "condition_not_boolean",
            f"条件“{formula.text}”的结果不是真或假，而是 {_shown(value)}",
            f"the condition '{formula.text}' gives {_shown(value)}, neither true nor false",
        )

    def write(self, scope_id: int, name: str, value: Any) -> None:
        """Give a value to the nearest scope outwards that holds the name, else to the process."""
        scope = self.state.scopes[scope_id]
        while scope.kind not in PROCESS_KINDS and name not in scope.values:
            scope = self.scope(self.parent(scope.id))
        self._keep_for_called(scope, name)
        scope.values[name] = value
        if scope.id == ROOT:
            self.written[name] = value
        self.touched.add(name)
        self._visible.clear()

    def write_local(self, scope_id: int, name: str, value: Any) -> None:
        """Give a value to the scope itself."""
        self.state.scopes[scope_id].values[name] = value
        self.touched.add(name)
        self._visible.clear()

    def write_everywhere(self, name: str, value: Any) -> None:
        """Set a process variable from outside: called processes see it too, unless they have their own."""
        root = self.scope(ROOT)
        root.values[name] = self.written[name] = value
        for scope in self.state.scopes.values():
            scope.frozen.pop(name, None)
        self.touched.add(name)
        self._visible.clear()

    def map_start(self, outputs: Sequence[Assign], payload: Mapping[str, Any]) -> None:
        """The output mappings of a message start: only what they name becomes a process variable."""
        root = self.scope(ROOT)
        root.values = dict(payload)
        results = {".".join(assign.target): (assign, self.value(assign.source, ROOT)) for assign in outputs}
        root.values = {}
        self._visible.clear()
        for assign, value in results.values():
            name, *path = assign.target
            self.write(ROOT, name, _within(root.values.get(name), path, value))

    def _keep_for_called(self, changed: Scope, name: str) -> None:
        """Called processes inside go on seeing the value that was there when they were called."""
        for scope in self.state.scopes.values():
            if scope.kind is not ScopeKind.CALLED or not scope.sees_caller or scope.id == changed.id:
                continue
            if name not in scope.values and name not in scope.frozen and self._holder(scope.id, name) == changed.id:
                scope.frozen[name] = changed.values.get(name)

    def _holder(self, scope_id: int, name: str) -> int | None:
        """The scope, outside of the called process `scope_id`, from which it sees the name; None when it cannot."""
        scope = self.scope(self.parent(scope_id))
        while scope.parent is not None and name not in scope.values:
            if scope.kind is ScopeKind.CALLED and (name in scope.frozen or not scope.sees_caller):
                return None
            scope = self.scope(scope.parent)
        return scope.id

    def give(self, at: int, node: Node, values: Mapping[str, Any]) -> None:
        """What an element produced: kept inside for its output mappings, or handed outwards where there are none."""
        for name, value in values.items():
            if node.outputs:
                self.write_local(at, name, value)
            else:
                self.write(at, name, value)

    def map_inputs(self, at: int, node: Node) -> None:
        """Local values of the scope, each seeing those before it."""
        local = self.scope(at).values
        for assign in node.inputs:
            value = self.value(assign.source, at)
            name, *path = assign.target
            self.write_local(at, name, _within(local.get(name), path, value))

    def map_outputs(self, at: int, outputs: Sequence[Assign], target: int) -> None:
        """Evaluate in `at`, hand to `target` and outwards; nothing is written unless all of them succeed."""
        results: dict[str, Any] = {}
        for assign in outputs:
            value = self.value(assign.source, at)
            name, *path = assign.target
            base = results[name] if name in results else self.visible(target).get(name)
            results[name] = _within(base, path, value)
        for name, value in results.items():
            self.write(target, name, value)

    # --- scopes and waits ---------------------------------------------------------------------------------------------

    def _new_id(self) -> int:
        identity = self.state.next_id
        self.state.next_id += 1
        return identity

    def open_scope(self, parent: int, kind: ScopeKind, element: str, process: str | None = None) -> Scope:
        """A new scope inside `parent`. Raises Failed when the instance has grown beyond all bounds."""
        self.require_room(1)
        scope = Scope(self._new_id(), parent, kind, element, process or self.scope(parent).process)
        self.state.scopes[scope.id] = scope
        self._scopes_in.setdefault(parent, {})[scope.id] = None
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
        """Take away everything inside a scope; the scope itself stays, without tokens."""
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
        self._visible.pop(scope_id, None)

    def _has_inside(self, scope: Scope) -> bool:
        node = self.node_of_scope(scope)
        return node is not None and (node.body is not None or node.loop is not None)

    def _path_of(self, scope: Scope) -> str:
        return self.path(scope.parent if scope.parent is not None else ROOT, scope.element)

    def path(self, scope_id: int, element_id: str) -> str:
        """The element id with the call activities around it."""
        prefix = self._prefixes.get(scope_id)
        if prefix is None:
            prefix = self._prefixes[scope_id] = self.state.prefix(scope_id)
        return prefix + element_id

    def note(self, scope_id: int, element_id: str, event: str, detail: Mapping[str, Any] | None = None) -> None:
        """A line of history."""
        self.happened.append(Happened(self.path(scope_id, element_id), element_id, event, detail))

    # --- tokens -------------------------------------------------------------------------------------------------------

    def push(self, phase: str, scope_id: int, node: Node, via: str | None = None) -> None:
        """Do this next, after what is on the agenda already."""
        self.agenda.append(Move(phase, scope_id, node, via))

    # --- the step -----------------------------------------------------------------------------------------------------

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


def _within(base: Any, path: Sequence[str], value: Any) -> Any:
    """`value` at `path` inside a copy of `base`; what is no context on the way becomes one."""
    if not path:
        return value
    context = dict(base) if isinstance(base, dict) else {}
    context[path[0]] = _within(context.get(path[0]), path[1:], value)
    return context


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)[:60]
