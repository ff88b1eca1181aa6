"""Events in the flow: what starts, catches, throws and ends. Events that wait are met again in `catching`."""

from __future__ import annotations

from collections.abc import Callable

from engine.interpreter import compensation, throwing
from engine.interpreter.behaviours.work import open_job, payload, publish_message
from engine.interpreter.catching import leave_boundary
from engine.interpreter.contracts import Published
from engine.interpreter.failures import Failed
from engine.interpreter.lifecycle import complete, mark_ended, scope_done
from engine.interpreter.listening import LISTENED, listen, text
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.interpreter.state import Scope, ScopeKind
from engine.interpreter.tree import Move
from engine.model.elements import (
    CancelEvent,
    CompensateEvent,
    ErrorEvent,
    EscalationEvent,
    JobWork,
    Kind,
    MessageEvent,
    SignalEvent,
    TerminateEvent,
)


def start(run: Run, at: int, node: Node, via: str | None) -> None:
    """The first token leaves."""
    complete(run, at, node)


def catch(run: Run, at: int, node: Node, via: str | None) -> None:
    """Wait for it; the catching side of a link has been reached already. Raises Failed."""
    if isinstance(node.event, LISTENED):
        listen(run, at, node)
    else:
        complete(run, at, node)


def throw(run: Run, at: int, node: Node, via: str | None) -> None:
    """Throw and go on, unless whoever caught it has taken the token away. Raises Failed."""
    if isinstance(node.work, JobWork):
        open_job(run, at, node)
    elif isinstance(node.event, CompensateEvent):
        compensation.throw(run, at, node, node.event.activity)
    elif _give_out(run, at, node):
        complete(run, at, node)


def end(run: Run, at: int, node: Node, via: str | None) -> None:
    """The token has come to its end; some end events do more. Raises Failed."""
    scope_id = run.parent(at) if node.owns_scope else at
    if isinstance(node.event, TerminateEvent):
        mark_ended(run, scope_id, node)
        run.clear(scope_id)
        scope_done(run, run.scope(scope_id))
    elif isinstance(node.event, CancelEvent):
        mark_ended(run, scope_id, node)
        _cancel(run, scope_id, node)
    else:
        throw(run, at, node, via)


def _cancel(run: Run, transaction: int, node: Node) -> None:
    """Everything under way in the transaction stops, what completed is undone, then its cancel event takes over.

    Of several runs all stop and all are undone: the cancel event belongs to the whole (as every boundary event does).
    """
    scope = run.scope(transaction)
    around = run.scope(run.parent(transaction))
    whole = around if around.kind is ScopeKind.BODY and around.element == scope.element else scope
    records = _undo_records(run, whole)
    run.clear(whole.id)
    whole.undo, whole.tokens = [], 1
    compensation.undo(run, whole.id, node, records)


def _undo_records(run: Run, scope: Scope) -> list[compensation.Record]:
    records = list(scope.undo)
    if scope.kind is ScopeKind.BODY:
        node = run.node_of(scope, scope.element)
        records += [compensation.of_run(run, inner, node) for inner in run.inside(scope.id) if run.scope(inner).undo]
    return records


def undone(run: Run, move: Move) -> None:
    """Compensation is through: whoever threw it goes on."""
    node = move.node
    if not isinstance(node.event, CancelEvent):
        complete(run, move.scope, node)
        return
    scope = run.scope(move.scope)
    boundaries = run.node_of(scope, scope.element).boundaries
    boundary = next(node for node in boundaries if isinstance(node.event, CancelEvent))
    parent = run.parent(scope.id)
    run.drop(scope.id, cancelled=True)
    leave_boundary(run, parent, boundary, {})


def _give_out(run: Run, at: int, node: Node) -> bool:
    """Throw what the event throws. Answers whether the token is still there. Raises Failed."""
    thrower = THROWERS.get(type(node.event))
    return True if thrower is None else thrower(run, at, node)


def _message(run: Run, at: int, node: Node) -> bool:
    publish_message(run, at, node)
    return True


def _signal(run: Run, at: int, node: Node) -> bool:
    run.published.append(Published("signal", text(run, node, "name", at), None, payload(run, at, node)))
    run.note(at, node.id, "published", {"name": run.published[-1].name})
    return True


def _error(run: Run, at: int, node: Node) -> bool:
    code = text(run, node, "code", at)
    catcher = throwing.find(run, at, ErrorEvent, code)
    if catcher is None:
        raise uncaught(code)
    mark_ended(run, run.parent(at) if node.owns_scope else at, node)
    throwing.hand_over(run, catcher, payload(run, at, node))
    return False


def uncaught(code: str) -> Failed:
    """Nobody in the diagram catches this error."""
    return Failed("uncaught_error", f"没有任何事件捕获错误“{code}”", f"nothing catches the error '{code}'")


def _escalation(run: Run, at: int, node: Node) -> bool:
    catcher = throwing.find(run, at, EscalationEvent, text(run, node, "code", at))
    if catcher is None:
        return True
    interrupts = catcher.node.element.interrupting
    if interrupts and node.kind is Kind.END:
        mark_ended(run, run.parent(at) if node.owns_scope else at, node)
    throwing.hand_over(run, catcher, payload(run, at, node))
    return not interrupts


THROWERS: dict[type, Callable[[Run, int, Node], bool]] = {
    MessageEvent: _message,
    SignalEvent: _signal,
    ErrorEvent: _error,
    EscalationEvent: _escalation,
}
