"""References inside a resource: found and replaced anywhere in the tree, extensions and narrative links included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

_URN = re.compile(r"urn:(?:uuid|oid):[0-9A-Za-z.\-]+")
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?.+")
_HELD_BY = frozenset({"reference", "url", "valueUri", "valueUrl", "uri"})


@dataclass(frozen=True, slots=True)
class Links:
    """What stands where a reference or link can stand: whole texts, every urn in them, and every
    `Type?parameter=value`."""

    texts: frozenset[str]
    urns: frozenset[str]
    conditionals: frozenset[str]

    def leads_to(self, places: AbstractSet[str]) -> bool:
        """Whether one of these is meant somewhere."""
        return not (self.texts.isdisjoint(places) and self.urns.isdisjoint(places))


def links_of(node: Any) -> Links:
    texts = frozenset(_links(node))
    return Links(
        texts,
        frozenset(urn for text in texts if "urn:" in text for urn in _URN.findall(text)),
        frozenset(text for text in texts if "?" in text and _CONDITIONAL.fullmatch(text)),
    )


def references_in(node: Any) -> frozenset[str]:
    """Every text that stands where a reference or link can stand."""
    return frozenset(_links(node))


def _links(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str):
                if name in _HELD_BY or name == "div":
                    yield value
            elif isinstance(value, dict | list):
                yield from _links(value)
    elif isinstance(node, list):
        for item in node:
            if isinstance(item, dict | list):
                yield from _links(item)


def rewritten(node: Any, change: Callable[[str], str]) -> Any:
    """The same document with every link replaced by what `change` makes of it. Nothing of the original is touched."""
    if isinstance(node, dict):
        return {name: _replaced(name, value, change) for name, value in node.items()}
    if isinstance(node, list):
        return [rewritten(item, change) for item in node]
    return node


def _replaced(name: str, value: Any, change: Callable[[str], str]) -> Any:
    if not isinstance(value, str):
        return rewritten(value, change)
    if name in _HELD_BY:
        return change(value)
    if name == "div":
        return _URN.sub(lambda found: change(found.group()), value)
    return value
