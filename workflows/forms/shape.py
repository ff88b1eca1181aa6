"""Is this JSON shaped like a Questionnaire at all? After this, the reader may take lists for lists, text for text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

_OBJECTS = "a list of objects"
_TEXT, _OBJECT, _TRUTH, _WHOLE, _NUMBER = "text", "an object", "true or false", "a whole number", "a number"
_KINDS: dict[str, str] = {
    **dict.fromkeys(
        ["item", "extension", "contained", "enableWhen", "answerOption", "initial", "include", "concept", "coding"],
        _OBJECTS,
    ),
    "designation": _OBJECTS,
    **dict.fromkeys(["linkId", "type", "text", "title", "prefix", "url", "system", "display", "expression"], _TEXT),
    **dict.fromkeys(["language", "question", "operator", "enableBehavior", "answerValueSet", "valueString"], _TEXT),
    **dict.fromkeys(["valueCode", "valueId", "id", "version", "resourceType", "status"], _TEXT),
    **dict.fromkeys(["_text", "_title", "_display", "compose", "valueCoding", "valueExpression"], _OBJECT),
    **dict.fromkeys(["valueCodeableConcept", "answerCoding", "answerQuantity"], _OBJECT),
    **dict.fromkeys(["required", "repeats", "readOnly", "valueBoolean", "answerBoolean"], _TRUTH),
    **dict.fromkeys(["maxLength", "valueInteger", "answerInteger"], _WHOLE),
    **dict.fromkeys(["valueDecimal", "answerDecimal"], _NUMBER),
}
_NEEDED = {"extension": "url", "concept": "code", "coding": "code", "item": "linkId", "valueCoding": "code"}


def misshapen(node: Any, path: str = "", parent: str = "") -> Iterator[tuple[str, str]]:
    """Each place that is wrong, and what it should be."""
    if isinstance(node, list):
        for number, each in enumerate(node):
            yield from misshapen(each, f"{path}[{number}]", parent)
    elif isinstance(node, Mapping):
        needed = _NEEDED.get(parent)
        if needed and not isinstance(node.get(needed), str):
            yield f"{path}.{needed}".strip("."), _TEXT
        for key, value in node.items():
            where = f"{path}.{key}".strip(".")
            kind = _kind_of(key, parent)
            if kind and not _fits(value, kind):
                yield where, kind
            else:
                yield from misshapen(value, where, key)


def _kind_of(key: str, parent: str) -> str | None:
    if key == "code":
        return _OBJECTS if parent in ("", "item") else _TEXT
    return _KINDS.get(key)


def _fits(value: Any, kind: str) -> bool:
    if kind == _OBJECTS:
        return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)
    if kind == _TRUTH:
        return isinstance(value, bool)
    wanted = {_TEXT: str, _OBJECT: Mapping, _WHOLE: int, _NUMBER: int | Decimal | float}[kind]
    return isinstance(value, wanted) and not isinstance(value, bool)
