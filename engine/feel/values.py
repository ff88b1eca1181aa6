"""What a FEEL value is: None, bool, int or Decimal, str, list, dict, the temporal kinds, ranges and functions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Clamped, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from engine.feel.temporal import Date, DateTime, DaysDuration, Time, YearsDuration

NUMBERS = Context(  # decimal128, as DMN asks: 34 digits, half even
    prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[InvalidOperation, DivisionByZero, Overflow]
)
NUMBERS.clear_flags()
assert not NUMBERS.traps[Clamped]


class Range:
    """An interval. Written with an operator (`unary`: "<" …) the missing end is no bound; otherwise null is unknown."""

    __slots__ = ("end", "end_included", "start", "start_included", "unary")

    def __init__(self, start: Any, end: Any, start_included: bool, end_included: bool, unary: str = "") -> None:
        self.unary = unary
        self.start = start
        self.end = end
        self.start_included = start_included
        self.end_included = end_included

    def __repr__(self) -> str:
        return f"{'[' if self.start_included else '('}{self.start}..{self.end}{']' if self.end_included else ')'}"


class Unequal:
    """What `(!= x)` is as a value: everything but x."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Function:
    """Something that can be called. `call(run, arguments)` takes them in the order of `parameters`.

    parameters: (name, Type) pairs; `result`: the Type it promises.
    """

    __slots__ = ("bind", "call", "name", "parameters", "result")

    def __init__(
        self,
        name: str,
        parameters: list[tuple[str, Any]],
        call: Callable[[Any, list[Any]], Any],
        result: Any = None,
        bind: Callable[[Any, list[Any], list[str] | None], Any] | None = None,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.call = call
        self.result = result
        self.bind = bind  # built-ins have several signatures and bind their arguments themselves


KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    str: "string",
    list: "list",
    dict: "context",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    DaysDuration: "days and time duration",
    YearsDuration: "years and months duration",
    Range: "range",
    Unequal: "range",
    Function: "function",
}

ORDERED = frozenset(
    ("number", "string", "date", "time", "date and time", "days and time duration", "years and months duration")
)


def kind_of(value: Any) -> str:
    """The name of its type as the standard writes it."""
    return KINDS.get(type(value), "unknown")


def is_number(value: Any) -> bool:
    kind = type(value)
    return kind is Decimal or kind is int


def as_list(value: Any) -> list[Any]:
    """A list as it is, anything else as the list of itself, null as the empty list."""
    if type(value) is list:
        return value
    return [] if value is None else [value]


def integer(value: Any) -> int | None:
    """The whole number, None when it is not one (or absurdly large)."""
    if type(value) is int:
        return value
    if value == value.to_integral_value() and value.adjusted() < 34:
        return int(value)
    return None
