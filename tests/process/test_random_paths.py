"""Random diagrams, random paths: nothing is lost or left over, the state survives being stored at every step."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.interpreter.contracts import (
    IncidentRetried,
    JobDone,
    JobFailed,
    MessageReceived,
    SignalReceived,
    TimerFired,
    UserTaskDone,
    VariablesChanged,
    Wait,
    WaitKind,
)
from runtime.trials.random_diagrams import DECLARED, random_process
from tests.process.play import Play, closure_of, diagram

ENOUGH = 150  # steps of chance; from then on everything is brought to its end


def event_for(random: Random, wait: Wait, x: int):
    """Something that the wait can be told."""
    if wait.kind is WaitKind.JOB and random.random() < 0.2:
        return JobFailed(wait.id, "broken")
    return {
        WaitKind.USER_TASK: lambda: UserTaskDone(wait.id, {"x": x}),
        WaitKind.JOB: lambda: JobDone(wait.id, {"x": x}),
        WaitKind.TIMER: lambda: TimerFired(wait.id),
        WaitKind.MESSAGE: lambda: MessageReceived(wait.id, {"x": x}),
        WaitKind.SIGNAL: lambda: SignalReceived(wait.id),
        WaitKind.INCIDENT: lambda: IncidentRetried(wait.id),
        WaitKind.CONDITION: lambda: VariablesChanged({"x": 3}),
    }[wait.kind]()


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_every_random_path_through_every_random_diagram_keeps_the_invariants_and_can_be_ended(seed):
    random = Random(seed)
    p = Play(closure_of(diagram(DECLARED, random_process(random))), {"x": random.randint(1, 3)})

    for _ in range(ENOUGH):
        if p.state != "active":
            break
        waits = p.waits()
        assert waits, "an active instance of a sound diagram waits for something"
        p.tell(event_for(random, random.choice(waits), random.randint(1, 3)))
    _bring_to_its_end(p)

    assert (p.state, p.waits()) == ("completed", [])


def _bring_to_its_end(p: Play) -> None:
    """Answer what stands in the way, with x = 1: loops end."""
    for _ in range(2_000):
        if p.state != "active":
            return
        tokens = [wait for wait in p.waits() if not _only_listens(p, wait)]
        p.tell(event_for(Random(0), tokens[0], 1))


def _only_listens(p: Play, wait: Wait) -> bool:
    kind = p.closure.root.nodes[wait.element_id].kind.value
    return kind in ("boundaryEvent", "startEvent") and wait.kind is not WaitKind.INCIDENT


def test_the_same_events_give_the_same_states():
    def history(seed: int) -> list[object]:
        random = Random(seed)
        p = Play(closure_of(diagram(DECLARED, random_process(random))), {"x": 1})
        for _ in range(40):
            if p.state == "active":
                p.tell(event_for(random, random.choice(p.waits()), random.randint(1, 3)))
        return [p.now_state, p.history]

    assert history(7) == history(7)
