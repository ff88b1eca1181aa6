"""One form being filled, or one row of a table in it: conditions and calculations, settled against each other."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from workflows.forms.enabling import holds
from workflows.forms.items import ABSENT, NUMBERS, Item, columns
from workflows.forms.schema import blank

_ROUNDS = 12  # a chain of "shown when" longer than this is no form for people


class Sheet:
    """One filled form, or one row of a table: `outer` are the answers around the row, `prefix` its path."""

    def __init__(
        self, items: tuple[Item, ...], entered: Mapping[str, Any], outer: Mapping[str, Any], prefix: str = ""
    ) -> None:
        self.items, self.outer, self.prefix = items, outer, prefix
        self.columns = list(columns(items))
        computed = {item.link_id for item in self.columns if item.calculated}
        self.entered = {key: value for key, value in entered.items() if key not in computed}
        self.computed: dict[str, Any] = {}
        self.enabled: dict[str, bool] = {}
        self.rows: dict[str, list[Sheet]] = {}

    def settle(self) -> None:
        for _ in range(_ROUNDS):
            before = (dict(self.enabled), dict(self.computed))
            environment = self.environment()
            self._enable(self.items, True, environment)
            self._calculate(self.environment())
            if before == (self.enabled, self.computed):
                break
        for item in self.columns:
            if item.is_table and self.is_shown(item):
                self.rows[item.link_id] = [
                    self._row(item, number, row) for number, row in enumerate(self.entered.get(item.link_id, []))
                ]

    def _row(self, item: Item, number: int, row: Mapping[str, Any]) -> Sheet:
        sheet = Sheet(item.items, row, self.environment(), f"{self.prefix}{item.link_id}[{number}].")
        sheet.settle()
        self.enabled.update(sheet.enabled)
        return sheet

    def is_shown(self, item: Item) -> bool:
        return self.enabled.get(self.prefix + item.link_id, True)

    def answer(self, name: str) -> Any:
        return self.computed.get(name, self.entered.get(name))

    def environment(self) -> dict[str, Any]:
        """Names as expressions read them: an absent reason is no number, a group is the list of what is inside it."""
        names = dict(self.outer)
        for item in self.columns:
            names[item.link_id] = self._visible(item)
        for item in self.items:
            for group in item.walk():
                if group.is_group and not group.repeats:
                    names[group.link_id] = [
                        one for inner in columns(group.items) for one in listed(self._visible(inner))
                    ]
        return names

    def _visible(self, item: Item) -> Any:
        value = self.answer(item.link_id) if self.is_shown(item) else None
        is_missing = value is None or (item.type in NUMBERS and isinstance(value, str) and value in ABSENT)
        return [] if is_missing else value

    def _enable(self, items: tuple[Item, ...], parent: bool, environment: Mapping[str, Any]) -> None:
        for item in items:
            shown = parent and holds(item, environment)
            self.enabled[self.prefix + item.link_id] = shown
            if not item.is_table:
                self._enable(item.items, shown, environment)

    def _calculate(self, environment: dict[str, Any]) -> None:
        for item in self.columns:
            if item.calculated:
                value = item.calculated.value(environment) if self.is_shown(item) else None
                if item.type in NUMBERS and value is not None and not isinstance(value, int | Decimal):
                    value = None
                self.computed[item.link_id] = value
                environment[item.link_id] = [] if value is None else value

    def calculated(self) -> dict[str, Any]:
        found = {f"{self.prefix}{key}": value for key, value in self.computed.items()}
        for sheets in self.rows.values():
            for sheet in sheets:
                found.update(sheet.calculated())
        return found

    def shown(self) -> dict[str, Any]:
        found = {}
        for item in self.columns:
            value = self.answer(item.link_id)
            if item.is_table and item.link_id in self.rows:
                value = [sheet.shown() for sheet in self.rows[item.link_id]]
            if self.is_shown(item) and not blank(value):
                found[item.link_id] = value
        return found

    def duties(self) -> dict[str, bool]:
        environment = self.environment()
        found = {
            self.prefix + item.link_id: is_required(item, environment) for item in self.columns if item.required_by
        }
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
