"""A state of the old version as a state of the new one: every place gets its new name, or says why it cannot.

Only places and counters move here; what the new version wants to know anew is asked afterwards, in `settle`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Text
from engine.interpreter.contracts import Wait, WaitKind
from engine.interpreter.program import Node
from engine.interpreter.state import ROOT, Scope, ScopeKind, State
from engine.model.elements import CallWork, JobWork, Kind
from engine.operations.migration.plan import Note, refusal
from engine.operations.migration.route import LISTENERS, Route
from engine.problems import Problem

AT_ITS_OWN_PLACE = frozenset({"complete", "reopen"})  # incidents that stand where the element's token stood
STANDS_FOR_ELEMENT = frozenset(
    {ScopeKind.ACTIVITY, ScopeKind.BODY, ScopeKind.EVENT, ScopeKind.GATEWAY, ScopeKind.UNDOING}
)


@dataclass
class Relocated:
    """`was`: for every scope and wait that stays, the element it stood at in the old version."""

    state: State
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    scopes_were: dict[int, Node] = field(default_factory=dict)
    waits_were: dict[int, Node] = field(default_factory=dict)

    def refuse(self, node: Node, code: str, zh: str, en: str) -> None:
        problem = refusal(node.id, node.kind.value, code, f"“{node.id}”{zh}", f"'{node.id}' {en}")
        if problem not in self.problems:
            self.problems.append(problem)


def relocate(state: State, routes: Mapping[str, Route]) -> Relocated:
    """The given state is not changed."""
    moved = Relocated(state.copy())
    for scope in sorted(moved.state.scopes.values(), key=lambda scope: scope.id):
        if scope.kind in STANDS_FOR_ELEMENT:
            _scope(moved, routes, scope)
        elif scope.kind is ScopeKind.CALLED:
            _called(moved, routes, scope)
    for scope in moved.state.scopes.values():
        if (route := routes.get(scope.process)) is not None:
            scope.joins = _joins(moved, route, scope)
            scope.undo = _records(moved, route, scope.undo)
    for wait in sorted(moved.state.waits.values(), key=lambda wait: not _listens(moved, routes, wait)):
        _wait(moved, routes, wait)
    moved.state.ended_at = [_end(routes, state, identity) for identity in state.ended_at]
    return moved


def _end(routes: Mapping[str, Route], state: State, identity: str) -> str:
    """An end event that was reached: under its new name, where it has one."""
    route = routes.get(state.scopes[ROOT].process)
    new = None if route is None else route.target(identity)
    return identity if new is None else new.id


def _scope(moved: Relocated, routes: Mapping[str, Route], scope: Scope) -> None:
    route = routes.get(scope.process)
    if route is None:
        return  # its caller is refused
    old = route.old.nodes[scope.element]
    moved.scopes_were[scope.id] = old
    new = _stays(moved, route, old)
    if new is None:
        return
    if scope.kind is ScopeKind.BODY and _looped(old) != _looped(new):
        moved.refuse(old, "loop-changed", "的多实例或循环方式变了", "runs several times in another way than before")
    elif scope.kind is not ScopeKind.BODY and (old.loop is None) != (new.loop is None):
        moved.refuse(old, "loop-changed", "在新旧版本中只有一个是多实例", "runs several times in one version only")
    if old.kind is Kind.EVENT_SUB_PROCESS and _interrupts(old) != _interrupts(new):
        moved.refuse(old, "interrupting-changed", "是否中断变了", "interrupts in one version only")
    if scope.kind is ScopeKind.UNDOING:
        if old.owns_scope != new.owns_scope:
            moved.refuse(old, "compensating", "正在补偿，不能换层", "is compensating; it cannot change its scope now")
        elif scope.loop is not None:
            scope.loop = {**scope.loop, "records": _records(moved, route, scope.loop["records"])}
    scope.element = new.id


def _called(moved: Relocated, routes: Mapping[str, Route], scope: Scope) -> None:
    """The caller must go on calling the same process, and the new version must know it."""
    assert scope.parent is not None
    caller = moved.scopes_were.get(scope.parent)
    if caller is None:
        return
    outer = routes[moved.state.scopes[scope.parent].process].target(caller.id)
    calls = outer.work.process if outer is not None and isinstance(outer.work, CallWork) else None
    if scope.process not in routes or (calls is not None and calls != scope.process):
        moved.refuse(caller, "called-process-changed", "调用的流程变了", "calls another process than before")


def _stays(moved: Relocated, route: Route, old: Node) -> Node | None:
    """The element of the new version on which a token may go on standing; else the reason is noted."""
    new = route.target(old.id)
    if new is None:
        moved.refuse(
            old,
            "element-removed",
            "在新版本中不存在，而此处正在执行；请给出对应元素，或先移动令牌",
            "is not in the new version and a token stands there: map it, or move the token first",
        )
    elif new.kind is not old.kind or type(new.event) is not type(old.event):
        moved.refuse(old, "kind-changed", f"对应的“{new.id}”是另一种元素", f"would become '{new.id}', of another kind")
    elif not route.keeps_its_place(old, new):
        moved.refuse(old, "scope-changed", f"对应的“{new.id}”在另一层", f"would become '{new.id}' in another scope")
    else:
        return new
    return None


def _looped(node: Node) -> tuple[Any, ...]:
    loop = node.loop
    return () if loop is None else (loop.sequential, loop.is_standard, loop.item, loop.output_collection)


def _interrupts(node: Node) -> bool:
    return node.body is not None and node.body.start is not None and node.body.start.element.interrupting


# --- tokens at joins, what could be undone ----------------------------------------------------------------------------


def _joins(moved: Relocated, route: Route, scope: Scope) -> dict[str, dict[str, int]]:
    joins: dict[str, dict[str, int]] = {}
    for identity, standing in scope.joins.items():
        old = route.old.nodes[identity]
        new = _stays(moved, route, old)
        if new is None:
            continue
        flows: dict[str, int] = {}
        for flow_id, count in standing.items():
            target = route.flow(old, flow_id)
            if target is None:
                moved.refuse(
                    old,
                    "join-changed",
                    f"处已有令牌在等待，新版本没有与“{flow_id}”对应的流入",
                    f"holds a token on '{flow_id}', for which the new version has no incoming flow",
                )
            else:
                flows[target] = flows.get(target, 0) + count
        joins[new.id] = flows
    return joins


def _records(moved: Relocated, route: Route, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What completed and can be undone; a record may be given up by name only."""
    kept = []
    for record in records:
        old = route.old.nodes[record["activity"]]
        new = route.target(old.id)
        if new is None and route.is_given_up(old.id):
            continue
        if new is None or (record["handler"] is not None and new.undo is None):
            moved.refuse(
                old, "compensation-lost", "已完成，但新版本无法补偿它", "has completed and could not be undone"
            )
            continue
        record = {**record, "activity": new.id}
        if record["handler"] is not None:
            record["handler"] = new.undo.id if new.undo is not None else None
        if "inner" in record:
            record["inner"] = _records(moved, route, record["inner"])
        kept.append(record)
    return kept


# --- waits ------------------------------------------------------------------------------------------------------------


def _wait(moved: Relocated, routes: Mapping[str, Route], wait: Wait) -> None:
    scope = moved.state.scopes[wait.scope]
    route = routes.get(scope.process)
    if route is None:
        return
    old = route.old.nodes[wait.element_id]
    handle = _incident if wait.kind is WaitKind.INCIDENT else _listening if _listens(moved, routes, wait) else _token
    handle(moved, route, scope, wait, old)


def _listens(moved: Relocated, routes: Mapping[str, Route], wait: Wait) -> bool:
    """No token stands there: a boundary event, the start of an event sub-process, one of several alternatives."""
    scope = moved.state.scopes[wait.scope]
    route = routes.get(scope.process)
    if route is None or wait.kind is WaitKind.INCIDENT:
        return False
    return scope.kind is ScopeKind.GATEWAY or route.old.nodes[wait.element_id].kind in LISTENERS


def _listening(moved: Relocated, route: Route, scope: Scope, wait: Wait, old: Node) -> None:
    """Who listens for something that the new version does not listen for stops: no token stands there."""
    new = route.listener(old)
    if new is not None and scope.kind is ScopeKind.GATEWAY:
        gateway = route.new.nodes.get(scope.element)
        new = new if gateway is not None and any(flow.target is new for flow in gateway.outgoing) else None
    if new is None:
        del moved.state.waits[wait.id]
        text = Text(
            zh=f"新版本不再等待“{old.id}”，已取消", en=f"the new version does not listen for '{old.id}': taken away"
        )
        moved.notes.append(Note(element_id=wait.path, code="listener-removed", message=text))
        return
    _put(moved, wait, new, wait.scope, old)


def _token(moved: Relocated, route: Route, scope: Scope, wait: Wait, old: Node) -> None:
    new = _stays(moved, route, old)
    if new is None:
        return
    if wait.kind is WaitKind.JOB and not isinstance(new.work, JobWork):
        moved.refuse(old, "work-changed", "不再由服务任务执行", "is not done by a worker any more")
        return
    if (old.loop is None) != (new.loop is None):
        moved.refuse(old, "loop-changed", "在新旧版本中只有一个是多实例", "runs several times in one version only")
        return
    _put(moved, wait, new, _own_scope(moved, scope, wait, old, new), old)


def _incident(moved: Relocated, route: Route, scope: Scope, wait: Wait, old: Node) -> None:
    """What could not be entered is entered anew, whatever its kind is now; everything else goes on where it stood."""
    phase, via = wait.data["phase"], wait.data["via"]
    fresh = route.target(old.id)
    if phase == "enter" and fresh is not None and route.keeps_its_place(old, fresh):
        new: Node | None = fresh
    else:
        new = _stays(moved, route, old)
    if new is None:
        return
    if via is not None:
        via = route.flow(old, via)
    place = _own_scope(moved, scope, wait, old, new) if phase in AT_ITS_OWN_PLACE else wait.scope
    _put(moved, wait, new, place, old, {**wait.data, "via": via})


def _own_scope(moved: Relocated, scope: Scope, wait: Wait, old: Node, new: Node) -> int:
    """A token whose element has, or has no longer, a place of its own."""
    if old.loop is not None or old.owns_scope == new.owns_scope:
        return wait.scope
    state = moved.state
    if new.owns_scope:
        own = Scope(state.next_id, scope.id, ScopeKind.ACTIVITY, new.id, scope.process)
        state.next_id += 1
        state.scopes[own.id] = own
        moved.scopes_were[own.id] = old
        return own.id
    assert scope.parent is not None  # who listened at its boundary has been taken away before
    del state.scopes[scope.id]
    return scope.parent


def _put(moved: Relocated, wait: Wait, new: Node, scope_id: int, old: Node, data: dict[str, Any] | None = None) -> None:
    path = moved.state.prefix(scope_id) + new.id
    moved.waits_were[wait.id] = old
    moved.state.waits[wait.id] = Wait(wait.id, scope_id, new.id, path, wait.kind, wait.data if data is None else data)
