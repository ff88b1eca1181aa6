"""The StructureDefinitions of our profiles, made from their table: differentials in the order of a type's elements."""

from __future__ import annotations

from fhir_adapters.ig.common import Json, conformance
from fhir_adapters.ig.extensions import BASE
from fhir_adapters.ig.profile_table import Profile, Rule
from fhir_adapters.rules.shapes import element_order, shape


def structure(profile: Profile) -> Json:
    """The differential, in the order of the type's elements; a validator makes the snapshot from it."""
    return conformance(
        "StructureDefinition",
        profile.id,
        profile.title,
        profile.title,
        fhirVersion="4.0.1",
        kind="resource",
        abstract=False,
        type=profile.type,
        baseDefinition=f"{BASE}/{profile.type}",
        derivation="constraint",
        differential={"element": _elements(profile)},
    )


def _elements(profile: Profile) -> list[Json]:
    root = profile.type
    found: list[Json] = [{"id": root, "path": root, "short": profile.title}]
    opened: set[str] = set()
    for rule in profile.rules:
        if rule.slice and rule.path not in opened:
            opened.add(rule.path)
            on = "url" if rule.extension else "system"
            slicing = {"discriminator": [{"type": "value", "path": on}], "rules": "open"}
            same = next((one for one in found if one["id"] == f"{root}.{rule.path}"), None)
            if same is not None:
                same["slicing"] = slicing
            else:
                found.append({"id": f"{root}.{rule.path}", "path": f"{root}.{rule.path}", "slicing": slicing})
        found.extend(_element(root, rule))
    return _merged(found)


def _element(root: str, rule: Rule) -> list[Json]:
    path = f"{root}.{rule.path}"
    id_ = f"{path}:{rule.slice}" if rule.slice else path
    element: Json = {"id": id_, "path": path}
    if rule.slice:
        element["sliceName"] = rule.slice
    if rule.short:
        element["short"] = rule.short
    if rule.min is not None:
        element["min"] = rule.min
    if rule.max is not None:
        element["max"] = rule.max
    if rule.extension:
        element["type"] = [{"code": "Extension", "profile": [rule.extension]}]
    if rule.pattern:
        element[rule.pattern[0]] = rule.pattern[1]
    if rule.value_set:
        element["binding"] = {"strength": "extensible", "valueSet": rule.value_set}
    if rule.system is None:
        return [element]
    fixed = {"id": f"{id_}.system", "path": f"{path}.system", "min": 1, "fixedUri": rule.system}
    return [element, fixed, {"id": f"{id_}.value", "path": f"{path}.value", "min": 1}]


def _merged(elements: list[Json]) -> list[Json]:
    """What several rules say of one element, said once, where it was first."""
    by_id: dict[str, Json] = {}
    for element in elements:
        by_id.setdefault(element["id"], {}).update(element)
    slices = [one["id"].rpartition(":")[2] for one in by_id.values() if "sliceName" in one]
    return sorted(by_id.values(), key=lambda element: _place(element["id"], slices))


def _place(id_: str, slices: list[str]) -> list[tuple[int, int]]:
    """Where an element stands in its type's definition, and among the slices of it."""
    type_, *steps = id_.split(".")
    found = []
    for step in steps:
        name, _, slice_ = step.partition(":")
        order = element_order(type_)
        stem = name.removesuffix("[x]")
        at = next(at for at, one in enumerate(order) if one == name or (stem != name and one.startswith(stem)))
        found.append((at, slices.index(slice_) + 1 if slice_ else 0))
        known = shape(type_).elements.get(name)
        type_ = known.type if known is not None and not known.primitive else "Element"
    return found
