"""The structure of every type we take, read from the R4B models once: elements, cardinality, bindings, targets."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from fhir_adapters.rules.bindings import COMPLETE, TARGETS
from fhir_adapters.rules.primitives import PRIMITIVES

_RENAMED = {"bool": "boolean", "EncodedBytes": "base64Binary", "UuidVersion": "uuid"}


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `type` is a primitive's FHIR name or a shape's name; `choice` the x of value[x] where it has one."""

    name: str
    type: str
    many: bool
    required: bool
    codes: frozenset[str] | None = None
    targets: frozenset[str] | None = None
    choice: str | None = None
    primitive: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    elements: dict[str, Element] = field(default_factory=dict)
    required_choices: frozenset[str] = frozenset()


@cache
def shape(name: str) -> Shape:
    """The shape of a resource, a data type or a backbone element (`TaskInput`). Raises KeyError for an unknown name."""
    try:
        model: Any = get_fhir_model_class(name)
    except ValueError as error:
        raise KeyError(name) from error
    elements: dict[str, Element] = {}
    choices: set[str] = set()
    for _, info in model.model_fields.items():
        alias = info.alias or ""
        if alias.startswith("_") or alias in ("fhir_comments", "resource_type", ""):
            continue
        extra = info.json_schema_extra or {}
        type_, many = _type_of(info.annotation)
        choice = extra.get("one_of_many")
        if choice and extra.get("one_of_many_required"):
            choices.add(choice)
        elements[alias] = Element(
            name=alias,
            type=type_,
            many=many,
            required=(info.is_required() or bool(extra.get("element_required"))) and not choice,
            codes=_codes(f"{name}.{alias}", extra),
            targets=TARGETS.get(f"{name}.{alias}") or frozenset(extra.get("enum_reference_types", ())) or None,
            choice=choice,
            primitive=type_ in PRIMITIVES,
        )
    return Shape(name, elements, frozenset(choices))


@cache
def element_order(name: str) -> tuple[str, ...]:
    """The elements of a type in the order of its definition; of a choice, each."""
    return tuple(get_fhir_model_class(name).elements_sequence())


def _type_of(annotation: Any) -> tuple[str, bool]:
    many, names = False, []
    for part in _parts(annotation):
        if typing.get_origin(part) is list:
            many = True
            inner = [p for p in _parts(typing.get_args(part)[0]) if p is not type(None)]
            names += [_name(p) for p in inner]
        elif part is not type(None):
            names.append(_name(part))
    return next(n for n in names if n), many


def _parts(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Union or type(annotation).__name__ == "UnionType":
        for argument in typing.get_args(annotation):
            yield from _parts(argument)
    else:
        yield annotation


def _name(part: Any) -> str:
    """`Annotated[str, Code()]` -> code; the class of a complex type -> its name."""
    if typing.get_origin(part) is typing.Annotated:
        name = type(typing.get_args(part)[1]).__name__
        return _RENAMED.get(name) or name[0].lower() + name[1:]
    name = getattr(part, "__name__", str(part))
    return _RENAMED.get(name) or name.removesuffix("Type")


def _codes(path: str, extra: dict[str, Any]) -> frozenset[str] | None:
    if path in COMPLETE:
        return COMPLETE[path]
    values = extra.get("enum_values")
    return frozenset(values) if values and "+" not in values else None
