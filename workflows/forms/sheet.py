"""One form being filled, or one row of a table in it: conditions and calculations, settled against each other."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from workflows.forms.enabling import holds
from workflows.forms.expressions import Environment
from workflows.forms.items import ABSENT, NUMBERS, Item
from workflows.forms.layout import Layout
from workflows.forms.schema import blank

_ROUNDS = 12  # a chain of "shown when" longer than this is no form for people


class Sheet:
    """One filled form, or one row of a table: `outer` are the answers around the row, `prefix` its path."""

    def __init__(self, layout: Layout, entered: Mapping[str, Any], outer: Mapping[str, Any], prefix: str = "") -> None:
        self.layout, self.outer, self.prefix = layout, outer, prefix
        computed = {item.link_id for item in layout.computed}
        self.entered = {key: value for key, value in entered.items() if key not in computed}
        self.computed: dict[str, Any] = {}
        self.enabled: dict[str, bool] = {}
        self.rows: dict[str, list[Sheet]] = {}
        self._hidden: set[str] = set()
        self._remembered: dict[Any, list[Any]] = {}
        self.environment = self._read()

    def settle(self) -> None:
        """Afterwards `environment` holds the names as expressions read them, of what is shown and calculated."""
        for _ in range(_ROUNDS):
            hidden, computed = self._hidden, self.computed
            self._enable()
            if hidden != self._hidden:
                self.environment = self._read()
            self._calculate()
            if computed != self.computed:
                self.environment = self._read()
            elif hidden == self._hidden:
                break
        for item in self.layout.tables:
            if self.is_shown(item):
                rows = enumerate(self.entered.get(item.link_id, []))
                self.rows[item.link_id] = [self._row(item, number, row) for number, row in rows]

    def _row(self, item: Item, number: int, row: Mapping[str, Any]) -> Sheet:
        prefix = f"{self.prefix}{item.link_id}[{number}]."
        sheet = Sheet(self.layout.rows[item.link_id], row, self.environment, prefix)
        sheet.settle()
        self.enabled.update(sheet.enabled)
        return sheet

    def is_shown(self, item: Item) -> bool:
        return item.link_id not in self._hidden

    def _read(self) -> Environment:
        """An absent reason is no number, a group is the list of what is inside it."""
        names = Environment(self.outer, self._remembered)
        entered, computed, hidden = self.entered, self.computed, self._hidden
        for item in self.layout.columns:
            name = item.link_id
            value = None if name in hidden else computed[name] if name in computed else entered.get(name)
            is_missing = value is None or (isinstance(value, str) and value in ABSENT and item.type in NUMBERS)
            names[name] = [] if is_missing else value
        for link_id, inside in self.layout.groups:
            names[link_id] = [one for item in inside for one in listed(names[item.link_id])]
        return names

    def _answer(self, name: str) -> Any:
        return self.computed[name] if name in self.computed else self.entered.get(name)

    def _enable(self) -> None:
        hidden: set[str] = set()
        for item, parent in self.layout.order:
            always = item.enabled_by is None and not item.conditions  # as most are
            is_shown = parent not in hidden and (always or holds(item, self.environment))
            if not is_shown:
                hidden.add(item.link_id)
            self.enabled[self.prefix + item.link_id] = is_shown
        self._hidden = hidden

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
        for item in self.layout.columns:
            if item.link_id in self._hidden:
                continue
            rows = self.rows.get(item.link_id)
            value = self._answer(item.link_id) if rows is None else [sheet.shown() for sheet in rows]
            if not blank(value):
                found[item.link_id] = value
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
