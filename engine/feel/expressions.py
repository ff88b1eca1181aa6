"""Compiled expressions and unary tests: what other rooms hold in their hands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engine.feel import syntax
from engine.feel.builtins import BUILTINS
from engine.feel.compile import Closure, Compiler, Test, any_test, compile_test
from engine.feel.errors import Diagnostics, Exhausted, FeelSyntaxError
from engine.feel.meter import Run, Scope
from engine.feel.names import Names
from engine.feel.parse import TypeLookup, parse_expression, parse_tests

_BUILTIN_NAMES = Names(BUILTINS)
_PROPERTY_NAMES = ("time offset", "start included", "end included")
_TYPE_NAMES = Names(("date and time", "days and time duration", "years and months duration"))


class Expression:
    """A compiled expression. `names`: the variables it reads; `sure_names` without those only read inside a filter."""

    __slots__ = ("closure", "names", "node", "sure_names", "text")

    def __init__(
        self, text: str, node: syntax.Node, closure: Closure, names: frozenset[str], sure_names: frozenset[str]
    ) -> None:
        self.sure_names = sure_names
        self.text = text
        self.node = node
        self.closure = closure
        self.names = names

    def evaluate(
        self,
        context: Mapping[str, Any],
        *,
        now: datetime | None = None,
        diagnostics: Diagnostics | None = None,
    ) -> Any:
        """The value; null (None) where the standard says so, with the reason in `diagnostics`.

        Raises FeelError "budget" when the expression costs too much.
        """
        try:
            return self.closure(Scope(context, None, Run(now, diagnostics)))
        except RecursionError:
            raise _too_deep() from None

    def evaluate_in(self, scope: Scope) -> Any:
        """As part of a larger evaluation, on its purse."""
        return self.closure(scope)


class UnaryTests:
    """Compiled unary tests: the cell of a decision table."""

    __slots__ = ("names", "negated", "node", "reads_input", "tests", "text")

    def __init__(self, text: str, node: syntax.Tests, tests: list[Test], names: frozenset[str]) -> None:
        self.text = text
        self.node = node
        self.tests = tests
        self.names = names
        self.negated = node.negated
        self.reads_input = any(node.uses_input)

    def test(
        self,
        value: Any,
        context: Mapping[str, Any],
        now: datetime | None = None,
        diagnostics: Diagnostics | None = None,
    ) -> bool | None:
        """Does the value pass? Null where a comparison has no answer."""
        try:
            return self.test_in(value, Scope(context, None, Run(now, diagnostics)))
        except RecursionError:
            raise _too_deep() from None

    def test_in(self, value: Any, scope: Scope) -> bool | None:
        """As part of a larger evaluation, on its purse."""
        if not self.tests:
            return True
        if self.reads_input:
            scope = Scope({"?": value}, scope, scope.run)
        answer = any_test(self.tests, scope, value)
        return answer if not self.negated or answer is None else not answer


def compile_expression(
    text: str,
    *,
    names: Iterable[str] = (),
    members: Iterable[str] = (),
    types: Iterable[str] = (),
    type_lookup: TypeLookup | None = None,
) -> Expression:
    """Compile once, evaluate often. `names`: variables in sight; only those with spaces or symbols matter.

    members: names that may follow a dot; types: names of item definitions, resolved by `type_lookup`.
    Raises FeelSyntaxError.
    """
    return _dialect(names, members, types, type_lookup).expression(text)


def compile_unary_tests(
    text: str,
    *,
    names: Iterable[str] = (),
    members: Iterable[str] = (),
    types: Iterable[str] = (),
    type_lookup: TypeLookup | None = None,
) -> UnaryTests:
    """Likewise for unary tests. Raises FeelSyntaxError."""
    return _dialect(names, members, types, type_lookup)._compile_tests(text)


class Dialect:
    """The names in sight of many expressions, prepared once; the same text is compiled once."""

    def __init__(
        self,
        names: Iterable[str] = (),
        members: Iterable[str] = (),
        types: Iterable[str] = (),
        type_lookup: TypeLookup | None = None,
    ) -> None:
        self._names = _with(_BUILTIN_NAMES, names)
        self._members = Names((*_PROPERTY_NAMES, *members))
        self._types = _with(_TYPE_NAMES, types)
        self._lookup = type_lookup
        self._tests: dict[str, UnaryTests] = {}

    def expression(self, text: str) -> Expression:
        """Raises FeelSyntaxError."""
        try:
            node = parse_expression(text, self._names, self._members, self._types, self._lookup)
            compiler = Compiler()
            closure = compiler.compile(node)
        except RecursionError:
            raise _too_involved() from None
        sure = frozenset(compiler.free)
        return Expression(text, node, closure, sure | compiler.unsure, sure)

    def tests(self, text: str) -> UnaryTests:
        """Raises FeelSyntaxError."""
        found = self._tests.get(text)
        if found is None:
            found = self._tests[text] = self._compile_tests(text)
        return found

    def _compile_tests(self, text: str) -> UnaryTests:
        try:
            node = parse_tests(text, self._names, self._members, self._types, self._lookup)
            compiler = Compiler()
            tests = [compile_test(compiler, test, uses) for test, uses in zip(node.tests, node.uses_input)]
        except RecursionError:
            raise _too_involved() from None
        return UnaryTests(text, node, tests, frozenset(compiler.free - {"?"}))


def _dialect(
    names: Iterable[str], members: Iterable[str], types: Iterable[str], type_lookup: TypeLookup | None
) -> Dialect:
    """Names of one word need no preparation."""
    names, members, types = [n for n in names if not n.isalnum()], [n for n in members if not n.isalnum()], list(types)
    plain = not (names or members or types or type_lookup)
    return _PLAIN_DIALECT if plain else Dialect(names, members, types, type_lookup)


def _with(base: Names, names: Iterable[str]) -> Names:
    made = Names()
    made.by_first = {first: list(entries) for first, entries in base.by_first.items()}
    for name in names:
        made.add(name)
    return made


def _too_deep() -> Exhausted:
    return Exhausted("表达式嵌套过深", "the expression is nested too deep")


def _too_involved() -> FeelSyntaxError:
    return FeelSyntaxError("表达式嵌套过深", "the expression is nested too deep", position=0)


_PLAIN_DIALECT = Dialect()
