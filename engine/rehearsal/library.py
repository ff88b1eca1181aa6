"""A set of diagrams and decision files from which a closure is put together, by id, as a deployment would."""

from __future__ import annotations

from collections.abc import Iterable

from engine.dmn import Definitions, read_decisions
from engine.errors import Text
from engine.interpreter import Closure, Program, read_diagram
from engine.model import Model
from engine.problems import Problem, Refused


class Library:
    """Definitions by key. `add_*` raise `Refused` with every problem of the file; the last file with a key wins."""

    def __init__(self) -> None:
        self.programs: dict[str, Program] = {}
        self.decisions: dict[str, Definitions] = {}

    def add_diagram(self, xml: bytes) -> tuple[Model, list[Program]]:
        """Read, lint and compile each executable process of one file."""
        diagram = read_diagram(xml)
        self.programs |= diagram.programs
        return diagram.model, list(diagram.programs.values())

    def add_decisions(self, xml: bytes) -> Definitions:
        definitions = read_decisions(xml)
        self.decisions |= dict.fromkeys(definitions.decisions, definitions)
        return definitions

    def missing(self, root: str) -> tuple[set[str], set[str]]:
        """Called process ids and decision ids that `root` reaches and the library does not hold."""
        reached = list(self._reached(root))
        processes = {key for program in reached for key in called_keys(program)}
        decisions = {key for program in reached for key in decision_keys(program)}
        return processes - self.programs.keys(), decisions - self.decisions.keys()

    def closure(self, root: str) -> Closure:
        """`root` with everything it calls. Raises `Refused` naming what is called and not there."""
        processes, decisions = self.missing(root)
        if processes or decisions:
            raise Refused(
                [
                    _not_found(kind, key)
                    for kind, keys in (("process", processes), ("decision", decisions))
                    for key in sorted(keys)
                ]
            )
        programs = {program.key: program for program in self._reached(root)}
        wanted = {key for program in programs.values() for key in decision_keys(program)}
        return Closure(
            root=self.programs[root], programs=programs, decisions={key: self.decisions[key] for key in wanted}
        )

    def _reached(self, root: str) -> Iterable[Program]:
        seen: set[str] = set()
        agenda = [root]
        while agenda:
            key = agenda.pop()
            if key in seen or key not in self.programs:
                continue
            seen.add(key)
            yield self.programs[key]
            agenda.extend(called_keys(self.programs[key]))


def called_keys(program: Program) -> set[str]:
    return {key for key, _binding, _tag in program.called_processes}


def decision_keys(program: Program) -> set[str]:
    return {key for key, _binding, _tag in program.decisions}


def _not_found(kind: str, key: str) -> Problem:
    words = {"process": ("被调用的流程", "the called process"), "decision": ("被调用的决策", "the called decision")}[
        kind
    ]
    return Problem(
        element_id=None,
        element_type=kind,
        code=f"missing-{kind}",
        message=Text(zh=f"{words[0]}“{key}”未找到", en=f"{words[1]} '{key}' was not found"),
    )
