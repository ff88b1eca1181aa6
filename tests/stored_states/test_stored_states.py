"""An instance saved by any release loads and finishes: `codec_N.state` was written when codec N was new, and stays."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.interpreter import apply, decode, encode
from engine.interpreter.contracts import IncidentRetried, MessageReceived, TimerFired, UserTaskDone, VariablesChanged
from engine.store import plain
from tests.process.play import NOW, closure_of

HERE = Path(__file__).parent
RELEASES = sorted(path.stem for path in HERE.glob("*.state"))


def _load(release: str):
    variables = plain.loads((HERE / f"{release}.variables.json").read_bytes())
    closure = closure_of((HERE / f"{release}.bpmn").read_bytes())
    return closure, decode((HERE / f"{release}.state").read_bytes(), variables)


@pytest.mark.parametrize("release", RELEASES)
def test_everything_that_waited_waits_on(release):
    _, state = _load(release)

    assert {wait.path: wait.kind.value for wait in state.waits.values()} == {
        "broken": "incident",
        "more_start": "message",
        "race_message": "message",
        "race_timer": "timer",
        "timer_late": "timer",
        "call_child/child_task": "user_task",
        "task_look": "user_task",
        "task_newborn": "user_task",
        "task_report": "user_task",
    }
    assert str(state.variables["exact"]) == "110.50"
    assert decode(encode(state), state.variables) == state


@pytest.mark.parametrize("release", RELEASES)
def test_it_goes_on_to_its_end(release):
    closure, state = _load(release)

    def tell(path: str, event: type, *more: object) -> None:
        nonlocal state
        wait = next(wait for wait in state.waits.values() if wait.path == path)
        state = apply(closure, state, event(wait.id, *more), NOW).state

    tell("timer_late", TimerFired)
    tell("race_message", MessageReceived, {"delivered_on": "2026-08-09"})
    tell("task_newborn", UserTaskDone, {"weight": 3100})
    tell("call_child/child_task", UserTaskDone, {})
    tell("task_look", UserTaskDone, {})
    tell("task_report", UserTaskDone, {})
    state = apply(closure, state, VariablesChanged({"nothing": []}), NOW).state
    tell("broken", IncidentRetried)

    assert (state.status.value, state.ended_at) == ("completed", ["end_late", "e"])
    assert state.variables["weights"] == [3100, 2900]
    assert state.variables["reported"] == Decimal("110.50")
