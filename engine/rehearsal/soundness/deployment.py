"""What the search says of diagrams that are about to go live, as warnings beside those of the reader."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from engine.interpreter import Closure, Program
from engine.problems import Problem, Refused
from engine.rehearsal.guesses import Guesses
from engine.rehearsal.library import Library, called_keys
from engine.rehearsal.soundness import examine
from engine.rehearsal.soundness.drawn import drawn_findings
from engine.rehearsal.soundness.finding import Finding

LIMIT, SECONDS = 2_000, 2.0  # for all processes together: somebody is waiting for the answer


def soundness_warnings(
    files: Iterable[bytes], deployed: Callable[[str], bytes | None], *, seconds: float = SECONDS
) -> dict[str, list[Problem]]:
    """By process id of the files. `deployed`: the diagram of a called process that is live already, or None.

    Files that are no diagrams, or are refused, say nothing here.
    """
    library = Library()
    own: list[str] = []
    for xml in files:
        try:
            own += [program.key for program in library.add_diagram(xml)[1]]
        except Refused:
            continue
    _fetch(library, own, deployed)
    until = time.monotonic() + seconds
    return {
        key: [finding.as_problem() for finding in _findings(library, key, max(until - time.monotonic(), 0.0))]
        for key in own
    }


def _fetch(library: Library, own: list[str], deployed: Callable[[str], bytes | None]) -> None:
    """Everything that is called, as far as it is there."""
    agenda, tried = list(own), set(own)
    while agenda:
        program = library.programs.get(agenda.pop())
        for key in called_keys(program) - tried if program else ():
            tried.add(key)
            xml = None if key in library.programs else deployed(key)
            if xml is not None:
                library.add_diagram(xml)
            agenda.append(key)


def _findings(library: Library, key: str, seconds: float) -> Iterable[Finding]:
    processes, _ = library.missing(key)
    if processes:
        return drawn_findings(library.programs[key])
    programs = _reached(library, key)
    closure = Closure(library.programs[key], programs)  # decisions are left free: none is asked
    return examine(closure, Guesses(texts_of(programs.values())), limit=LIMIT, seconds=seconds).findings


def _reached(library: Library, key: str) -> dict[str, Program]:
    found: dict[str, Program] = {}
    agenda = [key]
    while agenda:
        key = agenda.pop()
        if key not in found:
            found[key] = library.programs[key]
            agenda += called_keys(found[key])
    return found


def texts_of(programs: Iterable[Program]) -> Iterator[str]:
    """Every expression of the diagrams, without the sign before it."""
    for node in chain.from_iterable(program.nodes.values() for program in programs):
        formulas = [*node.formulas.values(), *(flow.condition for flow in node.outgoing if flow.condition)]
        formulas += [assign.source for assign in (*node.inputs, *node.outputs)]
        if node.loop is not None and node.loop.collection is not None:
            formulas.append(node.loop.collection)
        for formula in formulas:
            if formula.expression is not None:
                yield formula.text.removeprefix("=").strip()
