"""Part of a resource: `_summary` and `_elements`. What is left out is said by the tag SUBSETTED."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from fhir_adapters.rules.shapes import shape

SUMMARIES = ("true", "text", "data", "count", "false")
SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_ALWAYS = frozenset({"resourceType", "id", "meta"})


@dataclass(frozen=True, slots=True)
class Subset:
    """`elements`: names of top-level elements, `Type.name` for one type alone."""

    summary: str = "false"
    elements: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        return self.summary in ("false", "count") and not self.elements


def subset_of(pairs: Iterable[tuple[str, str]]) -> Subset:
    given = dict(pairs)
    names = (name.strip() for name in given.get("_elements", "").split(","))
    return Subset(given.get("_summary", "false"), frozenset(name for name in names if name))


def cut(resource: Mapping[str, Any], subset: Subset) -> Mapping[str, Any]:
    """The resource with what was asked for, and always with what it must have; a Bundle entry by entry."""
    type_ = resource["resourceType"]
    if type_ == "Bundle":
        entries = [_entry(one, subset) for one in resource.get("entry", ())]
        return {**resource, "entry": entries} if entries else resource
    if type_ == "OperationOutcome" or subset.is_whole:
        return resource
    kept = {name: value for name, value in resource.items() if _is_kept(type_, name.removeprefix("_"), subset)}
    meta = kept.get("meta", {})
    return {**kept, "meta": {**meta, "tag": [*meta.get("tag", ()), SUBSETTED]}}


def _entry(entry: Mapping[str, Any], subset: Subset) -> Mapping[str, Any]:
    return {**entry, "resource": cut(entry["resource"], subset)} if "resource" in entry else entry


def _is_kept(type_: str, name: str, subset: Subset) -> bool:
    if name in _ALWAYS or name in _required(type_):
        return True
    if subset.elements:
        return _is_named(type_, name, subset.elements)
    if subset.summary == "text":
        return name == "text"
    return name != "text" if subset.summary == "data" else name in _summary(type_)


def _is_named(type_: str, name: str, names: frozenset[str]) -> bool:
    element = shape(type_).elements.get(name)
    forms = {name, element.choice} if element is not None and element.choice else {name}
    return any(form in names or f"{type_}.{form}" in names for form in forms)


@cache
def _required(type_: str) -> frozenset[str]:
    found = shape(type_)
    return frozenset(n for n, e in found.elements.items() if e.required or e.choice in found.required_choices)


@cache
def _summary(type_: str) -> frozenset[str]:
    return frozenset(get_fhir_model_class(type_).summary_elements_sequence())
