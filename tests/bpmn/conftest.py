"""The diagrams of the pathway on the interpreter alone: no database, a clock that is set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.clock import CHINA
from engine.dmn import read_decisions
from engine.interpreter import Closure, apply, compile_program, start
from engine.interpreter.contracts import MessageReceived, TimerFired, UserTaskDone, Wait, WaitKind
from engine.model import read_bpmn
from workflows.journey import start_variables
from workflows.regions import load_pack

BPMN = Path(__file__).parents[2] / "bpmn"


@cache
def closure_of(process: str) -> Closure:
    programs = {}
    for path in sorted(BPMN.glob("*.bpmn")):
        model = read_bpmn(path.read_bytes())
        programs.update({key: compile_program(model, key) for key in model.processes})
    decisions = {}
    for path in sorted((BPMN / "decisions").glob("*.dmn")):
        definitions = read_decisions(path.read_bytes())
        decisions.update(dict.fromkeys(definitions.decisions, definitions))
    return Closure(programs[process], programs, decisions)


class Course:
    """One instance, its clock, and the messages it sends to itself."""

    def __init__(self, process: str, variables: Mapping[str, Any], now: datetime) -> None:
        self.closure, self.now = closure_of(process), now
        self.visited: list[str] = []
        self.sent: list[str] = []
        self._take(start(self.closure, dict(variables), now))

    def _take(self, step: Any) -> None:
        self.state = step.state
        self.visited += [h.element_id for h in step.happened if h.event == "entered"]
        for message in step.published:
            self.sent.append(message.name)
            self.message(message.name, dict(message.payload), key=message.key, must=False)

    @property
    def variables(self) -> dict[str, Any]:
        return self.state.variables

    @property
    def status(self) -> str:
        return str(self.state.status)

    def waits(self, kind: WaitKind) -> list[Wait]:
        return [wait for wait in self.state.waits.values() if wait.kind is kind]

    def open(self) -> list[str]:
        assert not self.waits(WaitKind.INCIDENT), [w.data for w in self.waits(WaitKind.INCIDENT)]
        return sorted(wait.element_id for wait in self.waits(WaitKind.USER_TASK))

    def task(self, element_id: str) -> Wait:
        found = [wait for wait in self.waits(WaitKind.USER_TASK) if wait.element_id == element_id]
        assert found, f"{element_id} is not open: {self.open()}"
        return found[0]

    def complete(self, element_id: str, **variables: Any) -> None:
        self._take(apply(self.closure, self.state, UserTaskDone(self.task(element_id).id, variables), self.now))

    def message(
        self, name: str, payload: Mapping[str, Any] | None = None, *, key: str = "p-1", must: bool = True
    ) -> None:
        waiting = [w for w in self.waits(WaitKind.MESSAGE) if w.data["name"] == name and w.data["key"] == key]
        assert waiting or not must, f"nobody waits for {name}"
        if waiting:
            self._take(apply(self.closure, self.state, MessageReceived(waiting[0].id, dict(payload or {})), self.now))

    def due(self, element_id: str) -> datetime:
        return datetime.fromisoformat(self.task(element_id).data["due"]).astimezone(CHINA)

    def timers(self) -> dict[str, datetime]:
        return {
            w.element_id: datetime.fromisoformat(w.data["due"]).astimezone(CHINA) for w in self.waits(WaitKind.TIMER)
        }

    def advance(self, to: datetime | date | timedelta) -> None:
        """Forward to a moment (or 9 o'clock of a day), firing each timer at its own time."""
        if isinstance(to, timedelta):
            to = self.now + to
        elif not isinstance(to, datetime):
            to = datetime(to.year, to.month, to.day, 9, tzinfo=CHINA)
        while True:
            timers = sorted(self.waits(WaitKind.TIMER), key=lambda w: datetime.fromisoformat(w.data["due"]))
            if not timers or datetime.fromisoformat(timers[0].data["due"]) > to:
                break
            self.now = max(self.now, datetime.fromisoformat(timers[0].data["due"]).astimezone(CHINA))
            self._take(apply(self.closure, self.state, TimerFired(timers[0].id), self.now))
        self.now = to


def begin(process: str, variables: Mapping[str, Any], on: date = date(2026, 1, 5)) -> Course:
    now = datetime(on.year, on.month, on.day, 9, tzinfo=CHINA)
    base = start_variables(
        pregnancy_id="p-1", patient_id="w-1", home_organisation="org-twn-1", hospital_organisation="org-hospital",
        county_organisation="org-mch", on=on, pack=load_pack("cn-baseline"),
    )  # fmt: skip
    return Course(process, {**base, **variables}, now)


@pytest.fixture
def course():
    return begin
