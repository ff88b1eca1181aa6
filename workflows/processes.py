"""What a diagram says to those who work by it: who does what by when, which clocks run, what is told to whom, and from
which source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, fromstring  # what the gate at deployment has let through

from engine.errors import Text

B = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
Z = "{http://camunda.org/schema/zeebe/1.0}"
Y = "{urn:yuntu:bpmn:1}"


RULE = re.compile(r"policy\.([a-z_0-9]+(?:\.[a-z_0-9]+)*)")
SPAN = re.compile(r"P(?:T(?=\d))?(\d+)([DHM])")  # a length of time in one unit, as packs write it
UNITS = {"D": Text(zh="天", en="days"), "H": Text(zh="小时", en="hours"), "M": Text(zh="分钟", en="minutes")}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A user task. `who`: roles, or an expression; `due`: FEEL; `clock`: T-xx."""

    id: str
    name: str
    who: str
    form: str
    due: str
    clock: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A timer with its time, a message event with its message, a call with its process, an end with its code."""

    id: str
    name: str
    value: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Process:
    key: str
    name: str
    chinese: str
    english: str
    source: str
    steps: list[Step]
    timers: list[Mark]
    messages: list[Mark]
    calls: list[Mark]
    ends: list[Mark]


def process(xml: bytes) -> Process:
    """The first process of a file, with all that stands in its sub-processes."""
    found = next(iter(fromstring(xml).iter(f"{B}process")))
    chinese, _, english = (found.findtext(f"{B}documentation") or "").strip().partition("\n\n")
    return Process(
        key=found.get("id", ""),
        name=_name(found),
        chinese=chinese,
        english=english.strip(),
        source=_source(found),
        steps=_steps(found),
        timers=[
            Mark(id=e.get("id", ""), name=_name(e), value=_expression(next(iter(timer))), source=_source(e))
            for e in found.iter()
            if (timer := e.find(f"{B}timerEventDefinition")) is not None and len(timer)
        ],
        messages=[
            Mark(id=e.get("id", ""), name=_name(e), value=told.get("messageRef", ""))
            for e in found.iter()
            if (told := e.find(f"{B}messageEventDefinition")) is not None
        ],
        calls=[
            Mark(id=e.get("id", ""), name=_name(e), value=_attribute(e, f"{Z}calledElement", "processId"))
            for e in found.iter(f"{B}callActivity")
        ],
        ends=[Mark(id=e.get("id", ""), name=_name(e), value=e.get("id", "")) for e in found.iter(f"{B}endEvent")],
    )


def values(expression: str, policy: Mapping[str, Any]) -> list[tuple[str, Text]]:
    """The rules of a region that an expression reads, each with its value there in words."""
    return [(rule, _words(_value(policy, rule))) for rule in dict.fromkeys(RULE.findall(expression))]


def _value(policy: Mapping[str, Any], rule: str) -> Any:
    found: Any = policy
    for part in rule.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _words(value: Any) -> Text:
    if isinstance(value, list):
        every = [_words(one) for one in value]
        return Text(zh="、".join(one.zh for one in every), en=", ".join(one.en for one in every))
    span = SPAN.fullmatch(value) if isinstance(value, str) else None
    if span:
        unit = UNITS[span[2]]
        english = unit.en.removesuffix("s") if span[1] == "1" else unit.en
        return Text(zh=f"{span[1]} {unit.zh}", en=f"{span[1]} {english}")
    written = "—" if value is None else str(value)
    return Text(zh=written, en=written)


def _steps(found: Element) -> list[Step]:
    lanes = _lanes(found)
    return [
        Step(
            id=task.get("id", ""),
            name=_name(task),
            who=_attribute(task, f"{Z}assignmentDefinition", "candidateGroups") or lanes.get(task.get("id", ""), ""),
            form=_attribute(task, f"{Z}formDefinition", "formId"),
            due=_attribute(task, f"{Z}taskSchedule", "dueDate").removeprefix("="),
            clock=_attribute(task, f"{Y}clock", "id"),
            source=_source(task),
        )
        for task in found.iter(f"{B}userTask")
    ]


def _lanes(found: Element) -> dict[str, str]:
    roles = {}
    for lane in found.iter(f"{B}lane"):
        role = _attribute(lane, f"{Y}lane", "role") or lane.get("name", "")
        roles.update({(node.text or "").strip(): role for node in lane.iter(f"{B}flowNodeRef")})
    return roles


def _attribute(element: Element, tag: str, name: str) -> str:
    inside = element.find(f"{B}extensionElements/{tag}")
    return inside.get(name, "") if inside is not None else ""


def _name(element: Element) -> str:
    return " ".join(element.get("name", "").split())


def _expression(element: Element) -> str:
    return " ".join((element.text or "").split()).removeprefix("=")


def _source(element: Element) -> str:
    return " ".join((element.findtext(f"{B}extensionElements/{Y}source") or "").split())
