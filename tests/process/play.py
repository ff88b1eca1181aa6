"""Small diagrams written in a few words, run on the interpreter, told in the vocabulary of scenario files.

>>> p = play(start("s"), user("task_a"), end("e"), "s -> task_a -> e")
>>> p.open
['task_a']
>>> p.complete("task_a", colour="red").state
'completed'
"""

from __future__ import annotations

import re
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
from engine.timers import instant, parse_duration
from tests.process.invariants import check

NOW = instant("2026-01-05T08:00:00+08:00")
HEAD = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 xmlns:yuntu="urn:yuntu:bpmn:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="definitions" targetNamespace="t">"""


# --- elements ---------------------------------------------------------------------------------------------------------


def el(tag: str, identity: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    """Any element; `ext` goes into extensionElements, `inside` after it."""
    written = "".join(f' {name}="{_escape(value)}"' for name, value in attributes.items())
    extensions = f"<extensionElements>{ext}</extensionElements>" if ext else ""
    return f'<{tag} id="{identity}"{written}>{extensions}{inside}</{tag}>'


def start(identity: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    return el("startEvent", identity, inside, ext, **attributes)


def end(identity: str, inside: str = "", ext: str = "") -> str:
    return el("endEvent", identity, inside, ext)


def user(identity: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    return el("userTask", identity, inside, ext, **attributes)


def service(identity: str, kind: str = "work", inside: str = "", ext: str = "") -> str:
    return el("serviceTask", identity, inside, f'<zeebe:taskDefinition type="{kind}"/>{ext}')


def script(identity: str, expression: str, result: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    written = f'<zeebe:script expression="{_escape("=" + expression)}" resultVariable="{result}"/>'
    return el("scriptTask", identity, inside, written + ext, **attributes)


def xor(identity: str, default: str | None = None) -> str:
    return el("exclusiveGateway", identity, **({} if default is None else {"default": default}))


def fork(identity: str) -> str:
    return el("parallelGateway", identity)


def inclusive(identity: str, default: str | None = None) -> str:
    return el("inclusiveGateway", identity, **({} if default is None else {"default": default}))


def event_gateway(identity: str) -> str:
    return el("eventBasedGateway", identity)


def catch(identity: str, inside: str, ext: str = "") -> str:
    return el("intermediateCatchEvent", identity, inside, ext)


def throw(identity: str, inside: str = "", ext: str = "") -> str:
    return el("intermediateThrowEvent", identity, inside, ext)


def boundary(identity: str, host: str, inside: str, *, interrupting: bool = True, ext: str = "") -> str:
    cancel = "true" if interrupting else "false"
    return el("boundaryEvent", identity, inside, ext, attachedToRef=host, cancelActivity=cancel)


def sub(identity: str, *parts: str, ext: str = "", loop: str = "", **attributes: str) -> str:
    return el("subProcess", identity, loop + content(*parts), ext, **attributes)


def event_sub(identity: str, *parts: str) -> str:
    return sub(identity, *parts, triggeredByEvent="true")


def event_start(identity: str, inside: str, *, interrupting: bool = True, ext: str = "") -> str:
    return start(identity, inside, ext, isInterrupting="true" if interrupting else "false")


def call(identity: str, process: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return el("callActivity", identity, inside, f'<zeebe:calledElement processId="{process}"{written}/>{ext}')


def timer(text: str, sort: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{sort}>{_escape(text)}</{sort}></timerEventDefinition>"


def message(identity: str) -> str:
    return f'<messageEventDefinition messageRef="{identity}"/>'


def signal(identity: str) -> str:
    return f'<signalEventDefinition signalRef="{identity}"/>'


def error(identity: str | None = None) -> str:
    return f"<errorEventDefinition{_ref('errorRef', identity)}/>"


def escalation(identity: str | None = None) -> str:
    return f"<escalationEventDefinition{_ref('escalationRef', identity)}/>"


def condition(text: str) -> str:
    return f"<conditionalEventDefinition><condition>{_escape(text)}</condition></conditionalEventDefinition>"


def link(name: str) -> str:
    return f'<linkEventDefinition name="{name}"/>'


TERMINATE = "<terminateEventDefinition/>"


def io(inputs: Mapping[str, str] | None = None, outputs: Mapping[str, str] | None = None) -> str:
    """Mappings as target -> source."""
    rows = [
        (side, target, source)
        for side, m in (("input", inputs), ("output", outputs))
        for target, source in (m or {}).items()
    ]
    inside = "".join(f'<zeebe:{side} source="{_escape(source)}" target="{target}"/>' for side, target, source in rows)
    return f"<zeebe:ioMapping>{inside}</zeebe:ioMapping>"


def each(collection: str, item: str = "", *, sequential: bool = False, completion: str = "", **out: str) -> str:
    """Multi-instance; `outputCollection=`, `outputElement=` may follow."""
    written = "".join(f' {name}="{_escape(value)}"' for name, value in out.items())
    element = f' inputElement="{item}"' if item else ""
    done = f"<completionCondition>{_escape(completion)}</completionCondition>" if completion else ""
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><extensionElements>'
        f'<zeebe:loopCharacteristics inputCollection="{_escape(collection)}"{element}{written}/></extensionElements>'
        f"{done}</multiInstanceLoopCharacteristics>"
    )


def _ref(name: str, identity: str | None) -> str:
    return "" if identity is None else f' {name}="{identity}"'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


# --- processes --------------------------------------------------------------------------------------------------------


def content(*parts: str) -> str:
    """Elements, and flows: `a -> b -> c`, `a -[condition]-> b`, `a -[id: condition]-> b`, `a -[id:]-> b`."""
    return "".join(part if part.lstrip().startswith("<") else flows(part) for part in parts)


def flows(text: str) -> str:
    """The sequence flows of a text of arrows."""
    written = []
    for line in filter(None, (line.strip() for line in re.split(r"[;\n]", text))):
        pieces = re.split(r"\s*(->|-\[.*?\]->)\s*", line)
        for source, arrow, target in zip(pieces[0::2], pieces[1::2], pieces[2::2]):
            label = arrow[2:-3] if arrow.startswith("-[") else ""
            named = re.match(r"(\w+):\s*(.*)", label)
            identity, text_of = (named[1], named[2]) if named else (f"{source}_{target}", label)
            inside = f"<conditionExpression>{_escape('=' + text_of)}</conditionExpression>" if text_of else ""
            written.append(
                f'<sequenceFlow id="{identity}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
            )
    return "".join(written)


def process(identity: str, *parts: str, executable: bool = True) -> str:
    return f'<process id="{identity}" isExecutable="{str(executable).lower()}">{content(*parts)}</process>'


def declare(messages: Mapping[str, str] = {}, signals: str = "", errors: str = "", escalations: str = "") -> str:
    """Root elements: messages as id -> correlation key (FEEL), the others as words, each its own id, name and code."""
    keys = {
        i: f'<extensionElements><zeebe:subscription correlationKey="{_escape(k)}"/></extensionElements>' if k else ""
        for i, k in messages.items()
    }
    written = [f'<message id="{identity}" name="{identity}">{key}</message>' for identity, key in keys.items()]
    written += [f'<signal id="{word}" name="{word}"/>' for word in signals.split()]
    written += [f'<error id="{word}" name="{word}" errorCode="{word}"/>' for word in errors.split()]
    written += [f'<escalation id="{word}" name="{word}" escalationCode="{word}"/>' for word in escalations.split()]
    return "".join(written)


def diagram(*parts: str) -> bytes:
    return f"{HEAD}{''.join(parts)}</definitions>".encode()


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
