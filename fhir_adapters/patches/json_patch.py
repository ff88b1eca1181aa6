"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396) on plain JSON. The document given is not changed."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from fhir_adapters.patches.faults import MAX_OPERATIONS, bad_patch, nowhere, require_bounded

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_NEEDS = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": None}


def apply_json_patch(document: Any, operations: Any) -> Any:
    """Raises FhirError: 400 for what is no patch, 422 where a path leads nowhere or a test fails."""
    if not isinstance(operations, list) or not operations:
        raise bad_patch("JSON Patch 应为操作数组", "a JSON Patch is an array of operations")
    if len(operations) > MAX_OPERATIONS:
        raise bad_patch("操作过多", "too many operations", allowed=str(MAX_OPERATIONS), status=413)
    holder = {"": copy.deepcopy(document)}
    for number, operation in enumerate(operations):
        _run(holder, operation, number)
        require_bounded(holder, number)
    return holder[""]


def _run(holder: dict[str, Any], operation: Any, number: int) -> None:
    name = operation.get("op") if isinstance(operation, Mapping) else None
    if not isinstance(name, str) or name not in _NEEDS:
        raise bad_patch("未知的操作", "not an operation", number, allowed=" | ".join(sorted(_NEEDS)))
    needed = _NEEDS[name]
    if needed is not None and needed not in operation:
        raise bad_patch(f"缺少 {needed}", f"{needed} is missing", number)
    path = _pointer(operation.get("path"), number)
    _OPERATIONS[name](holder, path, operation, number)


def _pointer(text: Any, number: int) -> list[str]:
    """`/a/0/b` -> the steps below the holder, whose only member is the document."""
    if not isinstance(text, str) or (text and not text.startswith("/")) or re.search(r"~(?![01])", text):
        raise bad_patch("路径不是 JSON Pointer", "the path is no JSON Pointer", number)
    return ["", *(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])]


def _at(holder: Any, path: list[str], number: int) -> Any:
    node = holder
    for step in path:
        if isinstance(node, dict) and step in node:
            node = node[step]
        elif isinstance(node, list) and _NUMBER.fullmatch(step) and int(step) < len(node):
            node = node[int(step)]
        else:
            raise nowhere(number)
    return node


def _put(holder: Any, path: list[str], value: Any, number: int) -> None:
    parent, last = _at(holder, path[:-1], number), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and last == "-":
        parent.append(value)
    elif isinstance(parent, list) and _NUMBER.fullmatch(last) and int(last) <= len(parent):
        parent.insert(int(last), value)
    else:
        raise nowhere(number)


def _take(holder: Any, path: list[str], number: int) -> Any:
    value = _at(holder, path, number)
    parent, last = _at(holder, path[:-1], number), path[-1]
    parent.pop(int(last) if isinstance(parent, list) else last)
    return value


def _add(holder: Any, path: list[str], operation: Mapping[str, Any], number: int) -> None:
    _put(holder, path, copy.deepcopy(operation["value"]), number)


def _remove(holder: Any, path: list[str], operation: Mapping[str, Any], number: int) -> None:
    _take(holder, path, number)


def _replace(holder: Any, path: list[str], operation: Mapping[str, Any], number: int) -> None:
    _at(holder, path, number)
    parent, last = _at(holder, path[:-1], number), path[-1]
    parent[int(last) if isinstance(parent, list) else last] = copy.deepcopy(operation["value"])


def _move(holder: Any, path: list[str], operation: Mapping[str, Any], number: int) -> None:
    source = _pointer(operation["from"], number)
    if path[: len(source)] == source and path != source:
        raise bad_patch("不能移动到自身之内", "a value cannot be moved into itself", number)
    _put(holder, path, _take(holder, source, number), number)


def _copy(holder: Any, path: list[str], operation: Mapping[str, Any], number: int) -> None:
    value = _at(holder, _pointer(operation["from"], number), number)
    require_bounded([holder, value], number)
    _put(holder, path, copy.deepcopy(value), number)


def _test(holder: Any, path: list[str], operation: Mapping[str, Any], number: int) -> None:
    if not _same(_at(holder, path, number), operation["value"]):
        raise bad_patch("test 不成立", "the test does not hold", number, status=422)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: `true` is not `1`."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


_OPERATIONS: dict[str, Callable[[dict[str, Any], list[str], Mapping[str, Any], int], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def apply_merge_patch(document: Any, patch: Any) -> Any:
    """Members of the patch replace those of the document; null takes one away."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(document) if isinstance(document, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply_merge_patch(merged.get(name), value)
    return merged
