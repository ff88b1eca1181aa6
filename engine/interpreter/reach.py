"""From where can a token still come along a flow? Worked out once per inclusive join (BPMN 2.0.2 §13.4.3)."""

from __future__ import annotations

from collections import defaultdict

from engine.model.elements import Content, Element, Kind, LinkEvent


def inclusive_reach(content: Content, join: Element) -> dict[str, frozenset[str]]:
    """For each incoming flow of `join`: the elements from which a path leads to it without passing `join`."""
    before = _predecessors(content)
    return {flow.id: frozenset(_upstream(flow.source, before, join.id)) for flow in join.incoming}


def _upstream(start: str, before: dict[str, set[str]], barrier: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        identity = todo.pop()
        if identity not in seen and identity != barrier:
            seen.add(identity)
            todo += before[identity]
    return seen


def _predecessors(content: Content) -> dict[str, set[str]]:
    before: dict[str, set[str]] = defaultdict(set)
    elements = content.elements.values()
    for element in elements:
        for flow in element.outgoing:
            before[flow.target].add(element.id)
        if element.kind is Kind.BOUNDARY and element.attached_to is not None:
            before[element.id].add(element.attached_to)
        if element.kind is Kind.CATCH and isinstance(element.event, LinkEvent):
            name = element.event.name
            before[element.id] |= {
                other.id
                for other in elements
                if other.kind is Kind.THROW and isinstance(other.event, LinkEvent) and other.event.name == name
            }
    return before
