"""Something came from outside to a wait: where the token goes, by what kind of element was waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.interpreter.contracts import Wait, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.lifecycle import complete
from engine.interpreter.listening import listen_for_event_sub_processes, rearm
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.interpreter.state import ScopeKind
from engine.interpreter.tree import Move
from engine.model.elements import Kind

HAPPENED = {
    WaitKind.TIMER: "fired",
    WaitKind.MESSAGE: "received",
    WaitKind.SIGNAL: "received",
    WaitKind.CONDITION: "fired",
}
Values = Mapping[str, Any]


def trigger(run: Run, wait: Wait, payload: Values) -> None:
    """The event that the wait is for has come."""
    node = run.node_of(run.scope(wait.scope), wait.element_id)
    run.note(wait.scope, wait.element_id, HAPPENED[wait.kind], _detail(wait))
    CAUGHT[node.kind](run, wait, node, payload)


def _detail(wait: Wait) -> dict[str, Any] | None:
    if wait.kind is WaitKind.TIMER:
        return {"due": wait.data["due"]}
    return {"name": wait.data["name"]} if "name" in wait.data else None


def _in_the_way(run: Run, wait: Wait, node: Node, payload: Values) -> None:
    """An intermediate event or receive task, perhaps one alternative of an event-based gateway."""
    at = wait.scope
    if run.scope(at).kind is ScopeKind.GATEWAY:
        gateway, at = at, run.parent(at)
        run.drop(gateway)
        run.note(at, node.id, "entered")
        if node.owns_scope:
            at = run.open_scope(at, ScopeKind.ACTIVITY, node.id).id
    else:
        run.close_wait(wait)
    run.give(at, node, payload)
    complete(run, at, node)


def _boundary(run: Run, wait: Wait, node: Node, payload: Values) -> None:
    host = wait.scope
    scope_id = run.parent(host)
    if node.element.interrupting:
        run.drop(host, cancelled=True)
        leave_boundary(run, scope_id, node, payload)
    elif wait.kind is not WaitKind.TIMER or rearm(run, wait, node):
        run.scope(scope_id).tokens += 1
        leave_boundary(run, scope_id, node, payload)


def leave_boundary(run: Run, scope_id: int, node: Node, payload: Values) -> None:
    """The token, in the scope around the activity, goes on from the boundary event."""
    run.note(scope_id, node.id, "entered")
    at = run.open_scope(scope_id, ScopeKind.ACTIVITY, node.id).id if node.owns_scope else scope_id
    run.give(at, node, payload)
    complete(run, at, node)


def _event_sub_process(run: Run, wait: Wait, node: Node, payload: Values) -> None:
    scope_id = wait.scope
    if not node.element.interrupting and wait.kind is WaitKind.TIMER and not rearm(run, wait, node):
        return
    begin_event_sub_process(run, scope_id, node, payload)


def begin_event_sub_process(run: Run, scope_id: int, start: Node, payload: Values) -> None:
    """Run the event sub-process of this start event inside the scope, instead of everything else when it interrupts."""
    node = start.owner
    assert node is not None
    if start.element.interrupting:
        run.clear(scope_id)
    run.scope(scope_id).tokens += 1
    own = run.open_scope(scope_id, ScopeKind.EVENT, node.id)
    own.tokens = 1
    run.note(scope_id, node.id, "entered")
    run.note(own.id, start.id, "entered")
    at = run.open_scope(own.id, ScopeKind.ACTIVITY, start.id).id if start.owns_scope else own.id
    run.give(at, start, payload)
    run.attempt(Move("event_begin", at, start))


def event_sub_process_begins(run: Run, move: Move) -> None:
    """Its inputs are mapped, its own event sub-processes listen, its start event completes. Raises Failed."""
    start = move.node
    own = run.parent(move.scope) if start.owns_scope else move.scope
    assert start.owner is not None and start.owner.body is not None
    try:
        run.map_inputs(own, start.owner)
        listen_for_event_sub_processes(run, own, start.owner.body)
    except Failed:
        for listener in run.waits_in(own):
            run.close_wait(listener)
        raise
    complete(run, move.scope, start)


Catch = Callable[[Run, Wait, Node, Values], None]
CAUGHT: dict[Kind, Catch] = {
    Kind.CATCH: _in_the_way,
    Kind.RECEIVE_TASK: _in_the_way,
    Kind.BOUNDARY: _boundary,
    Kind.START: _event_sub_process,
}
