"""What of a form does not depend on answers, found once when it is first filled in: which items stand side by side,
what is calculated, whose duty hangs on other answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflows.forms.items import Item, columns


@dataclass(frozen=True, slots=True)
class Layout:
    """`order`: every item outside of tables with the one it stands in. `groups`: a plain group's linkId, and all that
    is asked in it. `looked_at`: items with which anything can be wrong. `rows`: a table's row, by its linkId."""

    columns: tuple[Item, ...]
    computed: tuple[Item, ...]
    tables: tuple[Item, ...]
    dutiable: tuple[Item, ...]
    groups: tuple[tuple[str, tuple[Item, ...]], ...]
    order: tuple[tuple[Item, str | None], ...]
    looked_at: tuple[Item, ...]
    rows: dict[str, Layout] = field(repr=False)


def layout(items: tuple[Item, ...]) -> Layout:
    side_by_side = tuple(columns(items))
    tables = tuple(item for item in side_by_side if item.is_table)
    order = tuple(_order(items, None))
    groups = (group for item in items for group in item.walk() if group.is_group and not group.repeats)
    return Layout(
        columns=side_by_side,
        computed=tuple(item for item in side_by_side if item.calculated),
        tables=tables,
        dutiable=tuple(item for item in side_by_side if item.required_by),
        groups=tuple((group.link_id, tuple(columns(group.items))) for group in groups),
        order=order,
        looked_at=tuple(item for item, _ in order if _can_be_wrong(item)),
        rows={table.link_id: layout(table.items) for table in tables},
    )


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
