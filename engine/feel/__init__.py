"""FEEL, the expression language of DMN 1.5, in pure Python: compiled to closures, metered, plain data in and out.

>>> compile_expression("if systolic >= 140 then \\"high\\" else \\"normal\\"").evaluate({"systolic": 151})
'high'
"""

from __future__ import annotations

from engine.feel.errors import Diagnostics, FeelError, FeelSyntaxError, Note
from engine.feel.expressions import Dialect, Expression, UnaryTests, compile_expression, compile_unary_tests
from engine.feel.plain import from_plain, to_plain

__all__ = [
    "Diagnostics",
    "Dialect",
    "Expression",
    "FeelError",
    "FeelSyntaxError",
    "Note",
    "UnaryTests",
    "compile_expression",
    "compile_unary_tests",
    "from_plain",
    "to_plain",
]
