"""DMN 1.1 to 1.5: decision models read, compiled, evaluated with a trace."""

from __future__ import annotations

from engine.dmn.definitions import Decision, Definitions, Evaluation, read_decisions
from engine.dmn.errors import DecisionError

__all__ = ["Decision", "DecisionError", "Definitions", "Evaluation", "read_decisions"]
