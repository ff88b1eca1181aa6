"""A process whose states are too many for one search, in parts that do not touch each other.

What a call activity runs is a process of its own: it is searched by itself, and stands in its caller as a piece of work
that is done some time. An event sub-process that does not interrupt shares nothing with the tokens beside it but the
end of its scope: it is searched with those standing still, and they without it. What all parts come to is what the
whole comes to, times each other; a part that is sound by itself stays so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.interpreter import Closure, Program
from engine.interpreter.program import Body, Node
from engine.model.elements import (
    CallWork,
    CompensateEvent,
    ErrorEvent,
    EscalationEvent,
    JobWork,
    Kind,
    TerminateEvent,
)

THROWS = frozenset({Kind.END, Kind.THROW})
REACHES_OUT = (ErrorEvent, EscalationEvent, CompensateEvent)  # thrown, these leave the part they are in


@dataclass(frozen=True)
class Part:
    """One search. `folded`: processes whose calls are a piece of work; `without`: event sub-processes that are looked
    at in parts of their own; `only`: the one that this part is about; `path`: the calls that lead to its process."""

    closure: Closure
    folded: frozenset[str]
    without: frozenset[str] = frozenset()
    only: str | None = None
    path: str = ""


def parts_of(closure: Closure) -> list[Part]:
    """None where the process calls nothing that can be folded and has nothing beside that can be taken apart."""
    folded = frozenset(key for key in _called(closure, closure.root) if _keeps_to_itself(closure, key))
    beside = frozenset(_beside(closure.root))
    if not folded and len(beside) < 2:
        return []
    paths = _paths(closure)
    processes = [closure.root, *(found for key in sorted(folded) if (found := closure.program(key)) is not None)]
    return [part for process in processes for part in _parts(closure, process, folded, paths[process.key])]


def may_fail(closure: Closure, work: CallWork) -> bool:
    """A job inside may fail with an error that the caller catches."""
    keys = {work.process, *(key for key in _reached(closure, work.process))}
    programs = [found for key in keys if (found := closure.program(key)) is not None]
    return any(isinstance(node.work, JobWork) for program in programs for node in program.nodes.values())


def _parts(closure: Closure, process: Program, folded: frozenset[str], path: str) -> Iterator[Part]:
    own = Closure(process, {**closure.programs, process.key: process}, closure.decisions)
    beside = frozenset(_beside(process))
    yield Part(own, folded, without=beside, path=path)
    for sub in sorted(beside):
        yield Part(own, folded, without=beside - {sub}, only=sub, path=path)


def _paths(closure: Closure) -> dict[str, str]:
    """Process -> the calls that lead to it first, each with a stroke behind."""
    found = {closure.root.key: ""}
    agenda = [closure.root.key]
    while agenda:
        key = agenda.pop(0)
        program = closure.program(key)
        for node in program.nodes.values() if program is not None else ():
            if isinstance(node.work, CallWork) and node.work.process not in found:
                found[node.work.process] = f"{found[key]}{node.id}/"
                agenda.append(node.work.process)
    return found


def _called(closure: Closure, program: Program) -> set[str]:
    return {key for key in _reached(closure, program.key) if closure.program(key) is not None} - {program.key}


def _reached(closure: Closure, key: str) -> set[str]:
    found: set[str] = set()
    agenda = [key]
    while agenda:
        program = closure.program(agenda.pop())
        for called, *_ in program.called_processes if program is not None else ():
            if called not in found:
                found.add(called)
                agenda.append(called)
    return found


def _keeps_to_itself(closure: Closure, key: str) -> bool:
    """Nothing that it throws is caught by who calls it."""
    programs = [closure.program(one) for one in {key, *_reached(closure, key)}]
    return all(program is not None and not any(map(_reaches_out, program.nodes.values())) for program in programs)


def _reaches_out(node: Node) -> bool:
    return node.kind in THROWS and isinstance(node.event, REACHES_OUT)


def ends_around(program: Program, event_sub_process: str) -> Iterator[str]:
    """Terminate end events of the level at which an event sub-process listens: they take its work away."""
    for body in _bodies_at_start(program):
        if any(sub.id == event_sub_process for sub in body.event_sub_processes):
            yield from (node.id for node in _level_of(program, body) if isinstance(node.event, TerminateEvent))


def _level_of(program: Program, body: Body) -> list[Node]:
    deeper = {i for node in program.nodes.values() if node.body is not None for i in _own(node)}
    owner = next((node for node in program.nodes.values() if node.body is body), None)
    level = set(program.nodes) - deeper if owner is None else _own(owner)
    return [program.nodes[identity] for identity in sorted(level)]


def _own(node: Node) -> set[str]:
    return set(node.element.content.elements) if node.element.content is not None else set()


def _beside(program: Program) -> Iterator[str]:
    """Event sub-processes that listen once the process has begun, do not interrupt, and throw nothing outwards."""
    for body in _bodies_at_start(program):
        for sub in body.event_sub_processes:
            start = sub.body.start if sub.body is not None else None
            inside = [program.nodes[identity] for identity in _inside(program, sub)]
            stays = not any(_reaches_out(node) or isinstance(node.event, TerminateEvent) for node in inside)
            if start is not None and not start.element.interrupting and stays:
                yield sub.id


def _bodies_at_start(program: Program) -> Iterator[Body]:
    """The process itself, and the sub-process that it begins with."""
    body: Body | None = program.body
    while body is not None:
        yield body
        start = body.start
        following = start.outgoing[0].target if start is not None and len(start.outgoing) == 1 else None
        is_plain = following is not None and following.kind is Kind.SUB_PROCESS and following.loop is None
        body = following.body if following is not None and is_plain else None


def _inside(program: Program, sub: Node) -> Iterator[str]:
    for identity in sub.element.content.elements if sub.element.content is not None else ():
        yield identity
        yield from _inside(program, program.nodes[identity])
