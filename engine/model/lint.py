"""The rules that a readable diagram can still break. Each check looks at one thing and names the element."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from engine.model.elements import (
    ACTIVITIES,
    CancelEvent,
    CompensateEvent,
    ConditionalEvent,
    Content,
    Element,
    ErrorEvent,
    Kind,
    LinkEvent,
    MessageEvent,
    ProcessModel,
    SequenceFlow,
    SignalEvent,
    TimerEvent,
)
from engine.model.expressions import check_expressions
from engine.model.sentences import problem
from engine.problems import Problem

CATCHES_AFTER_GATEWAY = (MessageEvent, TimerEvent, SignalEvent, ConditionalEvent)
CONDITIONAL_SPLITS = ACTIVITIES | {Kind.EXCLUSIVE, Kind.INCLUSIVE}


def lint(process: ProcessModel) -> Iterator[Problem]:
    """Everything that is wrong with the process, errors and warnings."""
    yield from _process_starts(process)
    yield from _content(process.content, owner=None)
    yield from check_expressions(process)


def _content(content: Content, owner: Element | None) -> Iterator[Problem]:
    for element in content.elements.values():
        for check in CHECKS:
            yield from check(element, content, owner)
        if element.content is not None:
            yield from _sub_process_starts(element)
            yield from _content(element.content, element)
    yield from _links(content)
    yield from _unreachable(content)


def _found(element: Element, code: str, severity: str = "error", **facts: object) -> Problem:
    return problem(element.id, element.kind.value, code, severity=severity, **facts)


# --- starts -----------------------------------------------------------------------------------------------------------


def _starts(content: Content) -> list[Element]:
    return [element for element in content.elements.values() if element.kind is Kind.START]


def _process_starts(process: ProcessModel) -> Iterator[Problem]:
    starts = _starts(process.content)
    if not starts:
        yield problem(process.id, "process", "no_start")
    for start in [start for start in starts if start.event is None][1:]:
        yield _found(start, "several_none_starts")
    for start in starts:
        if start.event is not None and not isinstance(start.event, CATCHES_AFTER_GATEWAY):
            yield _found(start, "start_not_supported")
    named = [start for start in starts if isinstance(start.event, MessageEvent | SignalEvent)]
    for number, start in enumerate(named):
        if any(start.event == other.event for other in named[:number]):
            yield _found(start, "start_twice")


def _sub_process_starts(element: Element) -> Iterator[Problem]:
    starts = _starts(element.content) if element.content is not None else []
    events = [start for start in starts if start.event is not None]
    if element.kind is Kind.EVENT_SUB_PROCESS:
        if len(starts) != 1 or len(events) != 1:
            yield _found(element, "event_sub_process_start")
        for start in events:
            if isinstance(start.event, ErrorEvent) and not start.interrupting:
                yield _found(start, "must_interrupt", what="错误", what_en="error")
    elif len(starts) != 1 or events:
        yield _found(element, "sub_process_start")


# --- flows ------------------------------------------------------------------------------------------------------------


def _ends_of_flows(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if element.kind is Kind.START and element.incoming:
        yield _found(element, "start_with_incoming")
    if element.kind is Kind.END and element.outgoing:
        yield _found(element, "end_with_outgoing")
    if element.kind is Kind.EVENT_SUB_PROCESS and (element.incoming or element.outgoing):
        yield _found(element, "event_sub_process_flow")
    if element.kind is Kind.BOUNDARY and element.incoming:
        yield _found(element, "flow_not_allowed", which="流入", which_en="incoming")
    if element.compensates and (element.incoming or element.outgoing):
        yield _found(element, "flow_not_allowed", which="流入或流出", which_en="incoming or outgoing")


def _default(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if element.default_flow is None:
        return
    flow = next((flow for flow in element.outgoing if flow.id == element.default_flow), None)
    if flow is None:
        yield _found(element, "default_unknown", flow=element.default_flow)
    elif flow.condition is not None:
        yield _found(element, "default_with_condition")


def _conditions(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if element.kind in (Kind.EXCLUSIVE, Kind.INCLUSIVE) and len(element.outgoing) > 1:
        for flow in element.outgoing:
            if flow.condition is None and flow.id != element.default_flow:
                yield _found(element, "condition_missing", flow=flow.id)
    elif element.kind not in CONDITIONAL_SPLITS:
        for flow in element.outgoing:
            if flow.condition is not None:
                yield _of_flow(flow, "condition_not_allowed")


def _of_flow(flow: SequenceFlow, code: str) -> Problem:
    return problem(flow.id, "sequenceFlow", code)


def _unreachable(content: Content) -> Iterator[Problem]:
    seen: set[str] = set()
    todo = [element.id for element in content.elements.values() if _begins(element)]
    while todo:
        identity = todo.pop()
        if identity in seen or identity not in content.elements:
            continue
        seen.add(identity)
        todo += [flow.target for flow in content.elements[identity].outgoing]
        todo += [other.id for other in content.elements.values() if other.attached_to == identity]
    for element in content.elements.values():
        if element.id not in seen:
            yield _found(element, "unreachable", "warning")


def _begins(element: Element) -> bool:
    link = element.kind is Kind.CATCH and isinstance(element.event, LinkEvent)
    return element.kind in (Kind.START, Kind.EVENT_SUB_PROCESS) or link or element.compensates


# --- events -----------------------------------------------------------------------------------------------------------


def _event_present(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if element.kind in (Kind.CATCH, Kind.BOUNDARY) and element.event is None:
        yield _found(element, "event_missing")


def _boundary(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if element.kind is not Kind.BOUNDARY:
        return
    host = content.elements.get(element.attached_to or "")
    if host is None or host.kind not in ACTIVITIES:
        yield _found(element, "boundary_unattached")
    compensation = isinstance(element.event, CompensateEvent)
    if not element.outgoing and not compensation:
        yield _found(element, "boundary_without_flow")
    if isinstance(element.event, ErrorEvent) and not element.interrupting:
        yield _found(element, "must_interrupt", what="错误", what_en="error")
    if isinstance(element.event, CancelEvent) and not element.interrupting:
        yield _found(element, "must_interrupt", what="取消", what_en="cancel")
    if isinstance(element.event, CancelEvent) and (host is None or host.kind is not Kind.TRANSACTION):
        yield _found(element, "cancel_outside_transaction")
    handler = content.elements.get(element.handler or "")
    if compensation and (handler is None or not handler.compensates):
        yield _found(element, "compensation_handler_missing")


def _compensation(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    handled = {other.attached_to for other in content.elements.values() if isinstance(other.event, CompensateEvent)}
    if element.compensates and element.id not in {other.handler for other in content.elements.values()}:
        yield _found(element, "compensation_handler_unbound")
    if element.kind in (Kind.THROW, Kind.END) and isinstance(element.event, CompensateEvent):
        activity = element.event.activity
        if activity is not None and activity not in handled and not _is_sub_process(content, activity):
            yield _found(element, "compensation_activity_unknown", activity=activity)


def _is_sub_process(content: Content, identity: str) -> bool:
    return identity in content.elements and content.elements[identity].content is not None


def _cancel_end(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    inside = owner is not None and owner.kind is Kind.TRANSACTION
    if element.kind is not Kind.END or not isinstance(element.event, CancelEvent):
        return
    if not inside:
        yield _found(element, "cancel_outside_transaction")


def _transaction(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if element.kind is not Kind.TRANSACTION or element.content is None:
        return
    caught = [other for other in content.elements.values() if other.attached_to == element.id]
    cancels = any(isinstance(inner.event, CancelEvent) for inner in element.content.elements.values())
    if cancels and not any(isinstance(other.event, CancelEvent) for other in caught):
        yield _found(element, "cancel_without_boundary")


def _event_gateway(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if element.kind is not Kind.EVENT_GATEWAY:
        return
    if not element.incoming:
        yield _found(element, "event_gateway_instantiate")
    if len(element.outgoing) < 2:
        yield _found(element, "event_gateway_narrow")
    for flow in element.outgoing:
        target = content.elements.get(flow.target)
        if target is None:
            continue
        catches = target.kind is Kind.CATCH and isinstance(target.event, CATCHES_AFTER_GATEWAY)
        if not catches and target.kind is not Kind.RECEIVE_TASK:
            yield _found(target, "event_gateway_target")
        elif len(target.incoming) > 1:
            yield _found(target, "event_gateway_target_shared")
        elif any(other.attached_to == target.id for other in content.elements.values()):
            yield _found(target, "event_gateway_boundary")
        if target.inputs or target.loop is not None:
            yield _found(target, "mapping_input_not_allowed" if target.inputs else "loop_not_allowed")


def _links(content: Content) -> Iterator[Problem]:
    links = [element for element in content.elements.values() if isinstance(element.event, LinkEvent)]
    throws = {
        element.event.name for element in links if element.kind is Kind.THROW and isinstance(element.event, LinkEvent)
    }
    catches = Counter(
        element.event.name for element in links if element.kind is Kind.CATCH and isinstance(element.event, LinkEvent)
    )
    for element in links:
        name = element.event.name if isinstance(element.event, LinkEvent) else ""
        if element.kind is Kind.THROW and name not in catches:
            yield _found(element, "link_without_catch", name=name)
        elif element.kind is Kind.CATCH and name not in throws:
            yield _found(element, "link_without_throw", name=name)
        elif element.kind is Kind.CATCH and catches[name] > 1:
            yield _found(element, "link_catch_twice", name=name)


def _cycle_place(element: Element, content: Content, owner: Element | None) -> Iterator[Problem]:
    if not isinstance(element.event, TimerEvent) or element.event.sort != "cycle":
        return
    starts_process = element.kind is Kind.START and owner is None
    repeats = element.kind in (Kind.BOUNDARY, Kind.START) and not element.interrupting
    if not (starts_process or repeats):
        yield _found(element, "timer_cycle_not_allowed")


Check = Callable[[Element, Content, Element | None], Iterator[Problem]]
CHECKS: tuple[Check, ...] = (
    _ends_of_flows,
    _default,
    _conditions,
    _event_present,
    _boundary,
    _compensation,
    _cancel_end,
    _transaction,
    _event_gateway,
    _cycle_place,
)
