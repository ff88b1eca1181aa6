"""Small diagrams written in a few words, run on the interpreter, told in the vocabulary of scenario files.

>>> p = play(start("s"), user("task_a"), end("e"), "s -> task_a -> e")
>>> p.open
['task_a']
>>> p.complete("task_a", colour="red").state
'completed'
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.interpreter import Closure, State, apply, compile_program, decode, diff, encode
from engine.interpreter import start as begin
from engine.interpreter.contracts import (
    ErrorThrown,
    Event,
    IncidentRetried,
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
from engine.model import read_bpmn
from engine.rehearsal.drawing import (
    TERMINATE as TERMINATE,
)
from engine.rehearsal.drawing import (
    boundary as boundary,
)
from engine.rehearsal.drawing import (
    call as call,
)
from engine.rehearsal.drawing import (
    catch as catch,
)
from engine.rehearsal.drawing import (
    condition as condition,
)
from engine.rehearsal.drawing import (
    content as content,
)
from engine.rehearsal.drawing import (
    declare as declare,
)
from engine.rehearsal.drawing import (
    diagram as diagram,
)
from engine.rehearsal.drawing import (
    each as each,
)
from engine.rehearsal.drawing import (
    el as el,
)
from engine.rehearsal.drawing import (
    end as end,
)
from engine.rehearsal.drawing import (
    error as error,
)
from engine.rehearsal.drawing import (
    escalation as escalation,
)
from engine.rehearsal.drawing import (
    event_gateway as event_gateway,
)
from engine.rehearsal.drawing import (
    event_start as event_start,
)
from engine.rehearsal.drawing import (
    event_sub as event_sub,
)
from engine.rehearsal.drawing import (
    flows as flows,
)
from engine.rehearsal.drawing import (
    fork as fork,
)
from engine.rehearsal.drawing import (
    inclusive as inclusive,
)
from engine.rehearsal.drawing import (
    io as io,
)
from engine.rehearsal.drawing import (
    link as link,
)
from engine.rehearsal.drawing import (
    message as message,
)
from engine.rehearsal.drawing import (
    process as process,
)
from engine.rehearsal.drawing import (
    script as script,
)
from engine.rehearsal.drawing import (
    service as service,
)
from engine.rehearsal.drawing import (
    signal as signal,
)
from engine.rehearsal.drawing import (
    start as start,
)
from engine.rehearsal.drawing import (
    sub as sub,
)
from engine.rehearsal.drawing import (
    throw as throw,
)
from engine.rehearsal.drawing import (
    timer as timer,
)
from engine.rehearsal.drawing import (
    user as user,
)
from engine.rehearsal.drawing import (
    xor as xor,
)
from engine.timers import instant, parse_duration
from tests.process.invariants import check

NOW = instant("2026-01-05T08:00:00+08:00")
ONE = [start("s"), end("e")]  # the two ends of the smallest diagram


def closure_of(xml: bytes, root: str = "main", decisions: Mapping[str, Any] | None = None) -> Closure:
    """The first process named `root` (or the only one) with all others of the file to be called."""
    model = read_bpmn(xml)
    programs = {key: compile_program(model, key) for key in model.processes}
    main = programs[root] if root in programs else next(iter(programs.values()))
    return Closure(main, programs, decisions or {})


def play(
    *parts: str, declared: str = "", others: str = "", variables: Mapping[str, Any] | None = None, **options: Any
) -> Play:
    """Read, compile and start the process `main` made of `parts`."""
    return Play(closure_of(diagram(declared, process("main", *parts), others)), variables or {}, **options)


class Play:
    """One instance, driven by element ids. After every step it is encoded and decoded, and the diff is checked."""

    def __init__(self, closure: Closure, variables: Mapping[str, Any], *, now: datetime = NOW, **options: Any) -> None:
        self.closure = closure
        self.now = now
        self.history: list[Any] = []
        self.published: list[Any] = []
        self._state: State | None = None
        self.last = self._took(begin(closure, variables, now, **options))

    def _took(self, step: Step) -> Step:
        changes = diff(self._state, step.state)
        before = set() if self._state is None else set(self._state.waits)
        assert before - {w.id for w in changes.closed} | {w.id for w in changes.opened} == set(step.state.waits)
        reloaded = decode(encode(step.state), step.state.variables)
        assert reloaded == step.state
        check(self.closure, step.state)
        self._state = reloaded
        self.history += step.happened
        self.published += step.published
        self.last = step
        return step

    @property
    def now_state(self) -> State:
        assert self._state is not None
        return self._state

    # --- looking

    @property
    def state(self) -> str:
        return self.now_state.status.value

    @property
    def variables(self) -> dict[str, Any]:
        return self.now_state.variables

    @property
    def ended_at(self) -> list[str]:
        return self.now_state.ended_at

    def waits(self, kind: WaitKind | None = None) -> list[Wait]:
        return [wait for wait in self.now_state.waits.values() if kind in (None, wait.kind)]

    @property
    def open(self) -> list[str]:
        """The paths of the open user tasks, sorted."""
        return sorted(wait.path for wait in self.waits(WaitKind.USER_TASK))

    @property
    def incidents(self) -> list[str]:
        return sorted(wait.path for wait in self.waits(WaitKind.INCIDENT))

    @property
    def waiting(self) -> list[str]:
        """Everything that waits, as `kind path`."""
        return sorted(f"{wait.kind.value} {wait.path}" for wait in self.waits())

    @property
    def due(self) -> dict[str, str]:
        return {wait.path: wait.data["due"] for wait in self.waits(WaitKind.TIMER)}

    @property
    def visited(self) -> set[str]:
        return {line.element_id for line in self.history if line.event in ("entered", "started", "ended")}

    def wait(self, kind: WaitKind, path: str, nth: int = 1) -> Wait:
        return [wait for wait in self.waits(kind) if wait.path == path][nth - 1]

    # --- doing

    def tell(self, event: Event) -> Play:
        before = encode(self.now_state)
        self._took(apply(self.closure, given := self.now_state, event, self.now))
        assert encode(given) == before, "the state given must not change"
        return self

    def complete(self, path: str, nth: int = 1, **variables: Any) -> Play:
        return self.tell(UserTaskDone(self.wait(WaitKind.USER_TASK, path, nth).id, variables))

    def work(self, path: str, nth: int = 1, **variables: Any) -> Play:
        return self.tell(JobDone(self.wait(WaitKind.JOB, path, nth).id, variables))

    def fail(self, path: str, reason: str = "broken") -> Play:
        return self.tell(JobFailed(self.wait(WaitKind.JOB, path).id, reason))

    def error(self, kind: WaitKind, path: str, code: str, **variables: Any) -> Play:
        return self.tell(ErrorThrown(self.wait(kind, path).id, code, "", variables))

    def message(self, name: str, key: str = "k", **payload: Any) -> Play:
        wait = next(w for w in self.waits(WaitKind.MESSAGE) if w.data == {"name": name, "key": key})
        return self.tell(MessageReceived(wait.id, payload))

    def signal(self, name: str, **payload: Any) -> Play:
        for wait in [w for w in self.waits(WaitKind.SIGNAL) if w.data["name"] == name]:
            if wait.id in self.now_state.waits:
                self.tell(SignalReceived(wait.id, payload))
        return self

    def retry(self, path: str) -> Play:
        return self.tell(IncidentRetried(self.wait(WaitKind.INCIDENT, path).id))

    def set(self, **variables: Any) -> Play:
        return self.tell(VariablesChanged(variables))

    def terminate(self) -> Play:
        return self.tell(Terminated())

    def advance(self, text: str) -> Play:
        """From due time to due time, each timer at its own."""
        until = parse_duration(text).after(self.now)
        while self.state == "active":
            due = min(self.waits(WaitKind.TIMER), key=_due, default=None)
            if due is None or _due(due)[0] > until:
                break
            self.now = max(self.now, _due(due)[0])
            self.tell(TimerFired(due.id))
        self.now = max(self.now, until)
        return self

    def sleep(self, text: str) -> Play:
        """Time passes while nobody looks at the timers."""
        self.now = parse_duration(text).after(self.now)
        return self

    def fire(self, path: str) -> Play:
        return self.tell(TimerFired(self.wait(WaitKind.TIMER, path).id))


def _due(wait: Wait) -> tuple[datetime, int]:
    return datetime.fromisoformat(wait.data["due"]), wait.id
