"""FHIRPath Patch (R4 3.1.0.12.3): a Parameters resource of operations at FHIRPath places."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_adapters.patches.faults import MAX_OPERATIONS, bad_patch, nowhere, require_bounded
from fhir_adapters.patches.places import NoPath, Place, element_of, places
from fhir_adapters.rules.shapes import Shape, shape

Json = dict[str, Any]
_NOTHING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`type_` is the suffix that the value's name had (`Quantity` of valueQuantity), for elements with a choice."""

    number: int
    kind: str
    path: str
    name: str | None = None
    value: Any = _NOTHING
    type_: str = ""
    numbers: Mapping[str, int]

    def at(self, name: str) -> int:
        if name not in self.numbers:
            raise bad_patch(f"缺少 {name}", f"{name} is missing", self.number)
        return self.numbers[name]


def apply_fhirpath_patch(document: Json, parameters: Any) -> Json:
    """Raises FhirError: 400 for what is no patch, 422 where a path leads nowhere or to several places."""
    if not isinstance(parameters, Mapping) or parameters.get("resourceType") != "Parameters":
        raise bad_patch("FHIRPath Patch 应为 Parameters", "a FHIRPath Patch is a Parameters resource")
    listed = parameters.get("parameter")
    if not isinstance(listed, list) or not listed:
        raise bad_patch("没有操作", "there is no operation")
    if len(listed) > MAX_OPERATIONS:
        raise bad_patch("操作过多", "too many operations", allowed=str(MAX_OPERATIONS), status=413)
    patched = copy.deepcopy(document)
    for number, one in enumerate(listed):
        operation = _operation(number, one)
        try:
            _OPERATIONS[operation.kind](patched, operation)
        except NoPath:
            raise bad_patch("不支持此路径", "this path is not supported", number) from None
        require_bounded(patched, number)
    return patched


def _operation(number: int, one: Any) -> Operation:
    parts = one.get("part") if isinstance(one, Mapping) and one.get("name") == "operation" else None
    if not isinstance(parts, list) or not all(isinstance(p, Mapping) and isinstance(p.get("name"), str) for p in parts):
        raise bad_patch("应为名为 operation 的参数", "a parameter called operation with parts is expected", number)
    given = {part["name"]: part for part in parts}
    kind, path = _plain(given.get("type")), _plain(given.get("path"))
    if kind not in _OPERATIONS or not isinstance(path, str):
        raise bad_patch("未知的操作或缺少路径", "not an operation, or no path", number, allowed=" | ".join(_OPERATIONS))
    name, (type_, value) = _plain(given.get("name")), _value(given.get("value"))
    numbers = {key: n for key in ("index", "source", "destination") if _is_count(n := _plain(given.get(key)))}
    return Operation(
        number=number,
        kind=kind,
        path=path,
        name=name if isinstance(name, str) else None,
        value=value,
        type_=type_,
        numbers=numbers,
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000


def _plain(part: Any) -> Any:
    return _value(part)[1] if isinstance(part, Mapping) else None


def _value(part: Any) -> tuple[str, Any]:
    """The value of a part and the type in its name; several parts make an object."""
    if not isinstance(part, Mapping):
        return "", _NOTHING
    for key, value in part.items():
        if key.startswith("value") and len(key) > 5:
            return key[5:], value
    inner = part.get("part")
    return "", inner if isinstance(inner, list) else _NOTHING


def _built(value: Any, shape_: Shape | None, number: int) -> Any:
    """An object from parts, each named after its element."""
    if not isinstance(value, list) or shape_ is None:
        return value
    built: Json = {}
    for part in value:
        name = part.get("name") if isinstance(part, Mapping) else None
        type_, inner = _value(part)
        element = element_of(shape_, name, type_) if isinstance(name, str) else None
        if element is None or inner is _NOTHING:
            raise bad_patch("没有此元素", "no such element", number, status=422)
        inner = _built(inner, None if element.primitive else shape(element.type), number)
        if element.many:
            built.setdefault(element.name, []).append(inner)
        else:
            built[element.name] = inner
    return built


def _needed(operation: Operation) -> Any:
    if operation.value is _NOTHING:
        raise bad_patch("缺少 value", "value is missing", operation.number)
    return copy.deepcopy(operation.value)


def _only(document: Json, operation: Operation, path: str | None = None) -> Place:
    found = places(document, operation.path if path is None else path)
    if not found:
        raise nowhere(operation.number)
    if len(found) > 1:
        raise bad_patch("路径指向多处", "the path leads to several places", operation.number, status=422)
    return found[0]


def _add(document: Json, operation: Operation) -> None:
    place, value = _only(document, operation), _needed(operation)
    if operation.name is None:
        raise bad_patch("缺少 name", "name is missing", operation.number)
    element = element_of(place.shape, operation.name, operation.type_)
    if element is None or not isinstance(place.value, dict):
        raise bad_patch("没有此元素", "no such element", operation.number, status=422)
    value = _built(value, None if element.primitive else shape(element.type), operation.number)
    if not element.many:
        place.value[element.name] = value
    elif isinstance(place.value.setdefault(element.name, []), list):
        place.value[element.name].append(value)


def _listed(document: Json, operation: Operation) -> list[Any]:
    """The list whose items the path names."""
    found = places(document, operation.path)
    holder = found[0].holder if found else None
    if holder is None or found[0].index is None or any(place.holder is not holder for place in found):
        raise nowhere(operation.number)
    items = holder[found[0].name]
    assert isinstance(items, list)
    return items


def _insert(document: Json, operation: Operation) -> None:
    items, at = _listed(document, operation), operation.at("index")
    if at > len(items):
        raise nowhere(operation.number)
    items.insert(at, _built(_needed(operation), places(document, operation.path)[0].shape, operation.number))


def _delete(document: Json, operation: Operation) -> None:
    found = places(document, operation.path)
    if len(found) > 1:
        raise bad_patch("路径指向多处", "the path leads to several places", operation.number, status=422)
    for place in found:
        if place.holder is None:
            raise nowhere(operation.number)
        place.delete()


def _replace(document: Json, operation: Operation) -> None:
    place, value = _only(document, operation), _needed(operation)
    if place.holder is None:
        raise nowhere(operation.number)
    name = place.name
    last = operation.path.rsplit(".", 1)[-1].partition("[")[0]
    if name != last and name.startswith(last) and operation.type_:
        name = last + operation.type_
    place.replace(name, _built(value, place.shape, operation.number))


def _move(document: Json, operation: Operation) -> None:
    items, source, to = _listed(document, operation), operation.at("source"), operation.at("destination")
    if source >= len(items) or to >= len(items):
        raise nowhere(operation.number)
    items.insert(to, items.pop(source))


_OPERATIONS: dict[str, Callable[[Json, Operation], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
