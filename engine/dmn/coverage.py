"""Overlaps, gaps and unreachable rules of a table, each with an example.

Every column is cut into slots: the values that cells name and the stretches between them, so that a cell is a set of
slots and the search is exact. A cell that only running could decide counts as "everything", so that what is reported
is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from engine.dmn.cells import ORDERED, StaticCell, static_cell
from engine.dmn.columns import covered, sweep
from engine.dmn.tables import CompiledTable
from engine.feel.temporal import Date, DaysDuration, YearsDuration, from_days, to_days
from engine.feel.values import NUMBERS

MAX_SEARCH = 200_000
MAX_RULES = 1_500
MAX_COLUMNS = 300
OTHER = object()  # any value that no cell names


@dataclass(frozen=True)
class Finding:
    """kind: overlap, gap, unreachable. `example`: a value per input; None where any will do."""

    kind: str
    rules: tuple[int, ...]
    example: dict[str, Any]


@dataclass(frozen=True)
class Column:
    """slots: a value that stands for each; everything: the slots that may occur; masks: per rule the slots it lets
    through (sets of bits); decided: could every cell be read?"""

    label: str
    slots: tuple[Any, ...]
    everything: int
    masks: tuple[int, ...]
    decided: bool


class Coverage:
    """One table's columns, ready for questions."""

    def __init__(self, table: CompiledTable) -> None:
        self.table = table
        self.columns = [_column(table, number) for number in range(len(table.inputs))]
        self.rules = table.rows
        self.complete = True
        self._steps = 0
        self._opaque = [
            {row for row, cell in enumerate(cells) if cell.tests and static_cell(cell.node) is None}
            for cells in table.cells
        ]

    def overlaps(self) -> Iterator[Finding]:
        """Pairs of rules that match together for certain."""
        if self.rules > MAX_RULES:
            self.complete = False
            return
        for first in range(self.rules):
            for second in range(first + 1, self.rules):
                common = self._common(first, second)
                if common is not None and self._is_certain(first, second):
                    yield Finding("overlap", (first + 1, second + 1), self._example(common))

    def _common(self, first: int, second: int) -> list[int] | None:
        common = []
        for column in self.columns:
            both = column.masks[first] & column.masks[second]
            if not both:
                return None
            common.append(both)
        return common

    def _is_certain(self, first: int, second: int) -> bool:
        """A cell that cannot be read overlaps for certain only with its own text or an empty cell."""
        for cells, opaque in zip(self.table.cells, self._opaque):
            one, other = cells[first], cells[second]
            if (first in opaque or second in opaque) and one.text != other.text and one.tests and other.tests:
                return False
        return True

    def gaps(self, limit: int = 5) -> list[Finding]:
        """Inputs that no rule matches."""
        return [Finding("gap", (), self._example(chosen)) for chosen in self._uncovered(None, limit)]

    def unreachable(self) -> Iterator[Finding]:
        """Rules that nothing can match, and those that earlier rules of a FIRST table hide."""
        for rule in range(self.rules):
            hidden = rule and self.table.policy == "FIRST" and self._is_hidden(rule)
            if hidden or not all(column.masks[rule] for column in self.columns):
                yield Finding("unreachable", (rule + 1,), {})

    def _is_hidden(self, rule: int) -> bool:
        """Do the rules before it match whatever it matches?"""
        return all(column.decided for column in self.columns) and not self._uncovered(rule, 1)

    def _uncovered(self, rule: int | None, limit: int) -> list[list[int]]:
        """Combinations of slots (of one rule: in it) that no rule (no earlier rule) matches."""
        found: list[list[int]] = []
        seen: set[tuple[int, int]] = set()
        if len(self.columns) > MAX_COLUMNS:
            self.complete = False
            return found

        def search(at: int, active: int, chosen: list[int]) -> None:
            if len(found) >= limit or (at, active) in seen:
                return
            seen.add((at, active))
            self._steps += 1
            if self._steps > MAX_SEARCH:
                self.complete = False
                return
            if not active:
                rest = [column.everything if rule is None else column.masks[rule] for column in self.columns[at:]]
                found.append([*chosen, *rest])
                return
            if active & self._open_from[at]:
                return
            column = self.columns[at]
            inside = column.everything if rule is None else column.masks[rule]
            for slot in range(len(column.slots)):
                if inside >> slot & 1:
                    search(at + 1, active & self._matching[at][slot], [*chosen, 1 << slot])

        search(0, (1 << (self.rules if rule is None else rule)) - 1, [])
        return found

    @cached_property
    def _matching(self) -> list[list[int]]:
        """Per column and slot the rules that it lets through."""
        return [_transposed(column) for column in self.columns]

    @cached_property
    def _open_from(self) -> list[int]:
        """Per column the rules that let everything through from there on."""
        every = (1 << self.rules) - 1
        found = [every]
        for column in reversed(self.columns):
            every &= sum(1 << rule for rule, mask in enumerate(column.masks) if mask == column.everything)
            found.append(every)
        return found[::-1]

    def _example(self, chosen: list[int]) -> dict[str, Any]:
        example = {}
        for column, mask in zip(self.columns, chosen):
            free = mask == column.everything and mask & (mask - 1)
            picked = column.slots[(mask & -mask).bit_length() - 1] if column.slots and mask else None
            example[column.label] = None if free else "…" if picked is OTHER else picked
        return {label: value for label, value in example.items() if value is not None} or example


def _transposed(column: Column) -> list[int]:
    """Per slot the rules that it lets through."""
    rules_of: dict[int, int] = {}
    for rule, mask in enumerate(column.masks):
        rules_of[mask] = rules_of.get(mask, 0) | 1 << rule
    return sweep(list(rules_of.items()), len(column.slots))


def _column(table: CompiledTable, number: int) -> Column:
    label = table.inputs[number][0]
    cells = [static_cell(cell.node) if cell.tests else None for cell in table.cells[number]]
    limits = [read for tests in table.limits[number] if (read := static_cell(tests.node)) is not None]
    kind = _kind(cells, limits, table.shapes[number])
    values, places = _slots(kind, [cell for cell in (*cells, *limits) if cell is not None and cell.kind == kind])
    if any(cell is not None and cell.kind == "null" for cell in cells):
        values = [*values, None]
    values = values or [OTHER]
    everything = _bits(values, lambda value: value is not _EMPTY)
    nothing = _bits(values, lambda value: value is None)
    for limit in limits:
        if limit.kind == kind:
            everything &= _inside(limit, values, places) | nothing
    masks, decided = [], True
    for cell, test in zip(cells, table.cells[number]):
        if cell is not None and cell.kind in (kind, "null"):
            masks.append(_inside(cell, values, places) & everything)
        else:
            masks.append(everything)
            decided = decided and not test.tests
    return Column(label, tuple(values), everything, tuple(masks), decided)


def _bits(values: list[Any], chosen: Callable[[Any], bool]) -> int:
    return sum(1 << at for at, value in enumerate(values) if chosen(value))


def _kind(cells: list[StaticCell | None], limits: list[StaticCell], shape: str) -> str | None:
    """The one kind that the column is about; None when there are several or nothing is known."""
    kinds = {cell.kind for cell in (*cells, *limits) if cell is not None} - {"null"}
    if len(kinds) == 1:
        return kinds.pop()
    return "boolean" if shape == "boolean" and not kinds else None


def _slots(kind: str | None, cells: list[StaticCell]) -> tuple[list[Any], dict[Any, int]]:
    """A representative of each slot, and for ordered kinds the place of each bound."""
    if kind in ORDERED:
        bounds = sorted({b for cell in cells for i in cell.intervals for b in (i.low, i.high) if b is not None})
        values: list[Any] = [_beside(bounds[0], -1)] if bounds else []
        for at, bound in enumerate(bounds):
            values.append(bound)
            values.append(_between(bound, bounds[at + 1]) if at + 1 < len(bounds) else _beside(bound, 1))
        return values, {bound: at for at, bound in enumerate(bounds)}
    if kind == "boolean":
        return [True, False], {}
    if kind == "string":
        return [*dict.fromkeys(value for cell in cells for value in cell.values), OTHER], {}
    return [], {}


def _inside(cell: StaticCell, values: list[Any], places: dict[Any, int]) -> int:
    """The slots that a cell lets through."""
    if cell.kind == "null":
        return _bits(values, lambda value: (value is None) is not cell.negated)
    if cell.kind in ORDERED:
        return covered(cell, places)
    return _bits(values, lambda value: value is not None and (value in cell.values) is not cell.negated)


_EMPTY = object()  # between two days that follow each other


def _between(low: Any, high: Any) -> Any:
    if isinstance(low, Date):
        first, last = to_days(low), to_days(high)
        return _EMPTY if last - first < 2 else from_days(first + 1)
    if isinstance(low, YearsDuration):
        return _EMPTY if high.months - low.months < 2 else YearsDuration(low.months + 1)
    if isinstance(low, DaysDuration):
        return DaysDuration((low.nanos + high.nanos) // 2)
    return NUMBERS.divide(NUMBERS.add(Decimal(low), Decimal(high)), Decimal(2))


def _beside(bound: Any, step: int) -> Any:
    if isinstance(bound, Date):
        return from_days(to_days(bound) + step)
    if isinstance(bound, YearsDuration):
        return YearsDuration(bound.months + step)
    if isinstance(bound, DaysDuration):
        return DaysDuration(bound.nanos + step * 86_400_000_000_000)
    return NUMBERS.add(Decimal(bound), Decimal(step))
