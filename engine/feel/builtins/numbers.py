"""Numeric functions and the conversion to a number."""

from __future__ import annotations

import re
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
)
from typing import Any

from engine.feel.builtins.registry import builtin
from engine.feel.errors import Fail
from engine.feel.meter import Run
from engine.feel.values import NUMBERS, integer

_WIDE = Context(prec=12_400, Emin=-999_999, Emax=999_999)  # holds every decimal128 written out
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")


def rounded(number: Any, scale: Any, mode: str) -> Decimal:
    """To that many digits after the point (before it when negative)."""
    places = integer(Decimal(scale).to_integral_value(ROUND_FLOOR))
    if places is None or not -6111 <= places <= 6176:
        raise Fail("小数位数应在 -6111 与 6176 之间", "the scale lies outside -6111..6176")
    value = Decimal(number)
    if value == 0 or places >= -value.as_tuple().exponent:  # type: ignore[operator]
        return value
    unit = Decimal((0, (1,), -places))
    result = value.quantize(unit, rounding=mode, context=_WIDE)
    return NUMBERS.plus(result)


def _rounder(name: str, mode: str) -> None:
    @builtin(name, "n: number, scale: number", weight=8)
    def function(run: Run, n: Any, scale: Any) -> Decimal:
        return rounded(n, scale, mode)


for _name, _mode in {
    "decimal": ROUND_HALF_EVEN,
    "round up": ROUND_UP,
    "round down": ROUND_DOWN,
    "round half up": ROUND_HALF_UP,
    "round half down": ROUND_HALF_DOWN,
}.items():
    _rounder(_name, _mode)


@builtin("floor", "n: number, scale?: number", weight=8)
def floor(run: Run, n: Any, scale: Any = 0) -> Decimal:
    return rounded(n, scale, ROUND_FLOOR)


@builtin("ceiling", "n: number, scale?: number", weight=8)
def ceiling(run: Run, n: Any, scale: Any = 0) -> Decimal:
    return rounded(n, scale, ROUND_CEILING)


@builtin("abs", "n: number|days and time duration|years and months duration")
def absolute(run: Run, n: Any) -> Any:
    if isinstance(n, tuple):
        return type(n)(abs(n[0]))
    return NUMBERS.abs(Decimal(n))


@builtin("modulo", "dividend: number, divisor: number", weight=8)
def modulo(run: Run, dividend: Any, divisor: Any) -> Decimal:
    if divisor == 0:
        raise Fail("除数为零", "division by zero")
    quotient = NUMBERS.divide(Decimal(dividend), Decimal(divisor)).to_integral_value(ROUND_FLOOR)
    return NUMBERS.subtract(Decimal(dividend), NUMBERS.multiply(Decimal(divisor), quotient))


@builtin("sqrt", "number: number", weight=20)
def sqrt(run: Run, number: Any) -> Decimal:
    if number < 0:
        raise Fail("负数没有平方根", "a negative number has no square root")
    return NUMBERS.sqrt(Decimal(number))


@builtin("log", "number: number", weight=100)
def log(run: Run, number: Any) -> Decimal:
    if number <= 0:
        raise Fail("只有正数有对数", "only positive numbers have a logarithm")
    return NUMBERS.ln(Decimal(number))


@builtin("exp", "number: number", weight=100)
def exp(run: Run, number: Any) -> Decimal:
    return NUMBERS.exp(Decimal(number))


@builtin("odd", "number: number")
def odd(run: Run, number: Any) -> bool:
    return _whole(number) % 2 == 1


@builtin("even", "number: number")
def even(run: Run, number: Any) -> bool:
    return _whole(number) % 2 == 0


def _whole(number: Any) -> int:
    whole = integer(number)
    if whole is None:
        raise Fail("应为整数", "not a whole number")
    return whole


@builtin(
    "number",
    "from: number",
    "from: string, grouping separator?: string|null, decimal separator?: string|null",
)
def number(run: Run, text: Any, grouping: str | None = None, point: str | None = None) -> Any:
    if not isinstance(text, str):
        return text
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (grouping and grouping == point):
        raise Fail("分隔符应为空格、逗号或句点，且互不相同", "separators are space, comma or period, and differ")
    if grouping:
        text = text.replace(grouping, "")
    if point and point != ".":
        if "." in text:
            raise Fail("不是数字", "not a number")
        text = text.replace(point, ".")
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        raise Fail("不是数字", "not a number")
    try:
        return NUMBERS.create_decimal(text)
    except DecimalException:
        raise Fail("数字超出范围", "the number is out of range") from None
