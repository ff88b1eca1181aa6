"""A diagram beside words: which elements were passed, where tokens stand, and the same as a list of steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
STEPS = frozenset(  # what a reader of the list needs; gateways and unnamed events are left out
    {
        *("userTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "scriptTask", "task", "manualTask"),
        *("callActivity", "subProcess", "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Element:
    id: str
    kind: str  # the BPMN tag: userTask, callActivity ...
    name: str
    calls: str | None = None  # the process a call activity calls


@dataclass(frozen=True, kw_only=True)
class Step:
    """`state`: done | now | ahead."""

    element: Element
    state: str


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The elements of one file, in the order in which the flows reach them."""

    elements: dict[str, Element]
    order: tuple[str, ...]

    @property
    def user_tasks(self) -> dict[str, str]:
        return {e.id: e.name or e.id for e in self.elements.values() if e.kind == "userTask"}

    def kind_of(self, element_id: str) -> str:
        found = self.elements.get(element_id)
        return found.kind if found else ""

    def steps(self, done: Iterable[str], current: Iterable[str]) -> list[Step]:
        """Every named step with its state; `current` wins over `done`, because a loop comes back."""
        passed, standing = set(done), set(current)
        named = [e for e in map(self.elements.__getitem__, self.order) if e.kind in STEPS and e.name]
        return [Step(element=e, state=_state(e.id, passed, standing)) for e in named]


def _state(element_id: str, done: set[str], current: set[str]) -> str:
    return "now" if element_id in current else "done" if element_id in done else "ahead"


def outline(xml: bytes) -> Outline:
    """Read a diagram that has already passed the gate at deployment."""
    root = ElementTree.fromstring(xml)
    elements: dict[str, Element] = {}
    after: dict[str, list[str]] = {}
    starts: list[str] = []
    for process in root.iter(f"{BPMN}process"):
        for node in process.iter():
            if not node.tag.startswith(BPMN) or "id" not in node.attrib:
                continue
            kind = node.tag.removeprefix(BPMN)
            if kind == "sequenceFlow":
                after.setdefault(node.attrib["sourceRef"], []).append(node.attrib["targetRef"])
            elif kind == "boundaryEvent":
                after.setdefault(node.attrib["attachedToRef"], []).append(node.attrib["id"])
            if kind == "startEvent":
                starts.append(node.attrib["id"])
            called = node.find(f"{BPMN}extensionElements/{ZEEBE}calledElement")
            name = " ".join(node.attrib.get("name", "").split())
            calls = called.attrib.get("processId") if called is not None else None
            elements[node.attrib["id"]] = Element(id=node.attrib["id"], kind=kind, name=name, calls=calls)
    return Outline(elements=elements, order=tuple(_reached(starts, after, elements)))


def _reached(starts: list[str], after: dict[str, list[str]], elements: dict[str, Element]) -> list[str]:
    """Breadth first along the flows; what no flow reaches comes last, in the order of the file."""
    seen: dict[str, None] = {}
    queue = deque(starts)
    while queue:
        here = queue.popleft()
        if here in seen or here not in elements:
            continue
        seen[here] = None
        queue.extend(after.get(here, ()))
    return [*seen, *(e for e in elements if e not in seen)]
