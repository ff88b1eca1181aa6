"""Decision tables, compiled: inputs are looked up column by column, only the rules that match are evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.dmn import model
from engine.dmn.cells import UNKNOWN, fold
from engine.dmn.columns import compile_column, finder
from engine.dmn.environment import Environment, conforming
from engine.dmn.hit_policies import aggregate, any_of, by_priority, unique
from engine.dmn.inputs import Input, reader
from engine.dmn.reader import HIT_POLICIES
from engine.dmn.shape import check_outputs, check_shape
from engine.dmn.xml import clean
from engine.feel.expressions import UnaryTests
from engine.feel.meter import Run, Scope
from engine.feel.operators import equal
from engine.feel.syntax import Tests
from engine.feel.types import ANY, Named, bare

Closure = Callable[[Scope], Any]
ANYTHING = UnaryTests("-", Tests(0), [], frozenset())


class CompiledTable:
    """The parts of one table, ready to run."""

    def __init__(self, table: model.Table, environment: Environment) -> None:
        self.table = table
        self.place = table.place
        self.environment = environment
        self.policy = table.hit_policy if table.hit_policy in HIT_POLICIES else "UNIQUE"
        self.aggregation = table.aggregation if self.policy == "COLLECT" else None
        check_shape(table, environment.report)
        self.nodes: list[Any] = []
        self.inputs = [self._input(item) for item in table.inputs]
        self.limits = [self._limits(number) for number in range(len(table.inputs))]
        self.shapes = [self._shape(number) for number in range(len(table.inputs))]
        self.cells = [self._tests(column) for column in range(len(table.inputs))]
        self.columns = [compile_column(cells) for cells in self.cells]
        self.output_types = [environment.types.resolve(item.type_ref, table.place) for item in table.outputs]
        self.priorities = [self._priorities(column) for column in range(len(table.outputs))]
        self.outputs = [self._row([*rule.results], str(number)) for number, rule in enumerate(table.rules, 1)]
        self.has_default = any(item.default for item in table.outputs)
        self.default = self._row([item.default for item in table.outputs], "default")
        check_outputs(table, self.priorities, environment.report)
        environment.problems.tables.append(self)

    @property
    def rows(self) -> int:
        return len(self.table.rules)

    # --- compiling ---

    def _input(self, item: model.Input) -> Input:
        place = f"{self.place}/input/{item.label}"
        kind = self.environment.types.resolve(item.type_ref, place)
        closure, node = self.environment.read(item.text, place)
        self.nodes.append(node)
        allowed = self.environment.tests(item.allowed, place) if item.allowed and item.allowed.strip() else None
        return item.label, closure, kind, allowed

    def _declared(self, number: int) -> tuple[Any, Any]:
        """The types that the column and the variable it reads say they have."""
        item = self.table.inputs[number]
        return self.inputs[number][2], self.environment.variables.get(clean(item.text), ANY)

    def _limits(self, number: int) -> list[UnaryTests]:
        """Every unary test that a value of this column has passed before it comes here."""
        found = [tests for kind in self._declared(number) if isinstance(kind, Named) for tests in kind.limits]
        allowed = self.inputs[number][3]
        return found if allowed is None else [*found, allowed]

    def _shape(self, number: int) -> str:
        return next((bare(kind).name for kind in self._declared(number) if kind is not ANY), ANY.name)

    def _tests(self, column: int) -> list[UnaryTests]:
        label = self.table.inputs[column].label
        cells = []
        for number, rule in enumerate(self.table.rules, 1):
            text = rule.tests[column].strip() if column < len(rule.tests) else "-"
            empty = not text or text == "-"
            cells.append(ANYTHING if empty else self.environment.tests(text, f"{self.place}/{number}/{label}"))
        return cells

    def _row(self, texts: list[str | None], row: str) -> Closure:
        """The outputs of a row; made only once when all of them are literals."""
        cells, known = [], []
        for text, output in zip(texts, self.table.outputs):
            empty = not text or not text.strip() or text.strip() == "-"
            place = f"{self.place}/{row}/{output.name or 'output'}"
            closure, value = self.environment.constant("" if empty else text or "", place)
            cells.append(closure)
            known.append(value)
        build = self._builder(cells)
        if UNKNOWN in known:
            return build
        run = Run()
        constant = build(Scope({}, None, run))
        return build if run.faults else lambda scope: constant

    def _builder(self, cells: list[Closure]) -> Closure:
        types, names = self.output_types, [output.name for output in self.table.outputs]
        places = [f"{self.place}/{name or 'output'}" for name in names]

        def build(scope: Scope) -> Any:
            values = []
            for cell, kind, place in zip(cells, types, places):
                value = cell(scope)
                values.append(value if kind is ANY else conforming(value, kind, place, scope.run)[1])
            return values[0] if len(values) == 1 else dict(zip(names, values))

        return build

    def _priorities(self, column: int) -> list[Any]:
        """The output values in the order in which they are listed, at the output or in its type."""
        text, kind = self.table.outputs[column].allowed, self.output_types[column]
        if text and text.strip():
            lists = [self.environment.tests(text, f"{self.place}/outputValues")]
        else:
            lists = list(kind.limits) if isinstance(kind, Named) else []
        return [fold(node) for tests in lists for node in tests.node.tests]

    # --- running ---

    def closure(self) -> Closure:
        labels = [label for label, _, _, _ in self.inputs]
        read = reader(self.inputs, self.nodes, self.place)
        find = finder(self.columns, (1 << self.rows) - 1)
        width = len(self.columns)

        def decide(scope: Scope) -> Any:
            run = scope.run
            values = read(scope)
            if values is None:
                return None
            mask = find(values, scope)
            rules = []
            while mask:
                low = mask & -mask
                rules.append(low.bit_length())
                mask ^= low
            run.charge(width + len(rules))
            trace = run.trace
            if trace is not None:
                trace.append((self.place, labels, values, rules))
            return self._answer(rules, scope)

        return decide

    def _answer(self, rules: list[int], scope: Scope) -> Any:
        run = scope.run
        if not rules:
            return self.default(scope) if self.has_default else None
        if self.policy == "FIRST":
            return self.outputs[rules[0] - 1](scope)
        rows = [self.outputs[rule - 1](scope) for rule in rules]
        if self.policy == "UNIQUE":
            return unique(self.place, rules, rows, run)
        if self.policy == "ANY":
            return any_of(self.place, rules, rows, run)
        if self.policy == "PRIORITY":
            return by_priority(rows, self._ranks(run))[0]
        if self.policy == "OUTPUT ORDER":
            return by_priority(rows, self._ranks(run))
        return aggregate(self.aggregation, rows, run) if self.aggregation else rows

    def _ranks(self, run: Run) -> Callable[[Any], tuple[int, ...]]:
        def rank(row: Any) -> tuple[int, ...]:
            values = list(row.values()) if len(self.table.outputs) > 1 else [row]
            return tuple(self._place(value, listed, run) for value, listed in zip(values, self.priorities))

        return rank

    @staticmethod
    def _place(value: Any, listed: list[Any], run: Run) -> int:
        return next((at for at, item in enumerate(listed) if equal(item, value, run) is True), len(listed))
