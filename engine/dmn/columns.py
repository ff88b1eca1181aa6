"""An input column, prepared so that a value finds its rules (a set of them is an int) without trying them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from engine.dmn.cells import ORDERED, Interval, StaticCell
from engine.dmn.indexable import calls_own, indexable
from engine.feel.compile.comparison import quick
from engine.feel.expressions import UnaryTests
from engine.feel.meter import Run, Scope
from engine.feel.temporal import Date, DaysDuration, YearsDuration

Lookup = Callable[[Any, Scope], int]
Among = Callable[[Any, Scope, int], int]


class Column(NamedTuple):
    """`at_null`: the rules that null finds, where no cell has to be tried for that. `among`: looks up, and tries only
    the cells of the rules that are still in question."""

    look_up: Lookup
    at_null: int | None
    among: Among
    has_own_calls: bool


_TYPES: dict[str, tuple[type, ...]] = {
    "number": (Decimal, int),
    "date": (Date,),
    "days and time duration": (DaysDuration,),
    "years and months duration": (YearsDuration,),
    "string": (str,),
    "boolean": (bool,),
    "list": (list,),
}


def compile_column(cells: list[UnaryTests]) -> Column | None:
    """None: every cell lets everything through."""
    everything = 0
    by_text: dict[str, list[Any]] = {}
    for row, cell in enumerate(cells):
        if not cell.tests:
            everything |= 1 << row
        else:
            found = by_text.setdefault(cell.text, [cell, 0])
            found[1] |= 1 << row
    if not by_text:
        return None
    static = {text: indexable(cell.node) for text, (cell, _) in by_text.items()}
    kind = _commonest([cell.kind for cell in static.values() if cell is not None and cell.kind in _TYPES])
    indexed = [(cell, by_text[text][1]) for text, cell in static.items() if cell is not None and cell.kind == kind]
    slow = [(cell, mask) for text, (cell, mask) in by_text.items() if _kind(static[text]) != kind or kind is None]
    every = [(cell, mask) for cell, mask in by_text.values()]
    own = any(calls_own(cell.node) for cell, _ in every)
    if kind is None:
        among = _by_trial(everything, slow)
        return Column(lambda value, scope: among(value, scope, -1), None, among, own)
    if kind == "list":
        index = _members_index(indexed, everything)
    else:
        index = _interval_index(indexed, everything) if kind in ORDERED else _value_index(indexed, everything)
    among = _dispatch(_TYPES[kind], index, slow, _by_trial(everything, every))
    at_null = None if slow else among(None, Scope({}, None, Run()), -1)
    return Column(lambda value, scope: among(value, scope, -1), at_null, among, own)


def finder(columns: list[Column | None], everything: int) -> Callable[[list[Any], Scope], int]:
    """The rules that match a row of values. Of most values nothing is known, and what null finds stands ready; then
    cells are tried, those of the rules that are left. Where somebody wants to know why, or a cell calls a function that
    could find fault with the data, column by column."""
    asked = [(number, column) for number, column in enumerate(columns) if column is not None]
    in_order = _in_order(asked, everything)
    if any(column.has_own_calls for _, column in asked):
        return in_order
    ready = [(number, column.look_up, column.at_null) for number, column in asked if column.at_null is not None]
    tried = [(number, column.among) for number, column in asked if column.at_null is None]

    def find(values: list[Any], scope: Scope) -> int:
        if scope.run.diagnostics is not None:
            return in_order(values, scope)
        mask = everything
        for number, look_up, at_null in ready:
            value = values[number]
            mask &= at_null if value is None else look_up(value, scope)
        for number, among in tried:
            if not mask:
                break
            mask &= among(values[number], scope, mask)
        return mask

    return find


def _in_order(asked: list[tuple[int, Column]], everything: int) -> Callable[[list[Any], Scope], int]:
    def find(values: list[Any], scope: Scope) -> int:
        mask = everything
        for number, column in asked:
            mask &= column.look_up(values[number], scope)
            if not mask:
                break
        return mask

    return find


def _kind(cell: StaticCell | None) -> str | None:
    return None if cell is None else cell.kind


def _commonest(kinds: list[str]) -> str | None:
    return max(set(kinds), key=lambda kind: (kinds.count(kind), kind)) if kinds else None


def _by_trial(everything: int, slow: list[tuple[UnaryTests, int]]) -> Among:
    def look_up(value: Any, scope: Scope, among: int) -> int:
        mask = everything
        for cell, rows in slow:
            if rows & among and cell.test_in(value, scope) is True:
                mask |= rows
        return mask

    return look_up


def _dispatch(
    types: tuple[type, ...],
    index: Callable[[Any], int],
    slow: list[tuple[UnaryTests, int]],
    trial: Among,
) -> Among:
    """By index for values of the column's kind, by trial for the others."""
    first, second = types[0], types[-1]
    nothing = None if slow else trial(None, Scope({}, None, Run()), -1)

    def look_up(value: Any, scope: Scope, among: int) -> int:
        kind = type(value)
        if kind is first or kind is second:
            mask = index(value)
            for cell, rows in slow:
                if rows & among and cell.test_in(value, scope) is True:
                    mask |= rows
            return mask
        if value is None and nothing is not None:
            return nothing
        return trial(value, scope, among)

    return look_up


def _members_index(cells: list[tuple[StaticCell, int]], everything: int) -> Callable[[Any], int]:
    """Of a list: each word in it finds the rules that want it."""
    table: dict[str, int] = {}
    for cell, rows in cells:
        for word in cell.values:
            table[word] = table.get(word, 0) | rows

    def look_up(items: Any) -> int:
        mask = everything
        for item in items:
            if type(item) is str and item in table:
                mask |= table[item]
        return mask

    return look_up


def _value_index(cells: list[tuple[StaticCell, int]], everything: int) -> Callable[[Any], int]:
    values = {value for cell, _ in cells for value in cell.values}
    others = everything
    for cell, rows in cells:
        if cell.negated:
            others |= rows
    table = {}
    for value in values:
        mask = everything
        for cell, rows in cells:
            if (value in cell.values) is not cell.negated:
                mask |= rows
        table[value] = mask
    found = table.get
    return lambda value: found(value, others)


def _interval_index(cells: list[tuple[StaticCell, int]], everything: int) -> Callable[[Any], int]:
    """Slots: 2i+1 is the i-th bound itself, the even ones lie between the bounds."""
    bounds = sorted({bound for cell, _ in cells for interval in cell.intervals for bound in _bounds(interval)})
    place = {bound: number for number, bound in enumerate(bounds)}
    found = sweep([(covered(cell, place), rows) for cell, rows in cells], 2 * len(bounds) + 1)
    masks = [rows | everything for rows in found]
    size = len(bounds)
    bounds = [quick(bound) if isinstance(bound, Decimal) else bound for bound in bounds]

    def look_up(value: Any) -> int:
        at = bisect_left(bounds, value)
        if at < size and bounds[at] == value:
            return masks[2 * at + 1]
        return masks[2 * at]

    return look_up


def sweep(cells: list[tuple[int, int]], size: int) -> list[int]:
    """From (slots, rows) to the rows of each slot, walking along the slots: rows come in and go out where a cell's
    slots begin and end."""
    changes = [0] * (size + 1)
    for inside, rows in cells:
        edges = inside ^ (inside << 1)  # a bit wherever the cell begins to hold or ceases to
        while edges:
            low = edges & -edges
            changes[low.bit_length() - 1] ^= rows
            edges ^= low
    masks, current = [], 0
    for change in changes[:size]:
        current ^= change
        masks.append(current)
    return masks


def covered(cell: StaticCell, place: dict[Any, int]) -> int:
    """The slots in which a cell of an ordered kind holds, as a set of bits."""
    size = 2 * len(place) + 1
    inside = 0
    for interval in cell.intervals:
        first, beyond = slots(interval, place, size)
        if beyond > first:
            inside |= ((1 << (beyond - first)) - 1) << first
    return ((1 << size) - 1) ^ inside if cell.negated else inside


def _bounds(interval: Interval) -> list[Any]:
    return [bound for bound in (interval.low, interval.high) if bound is not None]


def slots(interval: Interval, place: dict[Any, int], size: int) -> tuple[int, int]:
    """The slots that an interval covers, first and one beyond last."""
    first = 0 if interval.low is None else 2 * place[interval.low] + (1 if interval.low_closed else 2)
    last = size - 1 if interval.high is None else 2 * place[interval.high] + (1 if interval.high_closed else 0)
    return first, last + 1
