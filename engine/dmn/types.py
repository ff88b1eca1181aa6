"""Item definitions as types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.dmn.model import ItemDefinition
from engine.feel.errors import FeelSyntaxError
from engine.feel.expressions import Dialect, UnaryTests
from engine.feel.types import ALIASES, ANY, ContextType, FunctionType, ListType, Named, RangeType, Type

_UNTYPED: dict[str, Type] = {
    "list": ListType(),
    "context": ContextType(),
    "range": RangeType(),
    "function": FunctionType(),
}


class Types:
    """The types of one model. `imported`: import name to the types behind it. `find` answers None for unknown names."""

    def __init__(self, items: list[ItemDefinition], imported: Mapping[str, Types], report: Callable[..., None]) -> None:
        self._items = {item.name: item for item in items}
        self._imported = imported
        self._built: dict[str, Type] = {}
        self._open: set[str] = set()
        self._report = report
        self._dialect = Dialect(types=self.names(), type_lookup=self.find)
        for name in self._items:
            self.find(name)

    def names(self) -> list[str]:
        """Every name that a type can be called by."""
        foreign = [f"{prefix}.{name}" for prefix, types in self._imported.items() for name in types.names() if prefix]
        return [*self._items, *foreign]

    def members(self) -> set[str]:
        """Every component's name, for paths."""
        found: set[str] = set()
        pending = list(self._items.values())
        while pending:
            item = pending.pop()
            found.update(component.name for component in item.components)
            pending.extend(item.components)
        for types in self._imported.values():
            found |= types.members()
        return found

    def find(self, name: str) -> Type | None:
        if name in self._built:
            return self._built[name]
        if name in self._items:
            if name in self._open:
                self._report(
                    name, "itemDefinition", "type-cycle", f"类型“{name}”包含自身", f"type {name!r} holds itself"
                )
                return ANY
            self._open.add(name)
            built = self._built[name] = self._build(self._items[name])
            return built
        known = ALIASES.get(name) or _UNTYPED.get(name)
        if known is not None:
            return known
        prefix, dot, rest = name.partition(".")
        if dot and prefix in self._imported:
            return self._imported[prefix].find(rest)
        for types in (types for import_name, types in self._imported.items() if not import_name):
            found = types.find(name)
            if found is not None:
                return found
        return None

    def resolve(self, name: str | None, place: str) -> Type:
        """Any when nothing is said; an unknown name is reported."""
        if name is None:
            return ANY
        found = self.find(name)
        if found is None:
            self._report(place, "typeRef", "unknown-type", f"未知类型“{name}”", f"unknown type {name!r}", "warning")
            return ANY
        return found

    def _build(self, item: ItemDefinition) -> Type:
        base: Type
        if item.function is not None:
            parameters, result = item.function
            base = FunctionType(
                tuple(self.resolve(kind, item.name) for _, kind in parameters), self.resolve(result, item.name)
            )
        elif item.components:
            base = ContextType({component.name: self._build(component) for component in item.components})
        else:
            base = self.resolve(item.type_ref, item.name)
        allowed, constraint = self._tests(item.allowed, item.name), self._tests(item.constraint, item.name)
        if item.is_collection:
            if allowed is not None:
                base = Named(item.name, base, _passing((allowed,)), item.allowed or "", (allowed,))
            base, allowed = ListType(base), None
        limits = tuple(tests for tests in (allowed, constraint) if tests is not None)
        text = item.constraint or (item.allowed if limits else "") or ""
        return Named(item.name, base, _passing(limits) if limits else None, text, limits)

    def _tests(self, text: str | None, place: str) -> UnaryTests | None:
        if not text or not text.strip():
            return None
        try:
            return self._dialect.tests(text)
        except FeelSyntaxError as error:
            self._report(place, "itemDefinition", "feel-syntax", error.message.zh, error.message.en)
            return None


def _passing(limits: tuple[UnaryTests, ...]) -> Callable[[Any], bool]:
    return lambda value: all(tests.test(value, {}) is True for tests in limits)
