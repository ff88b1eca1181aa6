"""What an expression of a model stands in: the names it may use, the types, and where its faults are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.dmn.cells import fold
from engine.dmn.types import Types
from engine.errors import Text
from engine.feel.errors import FeelSyntaxError
from engine.feel.expressions import Dialect, UnaryTests
from engine.feel.meter import Run, Scope
from engine.feel.syntax import Node, Tests
from engine.feel.types import ANY, Named, Type, coerce, misfit
from engine.feel.values import kind_of
from engine.problems import Problem

Closure = Callable[[Scope], Any]


class Problems:
    """Every fault of a model, by place; and for later questions its tables, and which names stand where."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.tables: list[Any] = []  # CompiledTable
        self.unknown: list[tuple[str, frozenset[str]]] = []  # place, names that nothing in sight gives

    def report(self, place: str, kind: str | None, code: str, zh: str, en: str, severity: str = "error") -> None:
        problem = Problem(element_id=place, element_type=kind, code=code, message=Text(zh=zh, en=en), severity=severity)
        if problem not in self.found:
            self.found.append(problem)


def _null(scope: Scope) -> None:
    """The value of what is not there."""


class Environment:
    """One decision's or function's surroundings."""

    def __init__(
        self,
        names: Iterable[str],
        members: Iterable[str],
        types: Types,
        problems: Problems,
        variables: Mapping[str, Type] | None = None,
    ) -> None:
        self.names = frozenset(names)
        self.variables = variables or {}  # the declared types of the names, as far as they have one
        self.types = types
        self.problems = problems
        self.report = problems.report
        self.dialect = Dialect(self.names, members, types.names(), types.find)

    def expression(self, text: str, place: str) -> Closure:
        """A text that cannot be read is reported and has the value null."""
        return self.read(text, place)[0]

    def constant(self, text: str, place: str) -> tuple[Closure, Any]:
        """The same, with its value when that is known without running it, else UNKNOWN."""
        closure, node = self.read(text, place)
        return closure, None if node is None else fold(node)

    def read(self, text: str, place: str) -> tuple[Closure, Node | None]:
        """The same, with its tree; None: there is nothing to read."""
        if not text.strip():
            return _null, None
        try:
            expression = self.dialect.expression(text)
        except FeelSyntaxError as error:
            self.syntax(error, place, "literalExpression")
            return _null, None
        self._look_for_unknown(place, expression.sure_names)
        return expression.closure, expression.node

    def tests(self, text: str, place: str) -> UnaryTests:
        """A text that cannot be read is reported and lets nothing through."""
        try:
            tests = self.dialect.tests(text)
            self._look_for_unknown(place, tests.names)
            return tests
        except FeelSyntaxError as error:
            self.syntax(error, place, "unaryTests")
            return UnaryTests(text, Tests(0), [lambda scope, value: None], frozenset())

    def _look_for_unknown(self, place: str, names: frozenset[str]) -> None:
        unknown = names - self.names - {"partial", "item"}
        if unknown:
            self.problems.unknown.append((place, unknown))

    def syntax(self, error: FeelSyntaxError, place: str, kind: str) -> None:
        self.report(place, kind, "feel-syntax", error.message.zh, error.message.en)


def conforming(value: Any, kind: Type, place: str, run: Run) -> tuple[bool, Any]:
    """(conforms, converted). A value that does not conform is a fault, and null."""
    if kind is ANY:
        return True, value
    run.charge_value(value)
    fits, converted = coerce(value, kind)
    if not fits:
        where, found, wanted = misfit(value, kind, place)
        allowed = f" ({wanted.allowed_text})" if isinstance(wanted, Named) and wanted.allowed_text else ""
        run.fault(
            f"{where}：{kind_of(found)} 类型的值不符合 {wanted}{allowed}",
            f"{where}: a {kind_of(found)} does not conform to {wanted}{allowed}",
        )
    return fits, converted
