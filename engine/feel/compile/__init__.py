"""A tree to closures."""

from __future__ import annotations

from engine.feel.compile import arithmetic, calls, comparison, flow, paths, values
from engine.feel.compile.core import Closure, Compiler
from engine.feel.compile.unary import Test, any_test, compile_test

__all__ = [
    "Closure",
    "Compiler",
    "Test",
    "any_test",
    "arithmetic",
    "calls",
    "comparison",
    "compile_test",
    "flow",
    "paths",
    "values",
]
