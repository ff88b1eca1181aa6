"""What each event makes of the wait that it is for, or of the instance, before the tokens move on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.interpreter import catching, lifecycle, throwing
from engine.interpreter.behaviours.events import uncaught
from engine.interpreter.contracts import (
    ErrorThrown,
    IncidentRetried,
    InstanceStatus,
    JobDone,
    JobFailed,
    MessageReceived,
    SignalReceived,
    Terminated,
    TimerFired,
    UserTaskDone,
    VariablesChanged,
    Wait,
    WaitKind,
)
from engine.interpreter.failures import Failed, Unexpected
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.interpreter.state import ROOT
from engine.interpreter.tree import Move
from engine.model.elements import ErrorEvent


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
        again = data["wait"]
        if data["cause"] == WaitKind.JOB:
            again = {**again, "variables": dict(run.visible(wait.scope))}  # somebody may have repaired them
        run.open_wait(wait.scope, node, WaitKind(data["cause"]), again)
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
