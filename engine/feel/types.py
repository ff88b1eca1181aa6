"""Types: does a value conform, and the conversions that the standard makes on the way in.

Item definitions of a decision model are `Type`s too: a base, perhaps a list of it, perhaps allowed values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.feel.temporal import at_midnight, parse_date, parse_date_time, parse_duration, parse_time
from engine.feel.values import Function, Range, kind_of


class Type:
    """What a value may be. `Any` when used as it is."""

    name = "Any"

    def accepts(self, value: Any, exact: bool = False) -> bool:
        """Null conforms to every type. `exact` is what `instance of` asks: the type alone, no allowed values."""
        return True

    def includes(self, other: Type) -> bool:
        """Does every value of `other` conform to this type?"""
        return True

    def __str__(self) -> str:
        return self.name


ANY = Type()


@dataclass(frozen=True)
class Simple(Type):
    name: str

    def accepts(self, value: Any, exact: bool = False) -> bool:
        return value is None or kind_of(value) == self.name

    def includes(self, other: Type) -> bool:
        other = bare(other)
        return isinstance(other, Simple) and other.name in (self.name, "null")


SIMPLE = {
    name: Simple(name)
    for name in (
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
        "null",
    )
}
ALIASES: dict[str, Type] = {
    **SIMPLE,
    "Any": ANY,
    "any": ANY,
    "Null": SIMPLE["null"],
    "dateTime": SIMPLE["date and time"],
    "dayTimeDuration": SIMPLE["days and time duration"],
    "yearMonthDuration": SIMPLE["years and months duration"],
}


@dataclass(frozen=True)
class ListType(Type):
    of: Type = ANY

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"list<{self.of}>"

    def accepts(self, value: Any, exact: bool = False) -> bool:
        return value is None or (type(value) is list and all(self.of.accepts(item, exact) for item in value))

    def includes(self, other: Type) -> bool:
        other = bare(other)
        return isinstance(other, ListType) and self.of.includes(other.of)


@dataclass(frozen=True)
class ContextType(Type):
    fields: Mapping[str, Type] = field(default_factory=dict)

    @property
    def name(self) -> str:  # type: ignore[override]
        return "context<" + ", ".join(f"{name}: {kind}" for name, kind in self.fields.items()) + ">"

    def accepts(self, value: Any, exact: bool = False) -> bool:
        if value is None:
            return True
        if type(value) is not dict:
            return False
        return all(name in value and kind.accepts(value[name], exact) for name, kind in self.fields.items())

    def includes(self, other: Type) -> bool:
        other = bare(other)
        return isinstance(other, ContextType) and all(
            name in other.fields and kind.includes(other.fields[name]) for name, kind in self.fields.items()
        )


@dataclass(frozen=True)
class RangeType(Type):
    of: Type = ANY

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"range<{self.of}>"

    def accepts(self, value: Any, exact: bool = False) -> bool:
        if value is None:
            return True
        return isinstance(value, Range) and self.of.accepts(value.start, exact) and self.of.accepts(value.end, exact)

    def includes(self, other: Type) -> bool:
        other = bare(other)
        return isinstance(other, RangeType) and self.of.includes(other.of)


@dataclass(frozen=True)
class FunctionType(Type):
    parameters: tuple[Type, ...] | None = None  # None: any function
    result: Type = ANY

    @property
    def name(self) -> str:  # type: ignore[override]
        if self.parameters is None:
            return "function"
        return f"function<{', '.join(map(str, self.parameters))}>->{self.result}"

    def accepts(self, value: Any, exact: bool = False) -> bool:
        if value is None:
            return True
        if not isinstance(value, Function):
            return False
        result = value.result or ANY
        if not exact and value.bind is not None:
            return True  # built-ins have several signatures
        if not exact and result is ANY:
            result = self.result  # not known before it is called
        return self.includes(FunctionType(tuple(kind for _, kind in value.parameters), result))

    def includes(self, other: Type) -> bool:
        other = bare(other)
        if not isinstance(other, FunctionType):
            return False
        if self.parameters is None or other.parameters is None:
            return self.parameters is None
        return (
            len(self.parameters) == len(other.parameters)
            and all(theirs.includes(ours) for ours, theirs in zip(self.parameters, other.parameters))
            and (self.result.includes(other.result))
        )


class Named(Type):
    """An item definition: a base type by its own name, with the values it allows."""

    def __init__(
        self,
        name: str,
        base: Type,
        allowed: Callable[[Any], bool] | None = None,
        text: str = "",
        limits: tuple[Any, ...] = (),
    ) -> None:
        self.limits = limits  # the unary tests behind `allowed`
        self.name = name
        self.base = base
        self.allowed = allowed
        self.allowed_text = text

    def accepts(self, value: Any, exact: bool = False) -> bool:
        if value is None:
            return True
        return self.base.accepts(value, exact) and (exact or self.allowed is None or self.allowed(value))

    def includes(self, other: Type) -> bool:
        return self is other or (self.allowed is None and self.base.includes(other))


def bare(kind: Type) -> Type:
    """Without its names."""
    while isinstance(kind, Named):
        kind = kind.base
    return kind


def is_instance(value: Any, kind: Type) -> bool:
    """`value instance of kind`; null is an instance of nothing but Null and Any."""
    if value is None:
        return bare(kind) == SIMPLE["null"]
    return kind.accepts(value, exact=True)


def coerce(value: Any, kind: Type) -> tuple[bool, Any]:
    """(conforms, converted): a list of one for its item, an item for a list of one, a date for its midnight in UTC."""
    if kind.accepts(value):
        return True, value
    base = bare(kind)
    if type(value) is list and len(value) == 1 and not isinstance(base, ListType) and kind.accepts(value[0]):
        return True, value[0]
    if isinstance(base, ListType) and type(value) is not list and kind.accepts([value]):
        return True, [value]
    if base == SIMPLE["date and time"] and kind_of(value) == "date" and kind.accepts(at_midnight(value)):
        return True, at_midnight(value)
    return False, None


def misfit(value: Any, kind: Type, path: str) -> tuple[str, Any, Type]:
    """Where a value that does not conform fails first: the path, the value there, the type that it should have."""
    base = bare(kind)
    if isinstance(base, ContextType) and type(value) is dict:
        for name, inner in base.fields.items():
            if name not in value or not inner.accepts(value[name]):
                return misfit(value.get(name), inner, f"{path}.{name}")
    if isinstance(base, ListType) and type(value) is list:
        for number, item in enumerate(value, 1):
            if not base.of.accepts(item):
                return misfit(item, base.of, f"{path}[{number}]")
    return path, value, base if isinstance(kind, Named) and kind.allowed is None else kind


_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "date": parse_date,
    "time": parse_time,
    "date and time": parse_date_time,
    "days and time duration": parse_duration,
    "years and months duration": parse_duration,
}


def from_text(text: str, kind: Type) -> Any:
    """Plain data carry dates and durations as ISO text: the value where the type asks for one, else the text."""
    parse = _FROM_TEXT.get(bare(kind).name)
    found = parse(text) if parse is not None else None
    return text if found is None else found
