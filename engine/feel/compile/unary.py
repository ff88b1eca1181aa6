"""Unary tests: does a value pass?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.feel import syntax
from engine.feel.compile.core import Compiler
from engine.feel.meter import Run, Scope
from engine.feel.operators import equal, in_range
from engine.feel.syntax import Node
from engine.feel.values import Range, Unequal

Test = Callable[[Scope, Any], "bool | None"]


def compile_test(c: Compiler, node: Node, uses_input: bool = False) -> Test:
    """One test of a value. A test that reads `?` is its own answer; any other expression is what is looked for."""
    c.weight += 1
    if isinstance(node, syntax.Like):
        operand = c.compile(node.operand)
        return lambda s, value: equal(value, operand(s), s.run)
    if isinstance(node, syntax.Unlike):
        other = c.compile(node.operand)
        return lambda s, value: _opposite(equal(value, other(s), s.run))
    closure = c.compile(node)
    if isinstance(node, syntax.RangeOf):

        def within(s: Scope, value: Any) -> bool | None:
            interval = closure(s)
            return None if interval is None else in_range(value, interval)

        return within
    if uses_input:

        def answer(s: Scope, value: Any) -> bool | None:
            result = closure(s)
            return result if type(result) is bool or result is None else meets(value, result, s.run)

        return answer
    return lambda s, value: meets(value, closure(s), s.run)


def _opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def meets(value: Any, wanted: Any, run: Run) -> bool | None:
    """Is the value what is wanted: equal to it, in that range, or in that list?"""
    kind = type(wanted)
    if kind is list:
        run.charge(len(wanted))
        if type(value) is list and equal(value, wanted, run) is True:
            return True
        for item in wanted:
            found = in_range(value, item) if type(item) is Range else equal(value, item, run)
            if found is True:
                return True
        return False
    if kind is Range:
        return in_range(value, wanted)
    if kind is Unequal:
        return _opposite(equal(value, wanted.value, run))
    if kind is bool and type(value) is not bool:
        return wanted
    return equal(value, wanted, run)


def any_test(tests: list[Test], s: Scope, value: Any) -> bool | None:
    """True when one holds; null when none holds and one has no answer."""
    result: bool | None = False
    for test in tests:
        answer = test(s, value)
        if answer is True:
            return True
        if answer is None:
            result = None
    return result
