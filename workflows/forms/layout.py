"""What of a form does not depend on answers, found once when it is first filled in: which items stand side by side,
what is calculated, whose duty hangs on other answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from workflows.forms.items import NUMBERS, Item, columns

Group: TypeAlias = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    """`order`: every item outside of tables by its linkId, with the one it stands in, and itself where it is not always
    asked. `numbers`: of each that is asked, whether it is a number. `groups`: a plain group's linkId, and all that is
    asked in it; `around`: the groups that something is asked in. `looked_at`: items with which anything can be wrong.
    `rows`: a table's row, by its linkId."""

    columns: tuple[Item, ...]
    computed: tuple[Item, ...]
    tables: tuple[Item, ...]
    dutiable: tuple[Item, ...]
    numbers: dict[str, bool] = field(repr=False)
    groups: tuple[Group, ...]
    around: dict[str, tuple[Group, ...]] = field(repr=False)
    order: tuple[tuple[str, str | None, Item | None], ...]
    looked_at: tuple[Item, ...]
    rows: dict[str, Layout] = field(repr=False)


def layout(items: tuple[Item, ...]) -> Layout:
    side_by_side = tuple(columns(items))
    tables = tuple(item for item in side_by_side if item.is_table)
    order = tuple(_order(items, None))
    plain = [group for item in items for group in item.walk() if group.is_group and not group.repeats]
    groups = tuple((group.link_id, tuple(item.link_id for item in columns(group.items))) for group in plain)
    return Layout(
        columns=side_by_side,
        computed=tuple(item for item in side_by_side if item.calculated),
        tables=tables,
        dutiable=tuple(item for item in side_by_side if item.required_by),
        numbers={item.link_id: item.type in NUMBERS for item in side_by_side},
        groups=groups,
        around={item.link_id: tuple(g for g in groups if item.link_id in g[1]) for item in side_by_side},
        order=tuple((item.link_id, parent, item if _is_conditional(item) else None) for item, parent in order),
        looked_at=tuple(item for item, _ in order if _can_be_wrong(item)),
        rows={table.link_id: layout(table.items) for table in tables},
    )


def _is_conditional(item: Item) -> bool:
    return item.enabled_by is not None or bool(item.conditions)


def _can_be_wrong(item: Item) -> bool:
    is_asked_again = item.limits.confirm_low is not None or item.limits.confirm_high is not None
    rules = item.required, item.required_by, item.calculated, item.constraints, item.check
    return is_asked_again or any(rules)


def _order(items: tuple[Item, ...], parent: str | None) -> list[tuple[Item, str | None]]:
    found: list[tuple[Item, str | None]] = []
    for item in items:
        found.append((item, parent))
        if not item.is_table:
            found += _order(item.items, item.link_id)
    return found
