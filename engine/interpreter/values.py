"""What a scope sees, and where a value goes that is given to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.feel import FeelError, to_plain
from engine.interpreter.failures import Failed
from engine.interpreter.program import Assign, Closure, Formula, Node
from engine.interpreter.state import ROOT, Scope, ScopeKind, State
from engine.interpreter.tree import Tree

SCALARS = frozenset({bool, int, str})  # plain as they are
KINDS_ZH = {"null": "空值", "a text": "文本", "a list": "列表", "a context": "上下文", "a number": "数字"}


class Values(Tree):
    """The tree with its values. `written`: process variables of the root; `touched`: all names since the last look."""

    def __init__(self, closure: Closure, state: State, now: datetime) -> None:
        super().__init__(closure, state)
        self.now = now
        self.written: dict[str, Any] = {}
        self.touched: set[str] = set()
        self._visible: dict[int, dict[str, Any]] = {}

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
            value = formula.expression.evaluate(self.visible(scope_id), now=self.now)
            return value if value is None or type(value) in SCALARS else to_plain(value)
        except FeelError as error:
            raise Failed("feel", error.message.zh, error.message.en) from None

    def holds(self, formula: Formula, scope_id: int) -> bool:
        """A condition. Raises Failed when it is neither true nor false."""
        value = self.value(formula, scope_id)
        if value is True or value is False:
            return bool(value)
        raise Failed(
            "condition_not_boolean",
            f"条件“{formula.text}”的结果不是真或假，而是{KINDS_ZH[_kind(value)]}",
            f"the condition '{formula.text}' gives {_kind(value)}, neither true nor false",
        )

    def write(self, scope_id: int, name: str, value: Any) -> None:
        """Give a value to the nearest scope outwards that holds the name, else to the process."""
        scopes = self.state.scopes
        scope = scopes[scope_id]
        while scope.parent is not None and name not in scope.values and scope.kind is not ScopeKind.CALLED:
            scope = scopes[scope.parent]
        if self._called:
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
        for scope in self._called.values():
            if scope is changed:
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


def _within(base: Any, path: Sequence[str], value: Any) -> Any:
    """`value` at `path` inside a copy of `base`; what is no context on the way becomes one."""
    if not path:
        return value
    context = dict(base) if isinstance(base, dict) else {}
    context[path[0]] = _within(context.get(path[0]), path[1:], value)
    return context


def _kind(value: Any) -> str:
    """What an incident says of a value: whoever repairs a diagram may not know what was measured."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a context" if isinstance(value, dict) else "a number"
