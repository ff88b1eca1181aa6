"""`start` and `apply`: an event in, the instance run to its next waits, a step out. The state given is not changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from engine.errors import Incorrect
from engine.interpreter import catching, compensation, conditions, lifecycle
from engine.interpreter.behaviours import BEHAVIOURS
from engine.interpreter.behaviours.events import undone
from engine.interpreter.behaviours.gateways import split_inclusive
from engine.interpreter.contracts import (
    Diff,
    Event,
    InstanceStatus,
    Step,
)
from engine.interpreter.deliveries import DELIVERIES
from engine.interpreter.failures import Failed, Unexpected
from engine.interpreter.joins import release_inclusive
from engine.interpreter.program import Closure, Node
from engine.interpreter.run import Run, Tables
from engine.interpreter.state import ROOT, Scope, ScopeKind, State
from engine.interpreter.tree import Move

TABLES = Tables(
    phases={
        "begin": lifecycle.begin_process,
        "enter": lifecycle.enter,
        "inner": lifecycle.begin_inner_run,
        "complete": lifecycle.completing,
        "leave": lifecycle.leaving,
        "join": split_inclusive,
        "body_done": lifecycle.body_done,
        "event_begin": catching.event_sub_process_begins,
        "event_done": lifecycle.event_sub_process_done,
        "undo_next": compensation.begin_next,
        "undone": undone,
    },
    behaviours=BEHAVIOURS,
)

CIVIL = timezone(
    timedelta(hours=8)
)  # what `now()` and `today()` mean in a diagram, whatever zone the caller's clock has


def start(
    closure: Closure,
    variables: Mapping[str, Any],
    now: datetime,
    *,
    start_element: str | None = None,
    business_key: str | None = None,
) -> Step:
    """A new instance, run to its first waits; `start_element` is the event that began it, the none start by default.

    `variables` are the payload of a message or signal. Raises Incorrect when the process does not start that way or
    the payload cannot be mapped.
    """
    program = closure.root
    node = _start_node(closure, start_element)
    root = Scope(ROOT, None, ScopeKind.ROOT, program.key, program.key)
    run = Run(closure, State({ROOT: root}), now.astimezone(CIVIL), TABLES)
    run.note(ROOT, node.id, "started", None if business_key is None else {"business_key": business_key})
    if node.outputs and node.event is not None:
        _map_start(run, node, variables)
    else:
        for name, value in variables.items():
            run.write(ROOT, name, value)
    run.attempt(Move("begin", ROOT, node))
    return finish(run)


def _map_start(run: Run, node: Node, variables: Mapping[str, Any]) -> None:
    try:
        run.map_start(node.outputs, variables)
    except Failed as failed:
        raise Incorrect(failed.message.zh, failed.message.en, code="start") from None


def _start_node(closure: Closure, start_element: str | None) -> Node:
    body = closure.root.body
    if start_element is None:
        if body.start is not None:
            return body.start
        raise Incorrect(
            "此流程没有空开始事件，只能由其开始事件启动",
            "this process has no none start event: an event begins it",
            code="start",
        )
    node = closure.root.nodes.get(start_element)
    if node is None or node not in (body.start, *body.event_starts):
        raise Incorrect(f"“{start_element}”不是开始事件", f"'{start_element}' is no start event", code="start")
    return node


def apply(closure: Closure, state: State, event: Event, now: datetime, *, used_up: bool = False) -> Step:
    """What the event makes of the instance. Raises Unexpected when nobody waits for it. `used_up`: the state given is
    not looked at any more, and may become the one after the step."""
    if state.status is not InstanceStatus.ACTIVE:
        raise Unexpected("流程实例已结束", "the instance has ended")
    run = Run(closure, state if used_up else state.copy(), now.astimezone(CIVIL), TABLES)
    DELIVERIES[type(event)](run, event)
    return finish(run)


def finish(run: Run) -> Step:
    """Move until everything stands still."""
    while True:
        while run.agenda:
            move = run.agenda.popleft()
            if move.scope in run.state.scopes:
                run.attempt(move)
            if run.touched:
                conditions.look_again(run)
        if run.touched:
            conditions.look_again(run)
        elif not release_inclusive(run):
            return run.step()


def diff(before: State | None, after: State) -> Diff:
    """The waits that opened, closed or changed between two states of one instance."""
    old = {} if before is None else before.waits
    new = after.waits
    opened = [wait for identity, wait in new.items() if identity not in old]
    closed = [wait for identity, wait in old.items() if identity not in new]
    kept = [(wait, old[identity]) for identity, wait in new.items() if identity in old]
    changed = [wait for wait, was in kept if wait is not was and wait.data != was.data]
    return Diff(tuple(opened), tuple(closed), tuple(changed))
