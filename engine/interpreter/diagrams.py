"""A diagram read and compiled once per process: its content is its name, so that what stands here is never out of date.

Deploying a file, checking it, walking it and running it all need the same programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.interpreter.compile import compile_program
from engine.interpreter.program import Program
from engine.model import Model, read_bpmn

MOST = 256  # files: several releases of a whole pathway


@dataclass(frozen=True, slots=True)
class Diagram:
    """A file with the programs of its processes, by id. To be read only: everybody is given the same one."""

    model: Model
    programs: Mapping[str, Program]


@lru_cache(maxsize=MOST)
def read_diagram(source: bytes) -> Diagram:
    """Raises Refused with every problem of the file."""
    model = read_bpmn(source)
    return Diagram(model, {process_id: compile_program(model, process_id) for process_id in model.processes})
