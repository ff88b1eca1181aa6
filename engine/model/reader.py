"""XML to a model: every process that is executable, or every problem at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from engine.model.elements import (
    ACTIVITIES,
    CompensateEvent,
    Content,
    Element,
    EventDefinition,
    Kind,
    Lane,
    Model,
    ProcessModel,
    SequenceFlow,
    Work,
)
from engine.model.events import read_event, read_message
from engine.model.extensions import Extensions, attribute_of, find_foreign, has_job
from engine.model.foreign import translate
from engine.model.leftovers import find_leftovers
from engine.model.lint import lint
from engine.model.names import BPMN, DRAWING, YUNTU, ZEEBE, split
from engine.model.references import References, read_references, reference
from engine.model.sentences import KIND_NAMES, Unreadable, at, problem
from engine.model.works import read_job, read_loop, read_mappings, read_work
from engine.model.xml import parse
from engine.problems import Problem, Refused

# What may stand beside the elements and means nothing to execution.
DOCUMENTATION = frozenset(
    {
        "documentation", "extensionElements", "laneSet", "sequenceFlow", "textAnnotation", "association", "group",
        "dataObject", "dataObjectReference", "dataStoreReference", "property", "ioSpecification", "auditing",
        "monitoring", "incoming", "outgoing", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics",
        "category", "supports", "resourceRole", "performer", "humanPerformer", "potentialOwner", "artifact",
        "correlationSubscription", "dataInputAssociation", "dataOutputAssociation",
    }
)  # fmt: skip
EVENTS = frozenset({Kind.START, Kind.END, Kind.THROW, Kind.CATCH, Kind.BOUNDARY})
# Attributes that would change what happens; the value that changes nothing.
PLAIN_ATTRIBUTES = {
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "parallelMultiple": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
}
MOST_PROCESSES = 50  # executable ones in a file
MOST_ELEMENTS = 2_000  # of one process; a drawing of that size cannot be read by anybody
MOST_INCLUSIVE = 100  # each joins by looking at all that is before it
KINDS = {kind.value: kind for kind in Kind if kind is not Kind.EVENT_SUB_PROCESS}


def read_bpmn(xml: bytes) -> Model:
    """The model of a diagram. Raises Refused with every problem that was found."""
    root = parse(xml)
    if root.tag != f"{{{BPMN}}}definitions":
        raise Refused([problem(None, split(root.tag)[1], "not_bpmn")])
    reader = _Reader(translated=translate(root), root=root, references=read_references(root))
    return reader.read()


@dataclass
class _Reader:
    """One reading of one file; problems are collected, not raised."""

    root: Any
    references: References
    translated: list[Problem]
    problems: list[Problem] = field(default_factory=list)
    lanes: dict[str, tuple[Lane, ...]] = field(default_factory=lambda: defaultdict(tuple))
    handlers: dict[str, str] = field(default_factory=dict)  # compensation boundary event -> activity

    def read(self) -> Model:
        self._check_size()
        self._check_ids()
        findings = [*self.translated, *find_foreign(self.root), *find_leftovers(self.root)]
        self.problems += [finding for finding in findings if finding.severity == "error"]
        ignored = [finding for finding in findings if finding.severity == "warning"]
        processes = {}
        for xml in self.root.findall(f"{{{BPMN}}}process"):
            if xml.get("isExecutable") == "true":
                processes[xml.get("id", "")] = self._process(xml)
            else:
                ignored.append(at(xml, "not_executable", severity="warning"))
        if not processes:
            self.problems.append(problem(None, None, "no_process"))
        found = [finding for process in processes.values() for finding in lint(process)]
        self.problems += [finding for finding in found if finding.severity == "error"]
        if self.problems:
            raise Refused(self.problems)
        return Model(
            processes=processes,
            warnings=tuple(finding for finding in found if finding.severity == "warning"),
            ignored=tuple(ignored),
        )

    def _check_size(self) -> None:
        """Raises Refused at once: what follows looks at each element beside every other."""
        processes = [xml for xml in self.root.iter(f"{{{BPMN}}}process") if xml.get("isExecutable") == "true"]
        if len(processes) > MOST_PROCESSES:
            raise Refused([problem(None, None, "too_many_processes", most=MOST_PROCESSES)])
        for xml in processes:
            kinds = Counter(split(child.tag)[1] for child in xml.iter(f"{{{BPMN}}}*"))
            if sum(kinds[name] for name in KINDS) > MOST_ELEMENTS:
                raise Refused([at(xml, "too_many_elements", most=MOST_ELEMENTS)])
            if kinds["inclusiveGateway"] > MOST_INCLUSIVE:
                raise Refused([at(xml, "too_many_inclusive", most=MOST_INCLUSIVE)])

    def _check_ids(self) -> None:
        """The ids of elements and shapes; what extensions call id is their own business."""
        named = [xml for xml in self.root.iter() if xml.get("id") is not None and _is_of_bpmn(xml)]
        seen = Counter(xml.get("id") for xml in named)
        for xml in named:
            identity = xml.get("id")
            if seen[identity] > 1:
                seen[identity] = 0  # name it once
                self.problems.append(at(xml, "duplicate_id", id=identity))

    def _process(self, xml: Any) -> ProcessModel:
        for lane_set in xml.findall(f"{{{BPMN}}}laneSet"):
            self._read_lanes(lane_set, ())
        return ProcessModel(
            id=xml.get("id", ""),
            name=xml.get("name", ""),
            content=self._content(xml, is_process=True),
            version_tag=Extensions(xml).get(ZEEBE, "versionTag", "value"),
        )

    def _read_lanes(self, lane_set: Any, around: tuple[Lane, ...]) -> None:
        for xml in lane_set.findall(f"{{{BPMN}}}lane"):
            name, extensions = xml.get("name", ""), Extensions(xml)
            lane = Lane(
                id=xml.get("id", ""),
                name=name,
                role=extensions.get(YUNTU, "lane", "role") or name,
                organisation=extensions.get(YUNTU, "lane", "organisation"),
            )
            for member in xml.findall(f"{{{BPMN}}}flowNodeRef"):
                self.lanes[reference(member.text)] = (*around, lane)
            for inner in xml.findall(f"{{{BPMN}}}childLaneSet"):
                self._read_lanes(inner, (*around, lane))

    # --- a process or sub-process -------------------------------------------------------------------------------------

    def _content(self, container: Any, *, is_process: bool, lanes: tuple[Lane, ...] = ()) -> Content:
        flows = self._flows(container)
        self._read_handlers(container)
        for lane_set in [] if is_process else container.findall(f"{{{BPMN}}}laneSet"):
            self._read_lanes(lane_set, lanes)
        elements: dict[str, Element] = {}
        for xml in container:
            namespace, local = split(xml.tag) if isinstance(xml.tag, str) else ("", "")
            if namespace != BPMN or local in DOCUMENTATION:
                continue
            kind = KINDS.get(local)
            if kind is None:
                self.problems.append(at(xml, "unsupported_element", what=KIND_NAMES.get(local, local), what_en=local))
            elif xml.get("id") is None:
                self.problems.append(at(xml, "no_id"))
            else:
                elements[xml.get("id")] = self._element(xml, kind, flows, is_process, lanes)
        return Content(elements=elements)

    def _flows(self, container: Any) -> list[SequenceFlow]:
        inside = {xml.get("id") for xml in container if _may_be_connected(xml)}
        anywhere = {xml.get("id") for xml in self.root.iter(f"{{{BPMN}}}*") if xml.get("id") is not None}
        flows = []
        for xml in container.findall(f"{{{BPMN}}}sequenceFlow"):
            source, target = reference(xml.get("sourceRef")), reference(xml.get("targetRef"))
            for end, identity in (("source", source), ("target", target)):
                if identity not in inside:
                    code = "flow_crosses" if identity in anywhere else "flow_end_missing"
                    self.problems.append(at(xml, code, end=end))
            condition = xml.find(f"{{{BPMN}}}conditionExpression")
            text = None if condition is None else "".join(condition.itertext()).strip() or None
            language = "" if condition is None else condition.get("language", "")
            if language and "feel" not in language.lower():
                self.problems.append(at(xml, "script_language", language=language))
            flows.append(
                SequenceFlow(
                    id=xml.get("id", ""), source=source, target=target, condition=text, name=xml.get("name", "")
                )
            )
        return flows

    def _read_handlers(self, container: Any) -> None:
        undoes = {xml.get("id") for xml in container if xml.get("isForCompensation") == "true"}
        for xml in container.findall(f"{{{BPMN}}}association"):
            source, target = reference(xml.get("sourceRef")), reference(xml.get("targetRef"))
            if target in undoes:  # others lead to annotations
                self.handlers[source] = target

    # --- one element --------------------------------------------------------------------------------------------------

    def _element(
        self, xml: Any, kind: Kind, flows: list[SequenceFlow], starts_here: bool, around: tuple[Lane, ...]
    ) -> Element:
        identity = xml.get("id")
        for name, plain in PLAIN_ATTRIBUTES.items():
            if xml.get(name, plain) != plain:
                self.problems.append(at(xml, "attribute", name=name, value=xml.get(name)))
        lanes = self.lanes.get(identity) or around
        if kind is Kind.SUB_PROCESS and xml.get("triggeredByEvent") == "true":
            kind = Kind.EVENT_SUB_PROCESS
        inputs, outputs, problems = read_mappings(xml)
        self.problems += problems
        event = self._event(xml, kind, starts_process=starts_here and kind is Kind.START)
        inner = kind in (Kind.SUB_PROCESS, Kind.EVENT_SUB_PROCESS, Kind.TRANSACTION)
        return Element(
            id=identity,
            name=xml.get("name", ""),
            kind=kind,
            incoming=tuple(flow for flow in flows if flow.target == identity),
            outgoing=tuple(flow for flow in flows if flow.source == identity),
            default_flow=attribute_of(xml, "default"),
            event=event,
            attached_to=reference(xml.get("attachedToRef")) or None,
            interrupting=xml.get("cancelActivity", xml.get("isInterrupting", "true")) != "false",
            inputs=inputs,
            outputs=outputs,
            loop=self._attempt(read_loop, xml) if kind in ACTIVITIES else None,
            work=self._work(xml, kind, lanes),
            content=self._content(xml, is_process=False, lanes=lanes) if inner else None,
            compensates=xml.get("isForCompensation") == "true",
            handler=self.handlers.get(identity) if isinstance(event, CompensateEvent) else None,
            source=Extensions(xml).get(YUNTU, "source", "text"),
        )

    def _event(self, xml: Any, kind: Kind, *, starts_process: bool) -> EventDefinition | None:
        if kind in EVENTS:
            event = self._attempt(read_event, xml, kind, self.references, starts_process=starts_process)
            return event
        if kind is Kind.RECEIVE_TASK:
            return self._attempt(read_message, xml, xml, self.references, needs_key=True)
        if kind is Kind.SEND_TASK and not has_job(xml) and xml.get("messageRef"):
            return self._attempt(read_message, xml, xml, self.references, needs_key=True)
        return None

    def _work(self, xml: Any, kind: Kind, lanes: tuple[Lane, ...]) -> Work | None:
        if kind in (Kind.THROW, Kind.END) and has_job(xml):
            return self._attempt(read_job, xml, Extensions(xml))
        return self._attempt(read_work, xml, kind, lanes)

    def _attempt(self, read: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return read(*arguments, **named)
        except Unreadable as unreadable:
            self.problems.append(unreadable.problem)
            return None


def _may_be_connected(xml: Any) -> bool:
    namespace, local = split(xml.tag) if isinstance(xml.tag, str) else ("", "")
    return namespace == BPMN and local not in DOCUMENTATION


def _is_of_bpmn(xml: Any) -> bool:
    namespace = split(xml.tag)[0] if isinstance(xml.tag, str) else ""
    return namespace == BPMN or namespace in DRAWING
