"""The life of a token: it enters an element, the element completes, the token leaves along flows, its scope is done."""

from __future__ import annotations

from collections.abc import Iterable

from engine.interpreter import compensation, multi_instance
from engine.interpreter.contracts import InstanceStatus
from engine.interpreter.failures import Failed
from engine.interpreter.listening import listen_at_boundaries, listen_for_event_sub_processes
from engine.interpreter.program import Body, Flow, Node
from engine.interpreter.run import Run
from engine.interpreter.state import ROOT, Scope, ScopeKind
from engine.interpreter.tree import Move
from engine.model.elements import CallWork, Kind

SILENT = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.INCLUSIVE, Kind.START, Kind.END, Kind.THROW, Kind.BOUNDARY})


def enter(run: Run, move: Move) -> None:
    """A token arrives. Raises Failed, after which nothing of the element is left."""
    run.budget -= 1
    if run.budget < 0:
        raise Failed(
            "step_budget",
            "一步内执行的元素过多，可能存在没有等待的循环",
            "too many elements in one step: a loop without a wait?",
        )
    node = move.node
    run.note(move.scope, node.id, "entered")
    if node.loop is not None:
        multi_instance.enter(run, move.scope, node)
    elif node.owns_scope:
        _enter_scoped(run, move.scope, node, move.via)
    else:
        run.tables.behaviours[node.kind](run, move.scope, node, move.via)


def _enter_scoped(run: Run, scope_id: int, node: Node, via: str | None) -> None:
    run.require_room(1)
    own = run.open_scope(scope_id, ScopeKind.ACTIVITY, node.id)
    try:
        run.map_inputs(own.id, node)
        listen_at_boundaries(run, own.id, node)
        run.tables.behaviours[node.kind](run, own.id, node, via)
    except Failed:
        run.drop(own.id)
        raise


def begin_inner_run(run: Run, move: Move) -> None:
    """One run of a multi-instance activity or loop begins, in the scope that was made for it. Raises Failed."""
    try:
        run.map_inputs(move.scope, move.node)
        run.tables.behaviours[move.node.kind](run, move.scope, move.node, None)
    except Failed:
        run.clear(move.scope)
        raise


def complete(run: Run, at: int, node: Node) -> None:
    """The element has done what it is for. A failing output mapping leaves it standing there as an incident."""
    run.attempt(Move("complete", at, node))


def completing(run: Run, move: Move) -> None:
    """Outputs are mapped, the element's scope goes, the token is in the scope around it and leaves."""
    at, node = move.scope, move.node
    scope_id = run.parent(at) if node.owns_scope or node.loop is not None else at
    if node.outputs:
        run.map_outputs(at, node.outputs, scope_id)
    if node.loop is not None:
        multi_instance.inner_run_done(run, scope_id, at, node)
        return
    compensation.remember(run, scope_id, at, node)
    if at != scope_id:
        run.drop(at)
    if node.kind is Kind.END:
        mark_ended(run, scope_id, node)
    elif node.kind not in SILENT:
        run.note(scope_id, node.id, "completed")
    run.attempt(Move("leave", scope_id, node))


def body_done(run: Run, move: Move) -> None:
    """All runs of a multi-instance activity or loop are through."""
    body_id, node = move.scope, move.node
    scope_id = run.parent(body_id)
    multi_instance.hand_out_results(run, body_id, node)
    compensation.remember(run, scope_id, body_id, node)
    run.drop(body_id)
    run.note(scope_id, node.id, "completed")
    run.attempt(Move("leave", scope_id, node))


def mark_ended(run: Run, scope_id: int, node: Node) -> None:
    """An end event has been reached; the instance remembers those of its own process."""
    run.note(scope_id, node.id, "ended")
    if scope_id == ROOT:
        run.state.ended_at.append(node.id)


def leaving(run: Run, move: Move) -> None:
    """The token takes every flow whose condition holds; the default only when none does. Raises Failed."""
    node = move.node
    if not node.conditional:
        take(run, move.scope, node.outgoing)
        return
    take(run, move.scope, chosen_flows(run, move.scope, node))


def chosen_flows(run: Run, scope_id: int, node: Node) -> list[Flow]:
    """All flows that may be taken at an inclusive or implicit split. Raises Failed when there is none."""
    chosen = [
        flow
        for flow in node.outgoing
        if flow is not node.default and (flow.condition is None or run.holds(flow.condition, scope_id))
    ]
    if chosen:
        return chosen
    return [default_flow(node)]


def default_flow(node: Node) -> Flow:
    """The default flow. Raises Failed when there is none."""
    if node.default is None:
        raise Failed(
            "no_flow",
            "没有一条流出的条件成立，也没有默认流",
            "no outgoing condition holds and there is no default flow",
        )
    return node.default


def take(run: Run, scope_id: int, flows: Iterable[Flow]) -> None:
    """The token goes on along these flows; along none, it is consumed, and a scope without tokens is done."""
    scope = run.scope(scope_id)
    count = 0
    for flow in flows:
        run.push("enter", scope_id, flow.target, flow.id)
        run.taken.append(flow.id)
        count += 1
    scope.tokens += count - 1
    if scope.tokens == 0:
        scope_done(run, scope)


def scope_done(run: Run, scope: Scope) -> None:
    """Nothing is under way inside any more: what the scope stands for has completed."""
    if scope.kind is ScopeKind.ROOT:
        run.clear(scope.id)
        run.state.status = InstanceStatus.COMPLETED
        run.note(scope.id, scope.element, "completed")
    elif scope.kind is ScopeKind.CALLED:
        _return_to_caller(run, scope)
    elif scope.kind is ScopeKind.EVENT:
        run.attempt(Move("event_done", scope.id, run.node_of(scope, scope.element)))
    elif scope.kind is ScopeKind.UNDOING:
        run.attempt(Move("undo_next", scope.id, run.node_of(scope, scope.element)))
    else:
        complete(run, scope.id, run.node_of(scope, scope.element))


def event_sub_process_done(run: Run, move: Move) -> None:
    """One run of an event sub-process is through; its token in the scope around it ends."""
    parent, node = run.parent(move.scope), move.node
    if node.outputs:
        run.map_outputs(move.scope, node.outputs, parent)
    compensation.remember(run, parent, move.scope, node)
    run.drop(move.scope)
    run.note(parent, node.id, "completed")
    take(run, parent, ())


def _return_to_caller(run: Run, scope: Scope) -> None:
    at = run.parent(scope.id)
    node = run.node_of(run.scope(at), run.scope(at).element)
    values = scope.values
    run.drop(scope.id)
    if node.outputs or (isinstance(node.work, CallWork) and node.work.all_out):
        run.give(at, node, values)
    complete(run, at, node)


def begin_content(run: Run, scope_id: int, body: Body, start: Node) -> None:
    """A process or sub-process begins: its event sub-processes listen, its start event has the first token."""
    listen_for_event_sub_processes(run, scope_id, body)
    run.scope(scope_id).tokens = 1
    run.push("enter", scope_id, start)


def begin_process(run: Run, move: Move) -> None:
    """The instance itself begins. Raises Failed when an event sub-process of the process cannot listen."""
    start = move.node
    run.scope(ROOT).tokens = 1
    try:
        listen_for_event_sub_processes(run, ROOT, run.closure.root.body)
    except Failed:
        run.clear(ROOT)
        run.scope(ROOT).tokens = 1
        raise
    is_mapped = start.event is not None and start.outputs  # the message's values have been mapped already
    run.push("leave" if is_mapped else "enter", ROOT, start)
