"""What can be seen without playing: nobody's task, a task without a clock, loops that wait nowhere or never stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.interpreter import Program
from engine.model.elements import (
    ACTIVITIES,
    Content,
    Element,
    JobWork,
    Kind,
    LinkEvent,
    SignalEvent,
    TimerEvent,
    UserWork,
)
from engine.rehearsal.soundness.finding import Finding

WAITS = frozenset({Kind.USER_TASK, Kind.SERVICE_TASK, Kind.RECEIVE_TASK, Kind.EVENT_GATEWAY, Kind.CALL_ACTIVITY})


def drawn_findings(program: Program) -> Iterator[Finding]:
    """Findings of one process that its drawing alone shows."""
    contents = list(_contents(program))
    for content, around in contents:
        for element in content.elements.values():
            yield from _user_task(element, content, around)
        for loop in _loops(content):
            yield Finding("loop-without-wait", tuple(sorted(loop)))
        yield from _without_bound(content)
    yield from _signals_to_itself(program)


def _contents(program: Program) -> Iterator[tuple[Content, list[tuple[Element, Content]]]]:
    """Each level with the sub-processes around it."""
    inner = {identity for e in program.elements.values() if e.content for identity in e.content.elements}
    top = Content(elements={i: e for i, e in program.elements.items() if i not in inner})
    agenda: list[tuple[Content, list[tuple[Element, Content]]]] = [(top, [])]
    while agenda:
        content, around = agenda.pop()
        yield content, around
        agenda += [(e.content, [*around, (e, content)]) for e in content.elements.values() if e.content]


# --- tasks for people -------------------------------------------------------------------------------------------------


def _user_task(element: Element, content: Content, around: list[tuple[Element, Content]]) -> Iterator[Finding]:
    work = element.work
    if not isinstance(work, UserWork):
        return
    named = (work.candidate_groups, work.candidate_users, work.assignee, *(lane.role for lane in work.lanes))
    if not any(named):
        yield Finding("no-role", (element.id,))
    clocks = (work.due, work.until, work.clock)
    timed = [(element, content), *around]
    if not any(clocks) and not any(_has_timer(activity, level) for activity, level in timed):
        yield Finding("no-clock", (element.id,))


def _has_timer(activity: Element, level: Content) -> bool:
    guards = [e for e in level.elements.values() if e.attached_to == activity.id]
    inside = [] if activity.content is None else list(activity.content.elements.values())
    starts = [e for sub in inside if sub.kind is Kind.EVENT_SUB_PROCESS and sub.content for e in sub.content.every()]
    return any(isinstance(e.event, TimerEvent) for e in (*guards, *(s for s in starts if s.kind is Kind.START)))


# --- loops ------------------------------------------------------------------------------------------------------------


def waits(element: Element) -> bool:
    """Can a token stand still here?"""
    if element.kind in WAITS or isinstance(element.work, JobWork):
        return True
    if element.kind is Kind.CATCH:
        return not isinstance(element.event, LinkEvent)
    return element.content is not None and any(waits(inner) for inner in element.content.elements.values())


def _loops(content: Content) -> Iterator[frozenset[str]]:
    """Rings of elements of which none waits."""
    passing = {identity for identity, element in content.elements.items() if not waits(element)}
    graph = {identity: found & passing for identity, found in graph_of(content).items() if identity in passing}
    seen: set[str] = set()
    for identity in sorted(passing):
        forward = reachable(graph, graph[identity])
        if identity in forward and identity not in seen:
            ring = frozenset(other for other in forward if identity in reachable(graph, graph[other]))
            seen |= ring
            yield ring


def _without_bound(content: Content) -> Iterator[Finding]:
    graph = graph_of(content)
    for event in content.elements.values():
        if event.kind is Kind.BOUNDARY and not event.interrupting and event.attached_to is not None:
            behind = reachable(graph, graph[event.id])
            if event.attached_to in behind:
                yield Finding("unbounded", (event.id, event.attached_to))
            elif _is_endless(event) and _leaves_work(content, behind):
                yield Finding("piles-up", (event.id,))
        if event.kind is Kind.EVENT_SUB_PROCESS and event.content is not None:
            start = next(e for e in event.content.elements.values() if e.kind is Kind.START)
            if not start.interrupting and _is_endless(start) and any(map(waits, event.content.every())):
                yield Finding("piles-up", (start.id,))


def _signals_to_itself(program: Program) -> Iterator[Finding]:
    """An event sub-process that does not interrupt and throws the signal that starts it begins itself again."""
    for element in program.elements.values():
        if element.kind is not Kind.EVENT_SUB_PROCESS or element.content is None:
            continue
        inside = list(element.content.every())
        start = next(e for e in element.content.elements.values() if e.kind is Kind.START)
        throws = [e for e in inside if e.kind in (Kind.THROW, Kind.END) and e.event == start.event]
        if isinstance(start.event, SignalEvent) and not start.interrupting and throws:
            yield Finding("unbounded", (start.id, throws[0].id))


def _is_endless(event: Element) -> bool:
    timer = event.event
    if not isinstance(timer, TimerEvent) or timer.sort != "cycle" or timer.text.startswith("="):
        return False
    return timer.text.startswith("R/") or not timer.text.startswith("R")


def _leaves_work(content: Content, behind: Iterable[str]) -> bool:
    return any(
        waits(content.elements[identity]) for identity in behind if content.elements[identity].kind in ACTIVITIES
    )


# --- the drawing as a graph -------------------------------------------------------------------------------------------


def graph_of(content: Content) -> dict[str, set[str]]:
    """Where a token may go from each element: by flows, by links, by boundary events."""
    elements = content.elements
    graph = {identity: {flow.target for flow in element.outgoing} for identity, element in elements.items()}
    catches = {e.event: e.id for e in elements.values() if e.kind is Kind.CATCH and isinstance(e.event, LinkEvent)}
    for element in elements.values():
        if element.attached_to in graph:
            graph[element.attached_to].add(element.id)
        if element.kind is Kind.THROW and isinstance(element.event, LinkEvent):
            graph[element.id].add(catches[element.event])
    return graph


def reachable(graph: Mapping[str, set[str]], first: Iterable[str]) -> set[str]:
    """Everything behind these, they included."""
    seen: set[str] = set()
    agenda = list(first)
    while agenda:
        identity = agenda.pop()
        if identity not in seen:
            seen.add(identity)
            agenda += graph.get(identity, ())
    return seen
