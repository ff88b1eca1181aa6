"""Conditional events: looked at after every change of a value that they read. One fires when it becomes true, and again
only after it was false in between (BPMN 2.0.2 §10.5.5)."""

from __future__ import annotations

from engine.interpreter.catching import trigger
from engine.interpreter.contracts import Wait, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.run import Run


def look_again(run: Run) -> None:
    """Fire the conditional events that the changes since the last look made true."""
    touched, run.touched = run.touched, set()
    for wait in [wait for wait in run.state.waits.values() if wait.kind is WaitKind.CONDITION]:
        if wait.id in run.state.waits:
            _look(run, wait, touched)


def _look(run: Run, wait: Wait, touched: set[str]) -> None:
    node = run.node_of(run.scope(wait.scope), wait.element_id)
    condition = node.formulas["condition"]
    is_new = wait.data["met"] is None
    if condition.expression is None or not (is_new or condition.expression.names & touched):
        return
    try:
        met = run.value(condition, wait.scope) is True
    except Failed:
        met = False  # values that the condition needs are not there yet
    if met == wait.data["met"]:
        return
    run.replace_wait(wait, {"met": met})
    if met:
        trigger(run, run.state.waits[wait.id], {})
