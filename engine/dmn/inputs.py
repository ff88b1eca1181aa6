"""The inputs of a decision table, read for one decision: each is held to its type and to its allowed values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from engine.dmn.environment import conforming
from engine.feel import syntax
from engine.feel.builtins import BUILTINS
from engine.feel.expressions import UnaryTests
from engine.feel.meter import Scope
from engine.feel.types import ANY, Type

Closure: TypeAlias = Callable[[Scope], Any]
Input: TypeAlias = tuple[str, Closure, Type, "UnaryTests | None"]  # label, expression, type, allowed values
NO_MEMBER: Any = object()  # a name that no context has
Reader: TypeAlias = Callable[[Scope], "list[Any] | None"]


def reader(inputs: Sequence[Input], nodes: Sequence[syntax.Node | None], place: str) -> Reader:
    """Answers the value of each input; None where one does not fit, which is a fault of the data. Most inputs are
    members of one variable, `facts.hb` and `facts.plt`, and most of them are not there: so they are read together."""
    one_by_one = _one_by_one(inputs, place)
    variable = commonest_variable(nodes)
    if variable is None or not all(kind.accepts(None) for _, _, kind, _ in inputs):
        return one_by_one
    names = [_member_of(node, variable) or NO_MEMBER for node in nodes]
    # in the order of the columns: what is an expression of another kind, and what is held to a type
    rest = [
        (number, each, each[1] if names[number] is NO_MEMBER else None, each[2] is not ANY or each[3] is not None)
        for number, each in enumerate(inputs)
        if names[number] is NO_MEMBER or each[2] is not ANY or each[3] is not None
    ]

    def read(scope: Scope) -> list[Any] | None:
        found = scope.find(variable)[1]
        if type(found) is not dict or scope.run.diagnostics is not None:
            return one_by_one(scope)
        member = found.get
        values = [member(name) for name in names]
        for number, each, closure, is_held in rest:
            value = values[number] if closure is None else closure(scope)
            if value is not None:
                if is_held:
                    fits, value = _held(each, value, place, scope)
                    if not fits:
                        return None
                values[number] = value
        return values

    return read


def commonest_variable(nodes: Sequence[syntax.Node | None]) -> str | None:
    """The variable that most inputs are members of, if two are."""
    sources = Counter(
        node.source.name
        for node in nodes
        if isinstance(node, syntax.Path)
        if isinstance(node.source, syntax.Name)
        if node.source.name not in BUILTINS
    )
    name, times = next(iter(sources.most_common(1)), ("", 0))
    return name if times > 1 else None


def _member_of(node: syntax.Node | None, variable: str) -> str | None:
    if isinstance(node, syntax.Path) and isinstance(node.source, syntax.Name) and node.source.name == variable:
        return node.name
    return None


def _one_by_one(inputs: Sequence[Input], place: str) -> Reader:
    simple = [value if kind is ANY and allowed is None else None for _, value, kind, allowed in inputs]

    def read(scope: Scope) -> list[Any] | None:
        values = []
        for number, direct in enumerate(simple):
            if direct is not None:
                values.append(direct(scope))
                continue
            each = inputs[number]
            value = each[1](scope)
            if value is not None or not each[2].accepts(None):
                fits, value = _held(each, value, place, scope)
                if not fits:
                    return None
            values.append(value)
        return values

    return read


def _held(each: Input, value: Any, place: str, scope: Scope) -> tuple[bool, Any]:
    """(may the table run, the value as its type has it)"""
    label, _, kind, allowed = each
    fits, converted = conforming(value, kind, f"{place}/{label}", scope.run)
    if not fits:
        return False, None
    if allowed is not None and converted is not None and allowed.test_in(converted, scope) is not True:
        scope.run.fault(
            f"{place}/{label}：输入值不在允许的取值之内",
            f"{place}/{label}: the input is not one of the allowed values",
        )
        return False, None
    return True, converted
