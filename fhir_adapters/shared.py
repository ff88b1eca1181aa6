"""What many resources of a type have alike, word for word: written as JSON and indexed once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.store import plain
from fhir_adapters.search.index import Written, written


class Shared:
    """Elements of the body. Whoever gives them away does not change them any more."""

    __slots__ = ("_found", "elements", "text", "type")

    def __init__(self, type_: str, elements: Mapping[str, Any]) -> None:
        self.type = type_
        self.elements = elements
        self.text = plain.dumps(elements)[1:-1]  # as it stands between the braces
        self._found: dict[str, Written] = {}

    def entries(self, region_id: str) -> Written:
        """Their index entries."""
        found = self._found.get(region_id)
        if found is None:
            texts = {name: plain.dumps(value) for name, value in self.elements.items()}
            found = self._found[region_id] = written(region_id, {"resourceType": self.type, **self.elements}, texts)
        return found


class Built(dict[str, Any]):
    """A resource that begins with shared elements, before those that are its own."""

    __slots__ = ("shared",)

    def __init__(self, id_: str, shared: Shared, own: Mapping[str, Any]) -> None:
        super().__init__({"resourceType": shared.type, "id": id_, **shared.elements, **own})
        self.shared = shared
