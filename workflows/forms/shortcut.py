"""A short way for the expressions that forms consist of: limits and differences of single numbers, days between dates.

What the text says is still the library's to read; here its tree becomes closures. A closure that meets anything but
one plain number where it wants one gives up (`Unsure`), and the library answers instead: it alone knows what FHIRPath
says of what is missing, repeated or of another kind. A test compares both over every form.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

Environment: TypeAlias = Mapping[str, Any]
Closure: TypeAlias = Callable[[Environment], Any]
Functions: TypeAlias = Mapping[str, Callable[..., list[Any]]]

_COMPARE = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
_COUNT = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class Unsure(Exception):
    """Not what this way is made for."""


def shorten(tree: Mapping[str, Any], functions: Functions) -> Closure | None:
    """A closure that answers the one value of the expression, or raises Unsure; None where there is no short way.
    `functions`: our own, by name, of collections."""
    try:
        return _compile(tree["children"][0], functions)
    except Unsure:
        return None


def _compile(node: Mapping[str, Any], functions: Functions) -> Closure:
    type_, children = node["type"], node.get("children", [])
    if type_ in ("TermExpression", "LiteralTerm", "ParenthesizedTerm", "ExternalConstantTerm") and len(children) == 1:
        return _compile(children[0], functions)
    if type_ == "ExternalConstant":
        return _name(children[0]["text"])
    if type_ == "NumberLiteral" and node["text"].isascii() and node["text"].isdigit():
        number = int(node["text"])
        return lambda environment: number
    if type_ == "InequalityExpression":
        return _joined(_COMPARE[node["terminalNodeText"][0]], children, functions)
    if type_ in ("AdditiveExpression", "MultiplicativeExpression") and node["terminalNodeText"][0] in _COUNT:
        return _joined(_COUNT[node["terminalNodeText"][0]], children, functions)
    if type_ == "InvocationExpression":
        return _called(children, functions)
    raise Unsure


def _name(name: str) -> Closure:
    def read(environment: Environment) -> Any:
        value = environment.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            raise Unsure
        return value

    return read


def _joined(join: Callable[[Any, Any], Any], children: list[Any], functions: Functions) -> Closure:
    left, right = (_compile(child, functions) for child in children)

    def answer(environment: Environment) -> Any:
        return join(_number(left(environment)), _number(right(environment)))

    return answer


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unsure
    return value


def _called(children: list[Any], functions: Functions) -> Closure:
    """One of our own functions with one argument, of one value."""
    subject, invoked = children
    call = invoked["children"][0]
    name = call["children"][0]["text"]
    if invoked["type"] != "FunctionInvocation" or name not in functions or len(call["children"]) != 2:
        raise Unsure
    (argument,) = call["children"][1]["children"]
    function, of, given = functions[name], _compile(subject, functions), _compile(argument, functions)

    def answer(environment: Environment) -> Any:
        found = function([of(environment)], [given(environment)])
        if len(found) != 1:
            raise Unsure
        return found[0]

    return answer
