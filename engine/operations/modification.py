"""Moving tokens by hand: what stands at one element stops, another element begins, as a step like any other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.commands.contracts import Instruction
from engine.interpreter import Closure, State
from engine.interpreter.contracts import Happened, InstanceStatus, Step, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.listening import listen_at_boundaries, listen_for_event_sub_processes
from engine.interpreter.program import Node, Program
from engine.interpreter.run import Run
from engine.interpreter.state import ROOT, Scope, ScopeKind
from engine.interpreter.step import CIVIL, TABLES, finish
from engine.model.elements import GATEWAYS, CallWork, Kind
from engine.operations import starvation
from engine.operations.migration.migrate import damage
from engine.operations.migration.plan import Outcome, refusal
from engine.operations.migration.route import owners
from engine.problems import Problem

NEVER_STARTED = frozenset({Kind.BOUNDARY, Kind.EVENT_SUB_PROCESS})
TOKEN_SCOPES = frozenset({ScopeKind.ACTIVITY, ScopeKind.BODY, ScopeKind.GATEWAY, ScopeKind.EVENT, ScopeKind.UNDOING})


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def modify(
    closure: Closure,
    state: State,
    instructions: Sequence[Instruction],
    now: datetime,
    *,
    variables: Mapping[str, Any] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Outcome:
    """The variables are set, then the instructions are followed in order, then everything moves on by itself.

    Refused is what would leave nothing to wait for, or a join that waits for ever. `state` is not changed.
    """
    run = Run(closure, state.copy(), now.astimezone(CIVIL), TABLES)
    run.happened.append(Happened("", closure.root.key, "modified", detail))
    for name, value in (variables or {}).items():
        run.write_everywhere(name, value)
    hand = _Hand(run)
    try:
        for instruction in instructions:
            hand.follow(instruction)
        hand.clear_up()
    except _Refused as refused:
        return Outcome(step=Step(state, (), {}), problems=(refused.problem,))
    step = finish(run)
    return Outcome(step=step, problems=tuple(_unsound(closure, state, step)))


def _unsound(closure: Closure, before: State, step: Step) -> list[Problem]:
    after = step.state
    already = {join.id for join in starvation.starved(closure, before).values()}
    found = starvation.problems(already, starvation.starved(closure, after))
    if after.status is InstanceStatus.ACTIVE and not after.waits and not found:
        zh, en = "移动后流程实例将不再等待任何事", "the instance would wait for nothing any more"
        found.append(refusal(closure.root.key, None, "nothing-left", zh, en))
    return [*found, *damage(closure, after)]


class _Hand:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.begun: list[tuple[int, Node, str]] = []  # pushed at the end, so that all cancelling comes first

    def follow(self, instruction: Instruction) -> None:
        if instruction.action == "cancel":
            self._cancel(instruction.element_id)
        else:
            self._start(instruction.element_id, after=instruction.action == "start_after")

    def clear_up(self) -> None:
        """Scopes in which nothing is left are gone too; then what is to begin begins. Of compensation, the handler
        that was cancelled is passed over: the next one begins."""
        for scope in sorted(self.run.state.scopes.values(), key=lambda scope: -scope.id):
            if scope.id not in self.run.state.scopes or not self._is_empty(scope):
                continue
            if scope.kind is ScopeKind.UNDOING:
                self.begun.append((scope.id, self.run.node_of(scope, scope.element), "undo_next"))
            else:
                self._drop_empty(scope)
        if self.run.scope(ROOT).tokens == 0:
            zh, en = (
                "移动后流程实例将没有令牌；要结束它请用终止",
                "no token would be left; to end the instance, terminate it",
            )
            raise _Refused(refusal(self.run.closure.root.key, None, "nothing-left", zh, en))
        for scope_id, node, phase in self.begun:
            self.run.push(phase, scope_id, node)

    # --- cancel ---

    def _cancel(self, path: str) -> None:
        """Every token at the element, with everything inside it."""
        found = False
        for scope in list(self.run.state.scopes.values()):
            if scope.id in self.run.state.scopes and self._stands_for(scope, path):
                parent = self.run.scope(self.run.parent(scope.id))
                self.run.drop(scope.id, cancelled=True)
                parent.tokens -= 1
                found = True
        for wait in [wait for wait in self.run.state.waits.values() if wait.path == path]:
            if wait.id in self.run.state.waits and not self._listens(wait.scope, wait.element_id, wait.kind):
                self.run.close_wait(wait)
                if wait.kind in (WaitKind.USER_TASK, WaitKind.JOB):
                    self.run.note(wait.scope, wait.element_id, "cancelled")
                self.run.scope(wait.scope).tokens -= 1
                found = True
        for scope in self.run.state.scopes.values():
            identity = path.rpartition("/")[2]
            if identity in scope.joins and self.run.path(scope.id, identity) == path:
                scope.tokens -= sum(scope.joins.pop(identity).values())
                found = True
        if not found:
            zh, en = f"“{path}”处没有令牌", f"no token stands at '{path}'"
            raise _Refused(refusal(path, None, "not-active", zh, en))

    def _stands_for(self, scope: Scope, path: str) -> bool:
        if scope.kind not in TOKEN_SCOPES or scope.parent is None:
            return False
        outer = self.run.scope(scope.parent)
        is_run = outer.kind is ScopeKind.BODY and outer.element == scope.element
        return not is_run and self.run.path(scope.parent, scope.element) == path

    def _listens(self, scope_id: int, element_id: str, kind: WaitKind) -> bool:
        node = self.run.node_of(self.run.scope(scope_id), element_id)
        listener = node.kind in (Kind.BOUNDARY, Kind.START) or self.run.scope(scope_id).kind is ScopeKind.GATEWAY
        return listener and kind is not WaitKind.INCIDENT

    def _is_empty(self, scope: Scope) -> bool:
        standing = [w for w in self.run.waits_in(scope.id) if not self._listens(w.scope, w.element_id, w.kind)]
        if scope.tokens != 0 or scope.id == ROOT or standing:
            return False
        if scope.kind in (ScopeKind.CALLED, ScopeKind.EVENT, ScopeKind.UNDOING):
            return True
        if scope.kind is ScopeKind.BODY:
            return not self.run.inside(scope.id)
        return scope.kind is ScopeKind.ACTIVITY and self._has_inside(scope) and not self.run.inside(scope.id)

    def _has_inside(self, scope: Scope) -> bool:
        node = self.run.node_of(scope, scope.element)
        return node.body is not None or isinstance(node.work, CallWork)

    def _drop_empty(self, scope: Scope) -> None:
        parent = self.run.scope(self.run.parent(scope.id))
        if parent.kind is ScopeKind.BODY:
            zh = f"“{scope.element}”的一次运行将没有令牌；请取消整个多实例"
            en = f"a run of '{scope.element}' would have no token: cancel all of its runs"
            raise _Refused(refusal(scope.element, None, "inside-multi-instance", zh, en))
        self.run.drop(scope.id, cancelled=True)
        if scope.kind is not ScopeKind.CALLED:
            parent.tokens -= 1

    # --- start ---

    def _start(self, path: str, *, after: bool) -> None:
        *calls, identity = path.split("/")
        scope = self.run.scope(ROOT)
        for call in calls:
            scope = self._called(scope, call)
        node = self._program(scope).nodes.get(identity)
        if node is None:
            raise _Refused(refusal(path, None, "element-unknown", f"图中没有“{path}”", f"the diagram has no '{path}'"))
        if _cannot_start(node) or (after and not node.outgoing):
            zh, en = f"不能从“{path}”开始", f"nothing can begin at '{path}'"
            raise _Refused(refusal(path, node.kind.value, "cannot-start", zh, en))
        place = self._scope_for(scope, node)
        place.tokens += 1
        chooses = node.kind in GATEWAYS and node.kind is not Kind.PARALLEL
        self.begun.append((place.id, node, "leave" if after and not chooses else "enter"))

    def _program(self, scope: Scope) -> Program:
        program = self.run.closure.program(scope.process)
        assert program is not None
        return program

    def _called(self, outer: Scope, call: str) -> Scope:
        """The inside of a call activity that is open."""
        found = [
            inner
            for inner in self.run.state.scopes.values()
            if inner.kind is ScopeKind.CALLED
            and inner.parent is not None
            and self.run.scope(inner.parent).element == call
            and self._process_scope(inner.parent).id == outer.id
        ]
        return self._only(found, call)

    def _process_scope(self, scope_id: int) -> Scope:
        scope = self.run.scope(scope_id)
        while scope.kind not in (ScopeKind.ROOT, ScopeKind.CALLED):
            scope = self.run.scope(self.run.parent(scope.id))
        return scope

    def _only(self, found: list[Scope], identity: str) -> Scope:
        if len(found) == 1:
            return found[0]
        zh = f"“{identity}”打开了 {len(found)} 次，无法确定在哪一次里开始" if found else f"“{identity}”没有打开"
        en = f"'{identity}' is open {len(found)} times: where?" if found else f"'{identity}' is not open"
        code = "scope-ambiguous" if found else "scope-not-open"
        raise _Refused(refusal(identity, None, code, zh, en))

    def _scope_for(self, process: Scope, node: Node) -> Scope:
        """Where the element stands; sub-processes around it are opened where they are not open yet."""
        around = owners(self._program(process))
        chain: list[Node] = []
        owner = around[node.id]
        while owner is not None:
            chain.insert(0, owner)
            owner = around[owner.id]
        scope = process
        for sub_process in chain:
            scope = self._inner(scope, sub_process)
        return scope

    def _inner(self, outer: Scope, node: Node) -> Scope:
        kinds = (ScopeKind.EVENT,) if node.kind is Kind.EVENT_SUB_PROCESS else (ScopeKind.ACTIVITY,)
        places = {outer.id} | {i for i in self.run.inside(outer.id) if self.run.scope(i).kind is ScopeKind.BODY}
        found = [
            scope
            for scope in self.run.state.scopes.values()
            if scope.kind in kinds and scope.element == node.id and scope.parent in places
        ]
        if found or node.kind is Kind.EVENT_SUB_PROCESS or node.loop is not None or node.body is None:
            return self._only(found, node.id)
        own = self.run.open_scope(outer.id, ScopeKind.ACTIVITY, node.id)
        outer.tokens += 1
        try:
            self.run.map_inputs(own.id, node)
            listen_at_boundaries(self.run, own.id, node)
            listen_for_event_sub_processes(self.run, own.id, node.body)
        except Failed as failed:
            raise _Refused(
                refusal(node.id, node.kind.value, failed.code, failed.message.zh, failed.message.en)
            ) from None
        self.run.note(outer.id, node.id, "entered")
        return own


def _cannot_start(node: Node) -> bool:
    is_event_start = node.kind is Kind.START and node.owner is not None and node.owner.kind is Kind.EVENT_SUB_PROCESS
    return node.kind in NEVER_STARTED or is_event_start or node.element.compensates
