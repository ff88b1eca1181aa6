"""Token execution, pure: a closure of programs, a state, an event and the time in; a step out."""

from engine.interpreter.codec import decode, encode
from engine.interpreter.compile import compile_program
from engine.interpreter.diagrams import Diagram, read_diagram
from engine.interpreter.failures import Unexpected
from engine.interpreter.program import Closure, Program
from engine.interpreter.starts import start_conditions_met, start_timer_due, start_timer_next
from engine.interpreter.state import State
from engine.interpreter.step import apply, diff, start

__all__ = [
    "Closure",
    "Diagram",
    "Program",
    "State",
    "Unexpected",
    "apply",
    "compile_program",
    "decode",
    "diff",
    "encode",
    "read_diagram",
    "start",
    "start_conditions_met",
    "start_timer_due",
    "start_timer_next",
]
