"""FHIRPath in a form: compiled once, evaluated over the answers by name (`%weight`, `%sbp`), never reading a clock.

Added to FHIRPath, because it has no difference of dates: `.daysUntil(date)`, `.yearsUntil(date)`, `.addDays(n)`,
`.naegele()`, and because women tell lunar dates: `.fromLunar(date)`. Each answers empty when something is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.parser import (  # type: ignore[attr-defined]  # it hands on the names of its grammar tool
    CommonTokenStream,
    ErrorListener,
    FHIRPathLexer,
    FHIRPathParser,
    InputStream,
    Token,
)

from workflows.forms.shortcut import EMPTY, Closure, Functions, Unsure, shorten
from workflows.policies import lunar

_NAME = re.compile(r"%([a-z][a-z0-9_]*)")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
_OPERATORS = frozenset({"and", "or", "xor", "implies", "in", "contains", "div", "mod", "is", "as"})
_FUNCTIONS = frozenset(  # of FHIRPath; none that walks everything (repeat, descendants) or reads a clock (today, now)
    {
        "exists", "empty", "not", "count", "where", "all", "first", "last", "iif", "toString", "toInteger", "toDecimal",
        "toDate", "substring", "startsWith", "endsWith", "contains", "length", "matches", "abs", "ceiling", "floor",
    }
)  # fmt: skip


class ExpressionError(ValueError):
    """The text is no FHIRPath that a form may use."""


def _one(value: Any) -> Any:
    """The only item of a collection; None when there is none or more than one."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return getattr(value, "data", value)


def _day(value: Any) -> date | None:
    one = _one(value)
    try:
        return None if one is None else date.fromisoformat(str(one)[:10])
    except ValueError:
        return None


def _days_until(focus: Any, other: Any) -> list[int]:
    start, end = _day(focus), _day(other)
    return [] if start is None or end is None else [(end - start).days]


def _years_until(focus: Any, other: Any) -> list[int]:
    start, end = _day(focus), _day(other)
    if start is None or end is None:
        return []
    return [end.year - start.year - ((end.month, end.day) < (start.month, start.day))]


def _add_days(focus: Any, days: Any) -> list[str]:
    start, count = _day(focus), _one(days)
    return [] if start is None or count is None else [(start + timedelta(days=int(count))).isoformat()]


def _from_lunar(focus: Any, on: Any) -> list[str]:
    """The Gregorian day of a lunar date as told, the last one up to `on` where no year is told (journey G-2)."""
    told, day = _one(focus), _day(on)
    found = None if told is None or day is None else lunar.gregorian(str(told), day)
    return [found.isoformat()] if found else []


def _naegele(focus: Any) -> list[str]:
    """Month + 9, day + 7; a day that the month lacks runs on into the next (journey G-3)."""
    start = _day(focus)
    if start is None:
        return []
    months = start.month + 8
    first = date(start.year + months // 12, months % 12 + 1, 1)
    return [(first + timedelta(days=start.day + 6)).isoformat()]


def _minutes_until(focus: Any, other: Any) -> list[int]:
    start, end = _one(focus), _one(other)
    if start is None or end is None:
        return []
    gap = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))
    return [int(gap.total_seconds() // 60)]


def _half_up(focus: Any, places: Any) -> list[Decimal]:
    value, digits = _one(focus), _one(places)
    if value is None:
        return []
    return [Decimal(str(value)).quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)]


_OPTIONS = {
    "userInvocationTable": {
        "daysUntil": {"fn": _days_until, "arity": {1: ["Any"]}},
        "minutesUntil": {"fn": _minutes_until, "arity": {1: ["Any"]}},
        "yearsUntil": {"fn": _years_until, "arity": {1: ["Any"]}},
        "addDays": {"fn": _add_days, "arity": {1: ["Any"]}},
        "fromLunar": {"fn": _from_lunar, "arity": {1: ["Any"]}},
        "naegele": {"fn": _naegele, "arity": {0: []}},
        "halfUp": {"fn": _half_up, "arity": {1: ["Any"]}},
    }
}


_SHORT: Functions = {
    "daysUntil": _days_until,
    "minutesUntil": _minutes_until,
    "yearsUntil": _years_until,
    "addDays": _add_days,
    "fromLunar": _from_lunar,
    "naegele": _naegele,
    "halfUp": _half_up,
}


class Environment(dict[str, Any]):
    """Answers by name. Environments of one form being filled share what its expressions answered for which values, so
    that conditions and calculations are worked out again only where something they read has changed."""

    __slots__ = ("remembered",)

    def __init__(self, names: Mapping[str, Any], remembered: dict[Any, list[Any]]) -> None:
        super().__init__(names)
        self.remembered = remembered


@dataclass(frozen=True)
class Expression:
    text: str
    names: frozenset[str]
    _run: Callable[..., list[Any]] = field(repr=False, compare=False)
    short: Closure | None = field(default=None, repr=False, compare=False)

    def evaluate(self, environment: Mapping[str, Any]) -> list[Any]:
        """The collection it answers; a name that has no answer is an empty collection."""
        if self.short is not None:
            try:
                found = self.short(environment)
                return [] if found is EMPTY else [found]
            except (Unsure, ArithmeticError, TypeError, ValueError):
                pass
        known = {name: environment.get(name, []) for name in self.names}
        if not isinstance(environment, Environment):
            return self._evaluate(known)
        key = (self.text, repr(known))  # not the values: 5.0 equals 5 and is written otherwise
        answered = environment.remembered.get(key)
        if answered is None:
            answered = environment.remembered[key] = self._evaluate(known)
        return answered

    def _evaluate(self, known: dict[str, Any]) -> list[Any]:
        try:
            return list(self._run({}, known))
        except Exception:  # fhirpathpy raises a bare Exception for an empty operand, where FHIRPath says: empty
            return []

    def value(self, environment: Mapping[str, Any]) -> Any:
        """Its single value as plain data, or None."""
        found = self.evaluate(environment)
        return plain(found[0]) if len(found) == 1 else None

    def is_true(self, environment: Mapping[str, Any]) -> bool:
        return self.evaluate(environment) == [True]

    def is_false(self, environment: Mapping[str, Any]) -> bool:
        return self.evaluate(environment) == [False]


def plain(value: Any) -> Any:
    """JSON-like: whole numbers int, others Decimal, dates their ISO text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Decimal | int | float):
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        return int(exact) if exact == exact.to_integral_value() else exact
    return str(value)


@cache  # the same rules stand in many forms, and reading one costs milliseconds
def compile_fhirpath(text: str) -> Expression:
    """Raises ExpressionError: bad syntax, or a function that a form may not use."""
    bare = _TEXT.sub("''", text)
    for called in _CALL.findall(bare):
        if called not in _FUNCTIONS | _OPERATORS | _OPTIONS["userInvocationTable"].keys():
            raise ExpressionError(f"{called}() may not be used in a form")
    _require_syntax(text)
    names, run = frozenset(_NAME.findall(bare)), fhirpathpy.compile(text, None, _OPTIONS)
    return Expression(text, names, run, shorten(fhirpathpy.parse(text), _SHORT))


class _Strict(ErrorListener):
    """The library's own reading recovers from errors silently and ignores what follows the expression."""

    def syntaxError(self, recognizer: Any, symbol: Any, line: int, column: int, message: str, error: Any) -> None:
        raise ExpressionError(f"at {column + 1}: {message}")


def _require_syntax(text: str) -> None:
    lexer = FHIRPathLexer(InputStream(text))
    parser = FHIRPathParser(CommonTokenStream(lexer))
    for part in (lexer, parser):
        part.removeErrorListeners()
        part.addErrorListener(_Strict())
    parser.expression()
    rest = parser.getCurrentToken()
    if rest.type != Token.EOF:
        raise ExpressionError(f"at {rest.column + 1}: nothing may follow here")
