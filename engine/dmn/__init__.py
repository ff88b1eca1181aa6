"""DMN 1.1 to 1.5: decision models read, compiled, evaluated with a trace."""

from __future__ import annotations

from engine.dmn.check import Report, check_decisions
from engine.dmn.definitions import Definitions, read_decisions
from engine.dmn.errors import DecisionError
from engine.dmn.evaluation import Decision, Evaluation

__all__ = [
    "Decision",
    "DecisionError",
    "Definitions",
    "Evaluation",
    "Report",
    "check_decisions",
    "read_decisions",
]
