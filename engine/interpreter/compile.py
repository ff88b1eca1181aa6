"""A process model to a program. Whatever the reader let through compiles: all refusals are its own."""

from __future__ import annotations

from collections.abc import Mapping

from engine.feel import compile_expression
from engine.interpreter.program import Assign, Body, Flow, Formula, Loop, Node, Program, StartTimer
from engine.interpreter.reach import inclusive_reach
from engine.model.elements import (
    CallWork,
    CompensateEvent,
    ConditionalEvent,
    Content,
    DecisionWork,
    Element,
    ErrorEvent,
    EscalationEvent,
    JobWork,
    Kind,
    LinkEvent,
    MessageEvent,
    Model,
    MultiInstance,
    ProcessModel,
    ScriptWork,
    SequenceFlow,
    SignalEvent,
    StandardLoop,
    TimerEvent,
    UserWork,
    ValueMapping,
)

SCOPED = frozenset({Kind.SUB_PROCESS, Kind.TRANSACTION, Kind.CALL_ACTIVITY})


def compile_program(model: Model, process_id: str) -> Program:
    """The program of one process of the model; `process_id` must be one of `model.processes`."""
    process = model.processes[process_id]
    nodes: dict[str, Node] = {}
    body = _body(process.content, nodes, None)
    starts = body.event_starts
    return Program(
        key=process.id,
        name=process.name,
        version_tag=process.version_tag,
        elements={element.id: element for element in process.every()},
        nodes=nodes,
        body=body,
        called_processes=_called(process),
        decisions=_decisions(process),
        forms=_forms(process),
        messages=frozenset(e.event.name for e in process.every() if isinstance(e.event, MessageEvent)),
        start_messages={node.event.name: node.id for node in starts if isinstance(node.event, MessageEvent)},
        start_signals={node.event.name: node.id for node in starts if isinstance(node.event, SignalEvent)},
        start_timers={
            node.id: StartTimer(node.formulas["timer"], node.event)
            for node in starts
            if isinstance(node.event, TimerEvent)
        },
        start_conditions={
            node.id: node.formulas["condition"] for node in starts if isinstance(node.event, ConditionalEvent)
        },
    )


def _called(process: ProcessModel) -> frozenset[tuple[str, str, str | None]]:
    works = [element.work for element in process.every()]
    return frozenset((work.process, work.binding, work.version_tag) for work in works if isinstance(work, CallWork))


def _decisions(process: ProcessModel) -> frozenset[tuple[str, str, str | None]]:
    works = [element.work for element in process.every()]
    return frozenset(
        (work.decision, work.binding, work.version_tag) for work in works if isinstance(work, DecisionWork)
    )


def _forms(process: ProcessModel) -> frozenset[tuple[str, str, str | None]]:
    works = [element.work for element in process.every()]
    return frozenset(
        (work.form, work.form_binding, work.form_version_tag)
        for work in works
        if isinstance(work, UserWork) and work.form
    )


# --- one level --------------------------------------------------------------------------------------------------------


def _body(content: Content, nodes: dict[str, Node], owner: Node | None) -> Body:
    here = {element.id: _node(element) for element in content.elements.values()}
    nodes.update(here)
    for node in here.values():
        _connect(node, here)
    for node in here.values():
        _attach(node, here)
        if node.kind is Kind.INCLUSIVE and len(node.element.incoming) > 1:
            node.reach = inclusive_reach(content, node.element)
        if node.element.content is not None:
            node.body = _body(node.element.content, nodes, node)
    starts = [node for node in here.values() if node.kind is Kind.START]
    for start in starts:
        start.owner = owner
    return Body(
        start=next((start for start in starts if start.event is None or owner is not None), None),
        event_starts=tuple(start for start in starts if start.event is not None and owner is None),
        event_sub_processes=tuple(node for node in here.values() if node.kind is Kind.EVENT_SUB_PROCESS),
    )


def _node(element: Element) -> Node:
    return Node(
        id=element.id,
        kind=element.kind,
        element=element,
        inputs=_assigns(element.inputs),
        outputs=_assigns(element.outputs),
        loop=_loop(element),
        formulas=_formulas(element),
        owns_scope=element.kind in SCOPED or bool(element.inputs or element.outputs),
    )


def _connect(node: Node, here: Mapping[str, Node]) -> None:
    event = node.event
    if isinstance(event, LinkEvent) and node.kind is Kind.THROW:
        catch = next(n for n in here.values() if n.kind is Kind.CATCH and n.event == event)
        node.outgoing = (Flow(f"{node.id}->{catch.id}", catch, None),)
        return
    node.outgoing = tuple(_flow(flow, here) for flow in node.element.outgoing)
    node.default = next((flow for flow in node.outgoing if flow.id == node.element.default_flow), None)
    node.conditional = any(flow.condition is not None for flow in node.outgoing)


def _flow(flow: SequenceFlow, here: Mapping[str, Node]) -> Flow:
    condition = None if flow.condition is None else formula(flow.condition, always=True)
    return Flow(flow.id, here[flow.target], condition)


def _attach(node: Node, here: Mapping[str, Node]) -> None:
    if node.kind is not Kind.BOUNDARY:
        return
    host = here[node.element.attached_to or ""]
    if isinstance(node.event, CompensateEvent):
        host.undo = here[node.element.handler or ""]
        return
    host.boundaries = (*host.boundaries, node)
    host.owns_scope = True


# --- texts ------------------------------------------------------------------------------------------------------------


def formula(text: str, *, always: bool = False) -> Formula:
    """FEEL when it begins with `=` or must be FEEL, else the literal text."""
    if always or text.startswith("="):
        return Formula(text, compile_expression(text.removeprefix("=")))
    return Formula(text, None, text)


def _assigns(mappings: tuple[ValueMapping, ...]) -> tuple[Assign, ...]:
    return tuple(Assign(formula(mapping.source), tuple(mapping.target.split("."))) for mapping in mappings)


def _optional(text: str | None, *, always: bool = False) -> Formula | None:
    return None if text is None else formula(text, always=always)


def _loop(element: Element) -> Loop | None:
    loop = element.loop
    if isinstance(loop, MultiInstance):
        return Loop(
            sequential=loop.sequential,
            collection=formula(loop.collection, always=True),
            item=loop.item,
            output_collection=loop.output_collection,
            output_item=_optional(loop.output_item, always=True),
            completion=_optional(loop.completion, always=True),
        )
    if isinstance(loop, StandardLoop):
        return Loop(
            sequential=True,
            test_before=loop.test_before,
            condition=_optional(loop.condition, always=True),
            maximum=loop.maximum,
        )
    return None


def _formulas(element: Element) -> dict[str, Formula]:
    always = isinstance(element.work, ScriptWork) or isinstance(element.event, ConditionalEvent)
    texts = {**_event_texts(element), **_work_texts(element)}
    return {name: formula(text, always=always) for name, text in texts.items() if text is not None}


def _event_texts(element: Element) -> dict[str, str | None]:
    event = element.event
    if isinstance(event, MessageEvent):
        return {"name": event.name, "key": event.key}
    if isinstance(event, SignalEvent):
        return {"name": event.name}
    if isinstance(event, ErrorEvent | EscalationEvent):
        return {"code": event.code}
    if isinstance(event, TimerEvent):
        return {"timer": event.text}
    if isinstance(event, ConditionalEvent):
        return {"condition": event.condition}
    return {}


def _work_texts(element: Element) -> dict[str, str | None]:
    work = element.work
    if isinstance(work, UserWork):
        names = (
            "assignee", "candidate_groups", "candidate_users", "organisation", "follow_up", "due", "until", "priority",
        )  # fmt: skip
        lanes = [lane.organisation for lane in work.lanes if lane.organisation is not None]
        texts: dict[str, str | None] = {name: getattr(work, name) for name in names}
        if texts["organisation"] is None and lanes:
            texts["organisation"] = lanes[-1]  # the innermost lane that names one
        return texts
    if isinstance(work, JobWork):
        return {"type": work.type, "retries": work.retries}
    if isinstance(work, ScriptWork):
        return {"script": work.expression}
    return {}
