"""Random states of random diagrams, taken to a version that is the same under other names, or has deadlines added."""

from __future__ import annotations

import re
from random import Random

from engine.interpreter import Closure, State, decode, encode
from engine.interpreter.contracts import Wait, WaitKind
from engine.operations.migration import Plan, migrate
from runtime.trials.random_diagrams import random_diagram
from tests.process.invariants import check
from tests.process.play import Play, closure_of
from tests.process.test_random_paths import event_for

ENOUGH = 400
USER_TASK = re.compile(r'<userTask id="([a-z]+\d+)".*?(?:/>|</userTask>)', re.DOTALL)
FAR = "<timerEventDefinition><timeDuration>P900D</timeDuration></timerEventDefinition>"


def renamed_migration_equals_its_twin(seed: int) -> None:
    """The new version has another name for every element and flow. Whoever was there from the start, under the new
    names, stands where the migrated instance stands: place by place, number by number, deadline by deadline."""
    random = Random(seed)
    text = random_diagram(seed).decode()
    old = closure_of(text.encode())
    new = closure_of(re.sub(r"\b[a-z]+\d+\b", lambda m: _new_name(m[0], _ids(old, text)), text).encode())
    twin, p = Play(new, {"x": 1}), Play(old, {"x": 1})
    for _ in range(random.randint(0, 12)):
        if p.state != "active":
            return
        wait, x = random.choice(p.waits()), random.randint(1, 3)
        event = event_for(random, wait, x)
        p.sleep("PT6H").tell(event)
        twin.sleep("PT6H").tell(event)
    if p.state != "active":
        return
    p.sleep("P1D")
    mappings = {key: {i: f"{i}z" for i in program.nodes} for key, program in _programs(old).items()}
    migrated = taken(p, new, mappings)
    assert migrated == twin.now_state


def deadlines_added_change_nothing_else(seed: int) -> None:
    """The new version adds a deadline in the far future to every user task: all waits and timers stay, and to the end
    the same tasks are done in the same order with the same values."""
    random = Random(seed)
    text = random_diagram(seed).decode()
    old, new = closure_of(text.encode()), closure_of(USER_TASK.sub(_with_deadline, text).encode())
    p = Play(old, {"x": 1})
    for _ in range(random.randint(0, 12)):
        if p.state != "active":
            return
        p.sleep("PT6H").tell(event_for(random, random.choice(p.waits()), random.randint(1, 3)))
    if p.state != "active":
        return
    state = taken(p, new, {})
    kept = {wait.id: (wait.path, wait.kind, wait.data) for wait in p.waits()}
    assert kept.items() <= {w.id: (w.path, w.kind, w.data) for w in state.waits.values()}.items()
    q = Play.__new__(Play)
    q.closure, q.now, q._state, q.history, q.published = new, p.now, state, [], []
    p.history = []
    assert _to_its_end(q) == _to_its_end(p)


def taken(p: Play, new: Closure, mappings) -> State:
    before = encode(p.now_state)
    outcome = migrate(p.closure, new, p.now_state, Plan(root="main", mappings=mappings), p.now)
    assert encode(p.now_state) == before, "the state given must not change"
    assert outcome.problems == (), outcome.problems
    state = outcome.step.state
    assert decode(encode(state), state.variables) == state
    check(new, state)
    return state


def _to_its_end(p: Play):
    for _ in range(ENOUGH):
        if p.state != "active":
            break
        p.tell(event_for(Random(0), next(wait for wait in p.waits() if not _only_listens(p, wait)), 1))
    done = [(h.path, h.event) for h in p.history if h.event in ("completed", "ended", "fired")]
    return p.state, p.variables, done


def _only_listens(p: Play, wait: Wait) -> bool:
    program = p.closure.program(p.now_state.scopes[wait.scope].process)
    kind = program.nodes[wait.element_id].kind.value
    return kind in ("boundaryEvent", "startEvent") and wait.kind is not WaitKind.INCIDENT


def _with_deadline(found: re.Match[str]) -> str:
    task = found[1]
    event = f'<boundaryEvent id="far_{task}" attachedToRef="{task}" cancelActivity="false">{FAR}</boundaryEvent>'
    told = (
        f'<endEvent id="told_{task}"/><sequenceFlow id="flow_{task}" sourceRef="far_{task}" targetRef="told_{task}"/>'
    )
    return found[0] + event + told


def _programs(closure: Closure):
    return {**closure.programs, closure.root.key: closure.root}


def _ids(closure: Closure, text: str) -> set[str]:
    elements = {identity for program in _programs(closure).values() for identity in program.nodes}
    return elements | set(re.findall(r'<sequenceFlow id="(\w+)"', text))


def _new_name(word: str, ids: set[str]) -> str:
    return f"{word}z" if word in ids else word
