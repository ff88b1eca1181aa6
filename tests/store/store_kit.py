"""Small diagrams and an engine on a clock that stands still, for the tests of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from engine.commands.contracts import Actor, CompleteUserTask, Deploy, StartInstance
from engine.engine import Engine
from engine.store import reads

NURSE = Actor(id="nurse-1")
START = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  id="d" targetNamespace="test">
"""


def bpmn(key: str, inside: str, outside: str = "") -> bytes:
    """A diagram with one process. `outside`: messages, signals, errors."""
    process = f'<bpmn:process id="{key}" isExecutable="true">{inside}</bpmn:process>'
    return f"{HEAD}{outside}{process}</bpmn:definitions>".encode()


def line(*elements: str) -> str:
    """Elements in a row. Each is XML with `id="..."` first and a place `@` where its flows go."""
    ids = [element.split('id="', 1)[1].split('"', 1)[0] for element in elements]
    drawn = []
    for n, element in enumerate(elements):
        incoming = f"<bpmn:incoming>f{n}</bpmn:incoming>" if n else ""
        outgoing = f"<bpmn:outgoing>f{n + 1}</bpmn:outgoing>" if n + 1 < len(elements) else ""
        drawn.append(element.replace("@", incoming + outgoing))
    flows = [
        f'<bpmn:sequenceFlow id="f{n + 1}" sourceRef="{a}" targetRef="{b}"/>' for n, (a, b) in enumerate(pairwise(ids))
    ]
    return "".join([*drawn, *flows])


BEGIN = '<bpmn:startEvent id="start">@</bpmn:startEvent>'
END = '<bpmn:endEvent id="end">@</bpmn:endEvent>'


def user_task(id: str, extension: str = "") -> str:
    extended = f"<bpmn:extensionElements><zeebe:userTask/>{extension}</bpmn:extensionElements>"
    return f'<bpmn:userTask id="{id}" name="{id}">{extended}@</bpmn:userTask>'


def service_task(id: str, type: str, retries: int = 3) -> str:
    work = f'<bpmn:extensionElements><zeebe:taskDefinition type="{type}" retries="{retries}"/></bpmn:extensionElements>'
    return f'<bpmn:serviceTask id="{id}">{work}@</bpmn:serviceTask>'


def wait_for(id: str, duration: str) -> str:
    due = f'<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{duration}</bpmn:timeDuration>'
    timer = f'<bpmn:timerEventDefinition id="{id}_d">{due}</bpmn:timerEventDefinition>'
    return f'<bpmn:intermediateCatchEvent id="{id}">@{timer}</bpmn:intermediateCatchEvent>'


def receive(id: str, message: str = "m1") -> str:
    event = f'<bpmn:messageEventDefinition id="{id}_d" messageRef="{message}"/>'
    return f'<bpmn:intermediateCatchEvent id="{id}">@{event}</bpmn:intermediateCatchEvent>'


def message(name: str, id: str = "m1", key: str = "=case") -> str:
    subscription = f'<bpmn:extensionElements><zeebe:subscription correlationKey="{key}"/></bpmn:extensionElements>'
    return f'<bpmn:message id="{id}" name="{name}">{subscription}</bpmn:message>'


TWO_TASKS = bpmn("two_tasks", line(BEGIN, user_task("task_a"), user_task("task_b"), END))
ONE_TASK = bpmn("one_task", line(BEGIN, user_task("task_a"), END))


@dataclass
class Clock:
    """Stands still until somebody moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


@dataclass
class World:
    """An engine with what a test asks of it most."""

    engine: Engine
    clock: Clock
    by: Actor = NURSE
    keys: list[str] = field(default_factory=list)

    def deploy(self, *files: bytes) -> None:
        self.engine.execute(Deploy(files={f"{n}.bpmn": f for n, f in enumerate(files)}), by=self.by)

    def start(self, key: str, business_key: str | None = None, **variables: Any) -> UUID:
        command = StartInstance(definition_key=key, business_key=business_key, variables=variables)
        return self.engine.execute(command, by=self.by).instance_id

    def complete(self, instance_id: UUID, element_id: str, **variables: Any) -> Any:
        task = next(t for t in self.tasks(instance_id) if t.element_id == element_id)
        return self.engine.execute(CompleteUserTask(user_task_id=task.id, variables=variables), by=self.by)

    def tasks(self, instance_id: UUID, state: str = "open") -> list[Any]:
        with self.engine.read() as conn:
            return reads.user_tasks(conn, self.engine.region_id, instance_id=instance_id, state=state).items

    def open(self, instance_id: UUID) -> list[str]:
        return [task.path for task in self.tasks(instance_id)]

    def instance(self, instance_id: UUID) -> Any:
        with self.engine.read() as conn:
            return reads.instance(conn, self.engine.region_id, instance_id)

    def variables(self, instance_id: UUID) -> Mapping[str, Any]:
        return self.instance(instance_id).variables

    def waiting(self, instance_id: UUID) -> list[tuple[str, str]]:
        with self.engine.read() as conn:
            return [(w.element_id, w.kind) for w in reads.waiting(conn, self.engine.region_id, instance_id)]

    def history(self, instance_id: UUID) -> list[Any]:
        with self.engine.read() as conn:
            return reads.history(conn, self.engine.region_id, instance_id)

    def incidents(self, instance_id: UUID) -> list[Any]:
        with self.engine.read() as conn:
            return reads.incidents(conn, self.engine.region_id, instance_id=instance_id)

    def drive(self, **time: float) -> int:
        """Time passes; everything that falls due happens."""
        until = self.clock.now + timedelta(**time)
        fired = self.engine.drive(until)
        self.clock.now = until
        return fired
