"""Where a simple FHIRPath leads inside a resource: `Patient.name.where(use = 'official').given[0]`.

Only what names a place is read: elements, indices, first(), last(), single(), ofType(), extension(url), and where()
with comparisons joined by `and`. So a path costs no more than a walk through the resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_adapters.rules.shapes import Element, Shape, shape

LONGEST_PATH = 500
_STEP = re.compile(r"\.?([A-Za-z][A-Za-z0-9]*)(\((?:'[^']*'|[^()'])*\))?|\[(\d{1,6})\]")
_EQUAL = re.compile(r"\s*([A-Za-z$][A-Za-z0-9.]*)\s*=\s*('[^']*'|true|false|-?\d+(?:\.\d+)?)\s*")


class NoPath(Exception):
    """The text is no path of the kind that is read here."""


@dataclass(slots=True)
class Place:
    """One value in the resource: in `holder[name]`, and there at `index` where the element repeats."""

    value: Any
    shape: Shape | None  # of the value, where it is no primitive
    holder: dict[str, Any] | None = None
    name: str = ""
    index: int | None = None

    def replace(self, name: str, value: Any) -> None:
        """Put a value in this place; a choice of another type changes the element's name."""
        assert self.holder is not None
        if self.index is not None:
            self.holder[self.name][self.index] = value
        elif name == self.name:
            self.holder[name] = value
        else:
            self.delete()
            self.holder[name] = value

    def delete(self) -> None:
        assert self.holder is not None
        if self.index is None:
            del self.holder[self.name]
        else:
            del self.holder[self.name][self.index]
            if not self.holder[self.name]:
                del self.holder[self.name]


def places(resource: dict[str, Any], path: str) -> list[Place]:
    """Every place that the path names. Raises NoPath."""
    found = [Place(resource, shape(resource["resourceType"]))]
    for number, (name, argument, index) in enumerate(_steps(path)):
        if number == 0 and name == resource["resourceType"] and argument is None:
            continue
        if index is not None:
            found = found[index : index + 1]
        elif argument is None:
            found = [below for place in found for below in _below(place, name)]
        else:
            found = _function(found, name, argument)
    return found


def _steps(path: str) -> Iterator[tuple[str, str | None, int | None]]:
    if len(path) > LONGEST_PATH:
        raise NoPath
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or (at == 0 and path.startswith(".")):
            raise NoPath
        at = found.end()
        yield found[1] or "", found[2][1:-1] if found[2] else None, int(found[3]) if found[3] else None


def element_of(shape_: Shape | None, name: str, suffix: str = "") -> Element | None:
    """The element of this name, or of the choice of this name with the type in `suffix` (`value`, `Quantity`)."""
    if shape_ is None:
        return None
    found = shape_.elements.get(name + suffix)
    return shape_.elements.get(name) or (found if _is_choice(found, name) else None)


def _is_choice(element: Element | None, name: str) -> bool:
    return element is not None and element.choice == name


def _below(place: Place, name: str) -> Iterator[Place]:
    if not isinstance(place.value, dict) or place.shape is None:
        return
    for key, element in place.shape.elements.items():
        if key not in place.value or (key != name and not _is_choice(element, name)):
            continue
        value = place.value[key]
        if element.many and isinstance(value, list):
            for index, one in enumerate(value):
                yield Place(one, _shape_of(one, element), place.value, key, index)
        else:
            yield Place(value, _shape_of(value, element), place.value, key)


def _shape_of(value: Any, element: Element) -> Shape | None:
    if element.primitive or not isinstance(value, dict):
        return None
    try:
        return shape(value["resourceType"] if element.type == "Resource" else element.type)
    except KeyError:
        return None


def _function(found: list[Place], name: str, argument: str) -> list[Place]:
    if name == "where":
        return [place for place in found if _holds(place, argument)]
    if name == "extension":
        url = argument.strip().strip("'")
        below = [b for place in found for b in _below(place, "extension")]
        return [b for b in below if isinstance(b.value, dict) and b.value.get("url") == url]
    if name in ("ofType", "as"):
        suffix = argument.strip()
        return [place for place in found if place.name.lower().endswith(suffix.lower())]
    if argument.strip():
        raise NoPath
    if name in ("first", "single"):
        return found[:1] if name == "first" or len(found) < 2 else found
    if name == "last":
        return found[-1:]
    raise NoPath


def _holds(place: Place, condition: str) -> bool:
    for part in re.split(r"\sand\s", condition):
        found = _EQUAL.fullmatch(part)
        if found is None:
            raise NoPath
        values = [place]
        for name in found[1].split("."):
            values = values if name == "$this" else [below for one in values for below in _below(one, name)]
        if _literal(found[2]) not in [_text(one.value) for one in values]:
            return False
    return True


def _literal(text: str) -> str:
    return text[1:-1] if text.startswith("'") else text


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
