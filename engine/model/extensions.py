"""The extension elements of a diagram: which are understood where, and what happens to the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.model.names import BPMN, DRAWING, XSI, YUNTU, ZEEBE, split
from engine.model.sentences import at
from engine.problems import Problem

ACTIVITIES = {
    "task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask",
    "businessRuleTask", "scriptTask", "subProcess", "transaction", "callActivity",
}  # fmt: skip
EVENTS = {"startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "boundaryEvent"}
TIMED = {"startEvent", "intermediateCatchEvent", "boundaryEvent"}

# Where an extension means something: the BPMN element that carries it.
UNDERSTOOD: dict[str, dict[str, set[str]]] = {
    ZEEBE: {
        "formDefinition": {"userTask"},
        "assignmentDefinition": {"userTask"},
        "taskSchedule": {"userTask"},
        "priorityDefinition": {"userTask"},
        "userTask": {"userTask"},
        "taskDefinition": {
            "serviceTask",
            "sendTask",
            "businessRuleTask",
            "scriptTask",
            "endEvent",
            "intermediateThrowEvent",
        },
        "taskHeaders": {
            "serviceTask",
            "sendTask",
            "businessRuleTask",
            "scriptTask",
            "endEvent",
            "intermediateThrowEvent",
        },
        "calledDecision": {"businessRuleTask"},
        "script": {"scriptTask"},
        "calledElement": {"callActivity"},
        "subscription": {"message"},
        "ioMapping": ACTIVITIES | EVENTS,
        "loopCharacteristics": {"multiInstanceLoopCharacteristics"},
        "versionTag": {"process"},
    },
    YUNTU: {
        "window": {"userTask"},
        "clock": {"userTask"},
        "assignment": {"userTask"},
        "lane": {"lane"},
        "misfire": TIMED,
        "calendar": TIMED,
        "source": ACTIVITIES | EVENTS | {"process", "exclusiveGateway", "inclusiveGateway", "sequenceFlow"},
    },
}
DIFFERENT = {"conditionalFilter"}  # narrows when a condition is looked at: ours looks after every change
LISTENERS = {"executionListeners", "taskListeners", "executionListener", "taskListener"}
IGNORED_NAMESPACES = DRAWING | {XSI, "http://www.w3.org/XML/1998/namespace"}


class Extensions:
    """The extension elements of one BPMN element, by name."""

    def __init__(self, xml: Any) -> None:
        holder = xml.find(f"{{{BPMN}}}extensionElements")
        self._children = [] if holder is None else [child for child in holder if isinstance(child.tag, str)]

    def one(self, namespace: str, local: str) -> Any | None:
        """The first extension of that name, or None."""
        tag = f"{{{namespace}}}{local}"
        return next((child for child in self._children if child.tag == tag), None)

    def get(self, namespace: str, local: str, attribute: str) -> str | None:
        """An attribute of the first extension of that name; None when absent or blank."""
        return attribute_of(self.one(namespace, local), attribute)


def has_job(xml: Any) -> bool:
    """A worker does it: a task definition with a type stands there."""
    return Extensions(xml).get(ZEEBE, "taskDefinition", "type") is not None


def attribute_of(xml: Any | None, name: str) -> str | None:
    """An attribute without the blanks around it; None when there is nothing."""
    value = None if xml is None else xml.get(name)
    return value.strip() or None if value is not None else None


def find_foreign(root: Any) -> Iterator[Problem]:
    """Everything in extension elements and attributes that means nothing here, and the listeners, which are refused."""
    for xml in root.iter(f"{{{BPMN}}}*"):
        place, local = xml, split(xml.tag)[1]
        if local == "extensionElements":
            continue
        yield from _foreign_attributes(xml)
        for child in Extensions(xml)._children:
            yield from _foreign_child(place, local, child)


def _foreign_attributes(xml: Any) -> Iterator[Problem]:
    for name in xml.attrib:
        namespace, local = split(name)
        if namespace and namespace not in IGNORED_NAMESPACES:
            yield at(xml, "unknown_extension", severity="warning", what=local)


def _foreign_child(place: Any, owner: str, child: Any) -> Iterator[Problem]:
    namespace, local = split(child.tag)
    if local in LISTENERS:
        yield at(place, "listener", what=local)
    elif local in DIFFERENT:
        yield at(place, "foreign_difference", what=local)
    elif namespace not in IGNORED_NAMESPACES and owner not in UNDERSTOOD.get(namespace, {}).get(local, ()):
        yield at(place, "unknown_extension", severity="warning", what=local)
