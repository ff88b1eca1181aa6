"""`start` and `apply`: an event in, the instance run to its next waits, a step out. The state given is not changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from engine.errors import Incorrect
from engine.interpreter import catching, compensation, conditions, lifecycle, throwing
from engine.interpreter.behaviours import BEHAVIOURS
from engine.interpreter.behaviours.events import uncaught, undone
from engine.interpreter.behaviours.gateways import split_inclusive
from engine.interpreter.contracts import (
    Diff,
    ErrorThrown,
    Event,
    IncidentRetried,
    InstanceStatus,
    JobDone,
    JobFailed,
    MessageReceived,
    SignalReceived,
    Step,
    Terminated,
    TimerFired,
    UserTaskDone,
    VariablesChanged,
    Wait,
    WaitKind,
)
from engine.interpreter.failures import Failed, Unexpected
from engine.interpreter.joins import release_inclusive
from engine.interpreter.program import Closure, Node
from engine.interpreter.run import Move, Run, Tables
from engine.interpreter.state import ROOT, Scope, ScopeKind, State
from engine.model.elements import ErrorEvent

TABLES = Tables(
    phases={
        "begin": lifecycle.begin_process,
        "enter": lifecycle.enter,
        "inner": lifecycle.begin_inner_run,
        "complete": lifecycle.completing,
        "leave": lifecycle.leaving,
        "join": split_inclusive,
        "body_done": lifecycle.body_done,
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
    """A new instance, run to its first waits; by a message when `start_element` is its start event.

    Raises Incorrect when the process does not start that way or the message's values cannot be mapped.
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
    return _finish(run)


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
        raise Incorrect("此流程只能由消息启动", "this process is started by a message only", code="start")
    node = closure.root.nodes.get(start_element)
    if node is None or (node is not body.start and node not in body.message_starts.values()):
        raise Incorrect(f"“{start_element}”不是开始事件", f"'{start_element}' is no start event", code="start")
    return node


def apply(closure: Closure, state: State, event: Event, now: datetime) -> Step:
    """What the event makes of the instance. Raises Unexpected when nobody waits for it."""
    if state.status is not InstanceStatus.ACTIVE:
        raise Unexpected("流程实例已结束", "the instance has ended")
    run = Run(closure, state.copy(), now.astimezone(CIVIL), TABLES)
    DELIVERIES[type(event)](run, event)
    return _finish(run)


def _finish(run: Run) -> Step:
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
    return Diff(
        opened=tuple(wait for identity, wait in new.items() if identity not in old),
        closed=tuple(wait for identity, wait in old.items() if identity not in new),
        changed=tuple(wait for identity, wait in new.items() if identity in old and wait.data != old[identity].data),
    )


# --- what is delivered ------------------------------------------------------------------------------------------------


def _wait(run: Run, wait_id: int, *kinds: WaitKind) -> Wait:
    wait = run.state.waits.get(wait_id)
    if wait is None or wait.kind not in kinds:
        raise Unexpected("没有元素在等待此事件", "nothing waits for this event")
    return wait


def _node(run: Run, wait: Wait) -> Node:
    return run.node_of(run.scope(wait.scope), wait.element_id)


def _work_done(run: Run, wait: Wait, values: Mapping[str, Any]) -> None:
    node = _node(run, wait)
    run.close_wait(wait)
    run.give(wait.scope, node, values)
    lifecycle.complete(run, wait.scope, node)


def _user_task_done(run: Run, event: UserTaskDone) -> None:
    _work_done(run, _wait(run, event.wait_id, WaitKind.USER_TASK), event.variables)


def _job_done(run: Run, event: JobDone) -> None:
    _work_done(run, _wait(run, event.wait_id, WaitKind.JOB), event.variables)


def _timer_fired(run: Run, event: TimerFired) -> None:
    catching.trigger(run, _wait(run, event.wait_id, WaitKind.TIMER), {})


def _message_received(run: Run, event: MessageReceived) -> None:
    catching.trigger(run, _wait(run, event.wait_id, WaitKind.MESSAGE), event.payload)


def _signal_received(run: Run, event: SignalReceived) -> None:
    catching.trigger(run, _wait(run, event.wait_id, WaitKind.SIGNAL), event.payload)


def _job_failed(run: Run, event: JobFailed) -> None:
    wait = _wait(run, event.wait_id, WaitKind.JOB)
    run.close_wait(wait)
    failed = Failed("job_failed", f"服务任务失败：{event.message}", f"the job failed: {event.message}")
    run.stand_still(failed, Move("reopen", wait.scope, _node(run, wait)), cause=wait)


def _error_thrown(run: Run, event: ErrorThrown) -> None:
    wait = _wait(run, event.wait_id, WaitKind.JOB, WaitKind.USER_TASK)
    node = _node(run, wait)
    catcher = throwing.find(run, wait.scope, ErrorEvent, event.code)
    if catcher is None:
        run.close_wait(wait)
        run.stand_still(uncaught(event.code), Move("reopen", wait.scope, node), cause=wait)
        return
    detail = {"code": event.code, "message": event.message}
    run.note(wait.scope, wait.element_id, "fired", detail)
    throwing.hand_over(run, catcher, event.variables)


def _incident_retried(run: Run, event: IncidentRetried) -> None:
    wait = _wait(run, event.wait_id, WaitKind.INCIDENT)
    node, data = _node(run, wait), wait.data
    run.close_wait(wait)
    run.note(wait.scope, wait.element_id, "resolved")
    if data["phase"] == "reopen":
        run.open_wait(wait.scope, node, WaitKind(data["cause"]), data["wait"])
    else:
        run.push(data["phase"], wait.scope, node, data["via"])


def _variables_changed(run: Run, event: VariablesChanged) -> None:
    for name, value in event.variables.items():
        run.write_everywhere(name, value)


def _terminated(run: Run, event: Terminated) -> None:
    run.clear(ROOT)
    run.state.status = InstanceStatus.TERMINATED
    run.note(ROOT, run.scope(ROOT).element, "terminated", {"reason": event.reason} if event.reason else None)


DELIVERIES: dict[type, Callable[[Run, Any], None]] = {
    UserTaskDone: _user_task_done,
    JobDone: _job_done,
    TimerFired: _timer_fired,
    MessageReceived: _message_received,
    SignalReceived: _signal_received,
    JobFailed: _job_failed,
    ErrorThrown: _error_thrown,
    IncidentRetried: _incident_retried,
    VariablesChanged: _variables_changed,
    Terminated: _terminated,
}
