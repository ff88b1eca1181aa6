"""Errors and escalations look for who catches them, from the inside outwards, through called processes too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.interpreter.catching import begin_event_sub_process, leave_boundary
from engine.interpreter.program import Body, Node
from engine.interpreter.run import Run
from engine.interpreter.state import Scope, ScopeKind
from engine.model.elements import ErrorEvent, EscalationEvent, Kind

Thrown = type[ErrorEvent] | type[EscalationEvent]


@dataclass(frozen=True, slots=True)
class Catcher:
    """Who catches: the start event of an event sub-process of `scope`, or a boundary event on the activity it is."""

    scope: Scope
    node: Node


def find(run: Run, scope_id: int, thrown: Thrown, code: str) -> Catcher | None:
    """The nearest catcher of an error or escalation, or None.

    An event sub-process of a scope comes before the boundary event on it. What is thrown inside an interrupting event
    sub-process goes past the others beside it.
    """
    scope: Scope | None = run.scope(scope_id)
    past = False
    while scope is not None:
        body = _body_of(run, scope)
        start = None if body is None or past else _best(_starts(body), thrown, code)
        catcher = start or _best(_boundaries(run, scope), thrown, code)
        if catcher is not None:
            return Catcher(scope, catcher)
        past = scope.kind is ScopeKind.EVENT and _interrupted(run, scope)
        scope = None if scope.parent is None else run.scope(scope.parent)
    return None


def hand_over(run: Run, catcher: Catcher, values: Mapping[str, Any]) -> None:
    """The catcher takes over, with these values; when it interrupts, the thrower's token is gone."""
    scope, node = catcher.scope, catcher.node
    if node.kind is Kind.START:
        begin_event_sub_process(run, scope.id, node, values)
        return
    around = run.parent(scope.id)
    if node.element.interrupting:
        run.drop(scope.id, cancelled=True)
    else:
        run.scope(around).tokens += 1
    leave_boundary(run, around, node, values)


def _best(catchers: Iterable[Node], thrown: Thrown, code: str) -> Node | None:
    """The catcher of exactly this code, else one that catches all."""
    matching = [node for node in catchers if isinstance(node.event, thrown) and node.event.code in (code, None)]
    return min(matching, key=lambda node: getattr(node.event, "code", None) is None, default=None)


def _body_of(run: Run, scope: Scope) -> Body | None:
    if scope.kind in (ScopeKind.ROOT, ScopeKind.CALLED):
        program = run.closure.program(scope.process)
        return None if program is None else program.body
    if scope.kind in (ScopeKind.ACTIVITY, ScopeKind.EVENT):
        return run.node_of(scope, scope.element).body
    return None


def _starts(body: Body) -> list[Node]:
    inside = [node.body for node in body.event_sub_processes]
    return [inner.start for inner in inside if inner is not None and inner.start is not None]


def _boundaries(run: Run, scope: Scope) -> tuple[Node, ...]:
    """The boundary events of the activity that the scope is; those of several runs belong to the body."""
    if scope.kind is ScopeKind.ACTIVITY and scope.parent is not None:
        around = run.scope(scope.parent)
        if around.kind is ScopeKind.BODY and around.element == scope.element:
            return ()
    if scope.kind in (ScopeKind.ACTIVITY, ScopeKind.BODY):
        return run.node_of(scope, scope.element).boundaries
    return ()


def _interrupted(run: Run, scope: Scope) -> bool:
    body = run.node_of(scope, scope.element).body
    return body is not None and body.start is not None and body.start.element.interrupting
