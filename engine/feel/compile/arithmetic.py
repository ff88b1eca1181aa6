"""Arithmetic."""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Any

from engine.feel import syntax
from engine.feel.compile.core import Closure, Compiler, compiles
from engine.feel.meter import Scope
from engine.feel.operators import add, divide, multiply, negate, power, subtract
from engine.feel.values import NUMBERS, kind_of

_EXACT = {"+": NUMBERS.add, "-": NUMBERS.subtract, "*": NUMBERS.multiply, "/": NUMBERS.divide}
_OTHER = {"+": add, "-": subtract, "*": multiply, "/": divide}
_VERBS = {"+": "相加", "-": "相减", "*": "相乘", "/": "相除", "**": "乘方"}


@compiles(syntax.Arithmetic)
def _arithmetic(c: Compiler, node: syntax.Arithmetic) -> Closure:
    left, right, operator, position = c.compile(node.left), c.compile(node.right), node.operator, node.position
    if operator == "**":
        c.weight += 50

        def raise_to(s: Scope) -> Any:
            a, b = left(s), right(s)
            result = power(a, b)
            return result if result is not None else _no_result(s, position, operator, a, b)

        return raise_to
    exact, other = _EXACT[operator], _OTHER[operator]

    def calculate(s: Scope) -> Any:
        a, b = left(s), right(s)
        kind, second = type(a), type(b)
        if (kind is Decimal or kind is int) and (second is Decimal or second is int):
            try:
                return exact(a, b)
            except DecimalException:
                return _no_result(s, position, operator, a, b)
        s.run.charge(8)
        result = other(a, b)
        if result is None:
            return _no_result(s, position, operator, a, b)
        if kind is str:
            s.run.charge_string(len(result))
        return result

    return calculate


def _no_result(s: Scope, position: int, operator: str, a: Any, b: Any) -> None:
    s.run.note(
        position,
        f"{kind_of(a)} 与 {kind_of(b)} 不能{_VERBS[operator]}",
        f"no result for {kind_of(a)} {operator} {kind_of(b)}",
    )


@compiles(syntax.Negation)
def _negation(c: Compiler, node: syntax.Negation) -> Closure:
    operand, position = c.compile(node.operand), node.position

    def calculate(s: Scope) -> Any:
        value = operand(s)
        result = negate(value)
        if result is None:
            s.run.note(position, f"{kind_of(value)} 不能取负", f"{kind_of(value)} has no negative")
        return result

    return calculate
