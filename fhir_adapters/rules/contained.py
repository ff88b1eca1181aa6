"""Contained resources: each is referred to, no fragment leads nowhere, none has a life of its own (dom-3..5, ref-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_adapters.issues import Issue


def contained_issues(resource: Mapping[str, Any], root: str) -> Iterator[Issue]:
    """Raises nothing for any JSON: what is misshapen is said elsewhere."""
    listed = resource.get("contained")
    inside = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    fragments = list(_fragments(resource, root))
    named = {text for text, _ in fragments}
    for number, one in enumerate(inside):
        at = f"{root}.contained[{number}]"
        refers_back = any(text == "#" for text, _ in _fragments(one, at))
        if f"#{one.get('id')}" not in named and not refers_back:
            yield _issue("dom-3", "内含资源须被引用", "a contained resource must be referred to", at)
        meta = one.get("meta")
        for name, key in (("versionId", "dom-4"), ("lastUpdated", "dom-4"), ("security", "dom-5")):
            if isinstance(meta, Mapping) and name in meta:
                yield _issue(key, f"内含资源不能有 {name}", f"a contained resource has no {name}", f"{at}.meta.{name}")
    ids = {f"#{one.get('id')}" for one in inside}
    for text, at in fragments:
        if text != "#" and text not in ids:
            yield _issue("ref-1", "引用的内含资源不存在", "the contained resource that is referred to is missing", at)


def _fragments(node: Any, at: str) -> Iterator[tuple[str, str]]:
    """Every `#id` in a Reference, and where it stands."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                if value.startswith("#"):
                    yield value, f"{at}.reference"
            elif isinstance(value, dict | list):
                yield from _fragments(value, f"{at}.{name}")
    elif isinstance(node, list):
        for number, one in enumerate(node):
            if isinstance(one, dict | list):
                yield from _fragments(one, f"{at}[{number}]")


def _issue(key: str, zh: str, en: str, at: str) -> Issue:
    return Issue(type="invariant", code="MCH-V-0201", zh=zh, en=f"{en} ({key})", expression=at)
