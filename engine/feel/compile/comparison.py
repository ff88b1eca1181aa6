"""Comparison, three-valued logic, `between`, `in`, `instance of`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from engine.feel import syntax
from engine.feel.compile.core import Closure, Compiler, compiles
from engine.feel.compile.unary import any_test, compile_test
from engine.feel.meter import Scope
from engine.feel.operators import equal, in_range, order
from engine.feel.types import is_instance
from engine.feel.values import Range, kind_of

_SIGNS = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}
_DIRECT: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


@compiles(syntax.Comparison)
def _comparison(c: Compiler, node: syntax.Comparison) -> Closure:
    left, right, position = c.compile(node.left), c.compile(node.right), node.position
    if node.operator in ("=", "!="):
        return _equality(left, right, node.operator == "=")
    low, high = _SIGNS[node.operator][0], _SIGNS[node.operator][-1]
    direct = _DIRECT[node.operator]

    def compare(s: Scope) -> bool | None:
        a, b = left(s), right(s)
        kind, other = type(a), type(b)
        if (kind is Decimal or kind is int) and (other is Decimal or other is int):
            return direct(a, b)
        s.run.charge(8)
        sign = order(a, b)
        if sign is None:
            s.run.note(
                position, f"{kind_of(a)} 与 {kind_of(b)} 不可比较", f"{kind_of(a)} and {kind_of(b)} cannot be compared"
            )
            return None
        return low <= sign <= high

    if isinstance(node.right, syntax.Literal) and type(node.right.value) is Decimal:
        number = quick(node.right.value)

        def compare_with_number(s: Scope) -> bool | None:
            a = left(s)
            kind = type(a)
            return direct(a, number) if kind is int or kind is Decimal else compare(s)

        return compare_with_number
    return compare


def quick(number: Decimal) -> Any:
    """A small whole number as int: the quickest to compare with."""
    return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else number


def _equality(left: Closure, right: Closure, positive: bool) -> Closure:
    def compare(s: Scope) -> bool | None:
        a, b = left(s), right(s)
        if type(a) is str and type(b) is str:
            return (a == b) is positive
        answer = equal(a, b, s.run)
        return answer if positive or answer is None else not answer

    return compare


@compiles(syntax.Logic)
def _logic(c: Compiler, node: syntax.Logic) -> Closure:
    operands = [c.compile(operand) for operand in node.operands]
    decisive = node.operator == "or"

    def decide(s: Scope) -> bool | None:
        result: bool | None = not decisive
        for operand in operands:
            value = operand(s)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                result = None
        return result

    return decide


@compiles(syntax.Between)
def _between(c: Compiler, node: syntax.Between) -> Closure:
    value, low, high = c.compile(node.value), c.compile(node.low), c.compile(node.high)
    return lambda s: in_range(value(s), Range(low(s), high(s), True, True))


@compiles(syntax.In)
def _in(c: Compiler, node: syntax.In) -> Closure:
    value = c.compile(node.value)
    tests = [compile_test(c, test) for test in node.tests]

    def check(s: Scope) -> bool | None:
        subject = value(s)
        return any_test(tests, s, subject)

    return check


@compiles(syntax.InstanceOf)
def _instance(c: Compiler, node: syntax.InstanceOf) -> Closure:
    value, kind = c.compile(node.value), node.type

    def check(s: Scope) -> bool:
        subject = value(s)
        s.run.charge_value(subject)
        return is_instance(subject, kind)

    return check
