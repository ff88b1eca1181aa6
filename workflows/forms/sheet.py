"""One form being filled, or one row of a table in it: conditions and calculations, settled against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from workflows.forms.expressions import Environment
from workflows.forms.items import ABSENT, NUMBERS, Item
from workflows.forms.layout import Group, Layout
from workflows.forms.schema import blank

_ROUNDS = 12  # a chain of "shown when" longer than this is no form for people


class Sheet:
    """One filled form, or one row of a table: `outer` are the answers around the row, `prefix` its path."""

    def __init__(self, layout: Layout, entered: Mapping[str, Any], outer: Mapping[str, Any], prefix: str = "") -> None:
        self.layout, self.outer, self.prefix = layout, outer, prefix
        self.entered = dict(entered)
        for item in layout.computed:
            self.entered.pop(item.link_id, None)
        self.computed: dict[str, Any] = {}
        self.rows: dict[str, list[Sheet]] = {}
        self.hidden: set[str] = set()
        self.environment = names = Environment(outer, {})
        answer = self.entered.get
        for name, is_number in layout.numbers.items():
            value = answer(name)
            names[name] = [] if value is None else _as_read(value, is_number)
        self._gather(layout.groups)

    def settle(self) -> None:
        """Afterwards `environment` holds the names as expressions read them, of what is shown and calculated."""
        for round_ in range(_ROUNDS):
            hidden, computed = self.hidden, self.computed
            self._enable()
            self._read_again(hidden ^ self.hidden)
            self._calculate()
            changed = {name for name, value in self.computed.items() if name not in computed or computed[name] != value}
            self._read_again(changed)
            if (not changed and hidden == self.hidden) or (round_ == 0 and self._has_settled()):
                break
        for item in self.layout.tables:
            if self.is_shown(item):
                rows = enumerate(self.entered.get(item.link_id, []))
                self.rows[item.link_id] = [self._row(item, number, row) for number, row in rows]

    def _has_settled(self) -> bool:
        """After the first round: would a second one find the same? When nothing that conditions read has moved since
        they were asked: neither an answer that is hidden now, nor a value that was calculated."""
        if not self.layout.calculates_once:
            return False
        entered, read = self.entered, self.layout.conditions_read
        return not any(name in read and entered.get(name) is not None for name in self.hidden) and not any(
            name in read and value is not None for name, value in self.computed.items()
        )

    def _row(self, item: Item, number: int, row: Mapping[str, Any]) -> Sheet:
        prefix = f"{self.prefix}{item.link_id}[{number}]."
        sheet = Sheet(self.layout.rows[item.link_id], row, self.environment, prefix)
        sheet.settle()
        return sheet

    def enabled(self) -> dict[str, bool]:
        prefix, hidden = self.prefix, self.hidden
        found = {prefix + name: name not in hidden for name, _, _ in self.layout.order}
        for sheets in self.rows.values():
            for sheet in sheets:
                found.update(sheet.enabled())
        return found

    def is_shown(self, item: Item) -> bool:
        return item.link_id not in self.hidden

    def _read_again(self, changed: set[str]) -> None:
        """What these names say now, and the groups around them."""
        if not changed:
            return
        layout, groups = self.layout, dict[Group, None]()
        for name in changed:
            is_number = layout.numbers.get(name)
            if is_number is not None:
                self.environment[name] = _as_read(None if name in self.hidden else self._answer(name), is_number)
                if layout.groups:
                    groups |= dict.fromkeys(layout.around[name])
        self._gather(groups)

    def _gather(self, groups: Iterable[Group]) -> None:
        """A group is the list of what is inside it."""
        names = self.environment
        for link_id, inside in groups:
            found: list[Any] = []
            for name in inside:
                value = names[name]
                if isinstance(value, list):
                    found += value
                else:
                    found.append(value)
            names[link_id] = found

    def _answer(self, name: str) -> Any:
        return self.computed[name] if name in self.computed else self.entered.get(name)

    def _enable(self) -> None:
        hidden: set[str] = set()
        environment = self.environment
        for name, parent, holds in self.layout.order:
            if parent in hidden or (holds is not None and not holds(environment)):
                hidden.add(name)
        self.hidden = hidden

    def _calculate(self) -> None:
        """One after the other, so that a calculation reads those above it as they are now."""
        found: dict[str, Any] = {}
        for item in self.layout.computed:
            calculated = item.calculated
            assert calculated is not None
            value = calculated.value(self.environment) if self.is_shown(item) else None
            if item.type in NUMBERS and value is not None and not isinstance(value, int | Decimal):
                value = None
            found[item.link_id] = value
            self.environment[item.link_id] = [] if value is None else value
        self.computed = found

    def calculated(self) -> dict[str, Any]:
        found = {f"{self.prefix}{key}": value for key, value in self.computed.items()}
        for sheets in self.rows.values():
            for sheet in sheets:
                found.update(sheet.calculated())
        return found

    def shown(self) -> dict[str, Any]:
        found = {}
        hidden, rows, computed, entered = self.hidden, self.rows, self.computed, self.entered
        for name in self.layout.numbers:
            if name in rows:
                value: Any = [sheet.shown() for sheet in rows[name]]
            else:
                value = computed[name] if name in computed else entered.get(name)
            if value is not None and name not in hidden and not blank(value):
                found[name] = value
        return found

    def duties(self) -> dict[str, bool]:
        found = {self.prefix + item.link_id: is_required(item, self.environment) for item in self.layout.dutiable}
        for sheets in self.rows.values():
            for sheet in sheets:
                found.update(sheet.duties())
        return found


def is_required(item: Item, environment: Mapping[str, Any]) -> bool:
    return item.required or (item.required_by is not None and item.required_by.is_true(environment))


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _as_read(value: Any, is_number: bool) -> Any:
    """An absent reason is no number."""
    if value is None or (is_number and isinstance(value, str) and value in ABSENT):
        return []
    return value
