"""A diagram beside words: which elements were passed, where tokens stand, and the same as a list of steps."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
YUNTU = "{urn:yuntu:bpmn:1}"
ROLE = re.compile(r"R-[A-Z][A-Z0-9-]*")
STEPS = frozenset(  # what a reader of the list needs; gateways, starts and ends are left out
    {
        *("userTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "scriptTask", "task", "manualTask"),
        *("callActivity", "subProcess", "intermediateCatchEvent"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Element:
    """`kind` is the BPMN tag. `calls`: the process a call activity calls. `inside`: the sub-process around it.
    `on_demand`: an event sub-process, or inside one: it may never happen. `roles`: whom the task, else its lane, names,
    in an expression any of them; empty where nobody is named."""

    id: str
    kind: str
    name: str
    calls: str | None = None
    inside: str | None = None
    on_demand: bool = False
    depth: int = 0
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Step:
    """`state`: done | now | ahead | on-demand. `within`: names of what is open inside a called process."""

    element: Element
    state: str
    within: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The elements of one file, in the order in which the flows reach them, a sub-process before what is in it."""

    elements: dict[str, Element]
    name: str = ""

    def kind_of(self, element_id: str) -> str:
        found = self.elements.get(element_id)
        return found.kind if found else ""

    def steps(self, done: Iterable[str], current: Iterable[str], within: Mapping[str, tuple[str, ...]]) -> list[Step]:
        """Every named step with its state; being there wins over having been there, because a loop comes back."""
        passed, standing = set(done), set(current)
        standing |= {around for id in standing for around in self._around(id)}
        passed |= {around for id in passed for around in self._around(id)}  # one that was interrupted, too
        named = [e for e in self.elements.values() if e.kind in STEPS and e.name]
        return [Step(element=e, state=_state(e, passed, standing), within=within.get(e.id, ())) for e in named]

    def _around(self, element_id: str) -> Iterator[str]:
        here = self.elements.get(element_id)
        while here is not None and here.inside is not None:
            yield here.inside
            here = self.elements.get(here.inside)


def _state(element: Element, done: set[str], current: set[str]) -> str:
    if element.id in current:
        return "now"
    if element.id in done:
        return "done"
    return "on-demand" if element.on_demand else "ahead"


def outline(xml: bytes) -> Outline:
    """Read a diagram that has already passed the gate at deployment."""
    elements: dict[str, Element] = {}
    name = ""
    for process in ElementTree.fromstring(xml).iter(f"{BPMN}process"):
        name = name or " ".join(process.attrib.get("name", "").split())
        _read(process, None, False, 0, _lane_roles(process), elements)
    return Outline(elements=elements, name=name)


def _lane_roles(process: ElementTree.Element) -> dict[str, frozenset[str]]:
    """Element id -> the roles of the lane it lies in, the innermost where lanes lie in lanes."""
    roles: dict[str, frozenset[str]] = {}
    for lane in process.iter(f"{BPMN}lane"):
        named = lane.find(f"{BPMN}extensionElements/{YUNTU}lane")
        if named is not None:
            found = frozenset(ROLE.findall(named.attrib.get("role", "")))
            roles |= {(ref.text or "").strip(): found for ref in lane.findall(f"{BPMN}flowNodeRef")}
    return roles


def _read(
    scope: ElementTree.Element,
    inside: str | None,
    on_demand: bool,
    depth: int,
    lanes: Mapping[str, frozenset[str]],
    into: dict[str, Element],
) -> None:
    """The elements of one scope in the order of its flows, each sub-process followed by its own."""
    nodes = {n.attrib["id"]: n for n in scope if n.tag.startswith(BPMN) and "id" in n.attrib}
    for id in _reached(nodes):
        node, kind = nodes[id], nodes[id].tag.removeprefix(BPMN)
        maybe = on_demand or node.attrib.get("triggeredByEvent") == "true"
        called = node.find(f"{BPMN}extensionElements/{ZEEBE}calledElement")
        assigned = node.find(f"{BPMN}extensionElements/{ZEEBE}assignmentDefinition")
        groups = assigned.attrib.get("candidateGroups", "") if assigned is not None else ""
        around = into[inside].roles if inside is not None else frozenset[str]()
        into[id] = Element(
            id=id,
            kind=kind,
            name=" ".join(node.attrib.get("name", "").split()),
            calls=called.attrib.get("processId") if called is not None else None,
            inside=inside,
            on_demand=maybe,
            depth=depth,
            roles=frozenset(ROLE.findall(groups)) or lanes.get(id, around),
        )
        if kind == "subProcess":
            _read(node, id, maybe, depth + 1, lanes, into)


def _reached(nodes: dict[str, ElementTree.Element]) -> list[str]:
    """Breadth first along the flows from where they begin; what no flow reaches comes last, as in the file."""
    after: dict[str, list[str]] = {}
    targets = set()
    for id, node in nodes.items():
        if node.tag == f"{BPMN}sequenceFlow":
            after.setdefault(node.attrib["sourceRef"], []).append(node.attrib["targetRef"])
            targets.add(node.attrib["targetRef"])
        elif node.tag == f"{BPMN}boundaryEvent":
            after.setdefault(node.attrib["attachedToRef"], []).append(id)
    drawn = [id for id, node in nodes.items() if node.tag != f"{BPMN}sequenceFlow"]
    seen: dict[str, None] = {}
    queue = deque(id for id in drawn if id in after and id not in targets and nodes[id].tag == f"{BPMN}startEvent")
    while queue:
        here = queue.popleft()
        if here not in seen and here in nodes:
            seen[here] = None
            queue.extend(after.get(here, ()))
    return [*seen, *(id for id in drawn if id not in seen)]
