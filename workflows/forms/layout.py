"""What of a form does not depend on answers, found once when it is first filled in: which items stand side by side,
what is calculated, whose duty hangs on other answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from workflows.forms.enabling import condition_of
from workflows.forms.expressions import Expression
from workflows.forms.items import NUMBERS, Constraint, Item, columns
from workflows.forms.limits import is_moment_past

Group: TypeAlias = tuple[str, tuple[str, ...]]
Holds: TypeAlias = Callable[[Mapping[str, Any]], bool]


class Look(NamedTuple):
    """An item with which something can be wrong, and with what of it."""

    link_id: str
    item: Item
    may_be_missing: bool
    is_calculated: bool
    is_confirmed: bool
    is_moment: bool
    constraints: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """`order`: every item outside of tables by its linkId, with the one it stands in, and where it is not always asked
    when it is. `numbers`: of each that is asked, whether it is a number. `groups`: a plain group's linkId, and all that
    is asked in it, where an expression reads it; `around`: such groups that something is asked in. `looked_at`: items
    with which anything can be wrong. `rows`: a table's row, by its linkId. `conditions_read`: the names on which hangs
    what is asked. `calculates_once`: a calculation reads nothing that is calculated after it."""

    columns: tuple[Item, ...]
    computed: tuple[Item, ...]
    tables: tuple[Item, ...]
    dutiable: tuple[Item, ...]
    zeros: tuple[Item, ...]
    numbers: dict[str, bool] = field(repr=False)
    groups: tuple[Group, ...]
    around: dict[str, tuple[Group, ...]] = field(repr=False)
    order: tuple[tuple[str, str | None, Holds | None], ...]
    looked_at: tuple[Look, ...]
    rows: dict[str, Layout] = field(repr=False)
    conditions_read: frozenset[str]
    calculates_once: bool


def layout(items: tuple[Item, ...], read: frozenset[str] | None = None) -> Layout:
    """`read`: every name that an expression of the whole form reads; None: these are all items of the form."""
    if read is None:
        read = frozenset(name for item in items for each in item.walk() for name in _read_by(each))
    side_by_side = tuple(columns(items))
    tables = tuple(item for item in side_by_side if item.is_table)
    order = tuple(_order(items, None))
    plain = [group for item in items for group in item.walk() if group.is_group and not group.repeats]
    inside = {group.link_id: tuple(item.link_id for item in columns(group.items)) for group in plain}
    groups = tuple((name, names) for name, names in inside.items() if name in read)
    computed = tuple(item for item in side_by_side if item.calculated)
    return Layout(
        columns=side_by_side,
        computed=computed,
        tables=tables,
        dutiable=tuple(item for item in side_by_side if item.required_by),
        zeros=tuple(item for item in side_by_side if item.zero_by),
        numbers={item.link_id: item.type in NUMBERS for item in side_by_side},
        groups=groups,
        around={item.link_id: tuple(g for g in groups if item.link_id in g[1]) for item in side_by_side},
        order=tuple((item.link_id, parent, _condition(item)) for item, parent in order),
        looked_at=tuple(_look(item) for item, _ in order if _can_be_wrong(item)),
        rows={table.link_id: layout(table.items, read) for table in tables},
        conditions_read=_with_members((name for item, _ in order for name in _asked_by(item)), inside),
        calculates_once=_calculates_once(computed, inside),
    )


def _read_by(item: Item) -> Iterator[str]:
    yield from _asked_by(item)
    others = (item.required_by, item.calculated, *(constraint.expression for constraint in item.constraints))
    for expression in others:
        yield from _names(expression)


def _asked_by(item: Item) -> Iterator[str]:
    yield from (condition.question for condition in item.conditions)
    yield from _names(item.enabled_by)


def _names(expression: Expression | None) -> frozenset[str]:
    return frozenset() if expression is None else expression.names


def _with_members(names: Iterable[str], inside: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """With a group everything that is asked in it."""
    return frozenset(each for name in names for each in (name, *inside.get(name, ())))


def _calculates_once(computed: tuple[Item, ...], inside: Mapping[str, tuple[str, ...]]) -> bool:
    every = {item.link_id for item in computed}
    ahead = set(every)
    for item in computed:
        read = _names(item.calculated)
        if not ahead.isdisjoint(read) or any(not every.isdisjoint(inside.get(name, ())) for name in read):
            return False
        ahead.discard(item.link_id)
    return True


def _condition(item: Item) -> Holds | None:
    return condition_of(item) if item.enabled_by is not None or item.conditions else None


def _can_be_wrong(item: Item) -> bool:
    rules = item.required, item.required_by, item.calculated, item.constraints, item.check
    return _is_confirmed(item) or is_moment_past(item) or any(rules)


def _look(item: Item) -> Look:
    return Look(
        item.link_id,
        item,
        may_be_missing=bool(item.required or item.required_by)
        and not item.calculated
        and (item.is_question or item.is_table),
        is_calculated=item.calculated is not None,
        is_confirmed=_is_confirmed(item),
        is_moment=is_moment_past(item),
        constraints=item.constraints,
    )


def _is_confirmed(item: Item) -> bool:
    return item.limits.confirm_low is not None or item.limits.confirm_high is not None


def _order(items: tuple[Item, ...], parent: str | None) -> list[tuple[Item, str | None]]:
    found: list[tuple[Item, str | None]] = []
    for item in items:
        found.append((item, parent))
        if not item.is_table:
            found += _order(item.items, item.link_id)
    return found
