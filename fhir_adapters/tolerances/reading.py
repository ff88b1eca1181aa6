"""What a client's registration overlooks is put right here, before the rules look: what they then find is what they
always find. A value that would not be right afterwards either stays as it was sent, so that it is refused as ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_adapters.arrivals.profile import Code
from fhir_adapters.entries import Entry
from fhir_adapters.rules.primitives import fits
from fhir_adapters.rules.shapes import Element, Shape, shape
from fhir_adapters.terminology import LOINC, UCUM, fact_name, item_of
from fhir_adapters.tolerances import identities, loinc, values
from fhir_adapters.tolerances.kinds import CODES, COMPACT, INSTITUTION, INVENTED, NUMBERS, ZONE, Use

Json = Mapping[str, Any]
Key = tuple[str, str]  # system and code, as they were sent
TIMES, WHOLE = frozenset({"dateTime", "instant"}), frozenset({"integer", "positiveInt", "unsignedInt"})
DEEPEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What one client's registration says. `mrn_system`: of its institution's own numbers. `codes`: its concept map, as
    far as a request asks for it."""

    names: frozenset[str]
    mrn_system: str
    codes: Mapping[Key, Code] = field(default_factory=dict)


def put_right(entry: Entry, agreed: Agreed) -> Entry:
    """The entry as a client without deviations would have sent it, with every use of a tolerance."""
    if entry.resource is None or not isinstance(entry.resource, Mapping):
        return entry
    walk = _Walk(agreed)
    resource = walk.resource(entry.resource, entry.at)
    exist, query = entry.if_none_exist, entry.query
    if INSTITUTION in agreed.names:
        resource = identities.qualified(resource, entry.at, agreed.mrn_system, walk.uses)
        if entry.type == "Patient":
            exist = identities.qualified_conditions(exist, agreed.mrn_system) if exist else exist
            query = identities.qualified_conditions(query, agreed.mrn_system)
    if entry.type == "Observation":
        resource = _coded(resource, entry.at, agreed, walk.uses)
    if not walk.uses and exist == entry.if_none_exist and query == entry.query:
        return entry
    return replace(entry, resource=resource, if_none_exist=exist, query=query, tolerated=tuple(walk.uses))


class _Walk:
    """Through a resource by its shapes; what does not fit them is let alone, and told by the rules."""

    def __init__(self, agreed: Agreed) -> None:
        self.agreed = agreed
        self.uses: list[Use] = []

    def resource(self, value: Json, at: str) -> Json:
        name = value.get("resourceType")
        try:
            its = shape(name) if isinstance(name, str) else None
        except KeyError:
            its = None
        return self._object(value, its, at, 0) if its is not None else value

    def _object(self, value: Any, its: Shape, at: str, depth: int) -> Any:
        if not isinstance(value, Mapping) or depth > DEEPEST:
            return value
        changed: dict[str, Any] = {}
        for name, item in value.items():
            element = its.elements.get(name.removeprefix("_"))
            if element is None:
                continue
            made = self._member(item, element, f"{at}.{element.name}", depth, is_beside=name.startswith("_"))
            if made is not item:
                changed[name] = made
        return {**value, **changed} if changed else value

    def _member(self, item: Any, element: Element, at: str, depth: int, *, is_beside: bool) -> Any:
        if not isinstance(item, list):
            return self._value(item, element, at, depth, is_beside=is_beside)
        made = [self._value(v, element, f"{at}[{n}]", depth, is_beside=is_beside) for n, v in enumerate(item)]
        return made if any(new is not old for new, old in zip(made, item, strict=True)) else item

    def _value(self, value: Any, element: Element, at: str, depth: int, *, is_beside: bool) -> Any:
        if is_beside:
            return self._object(value, shape("Element"), at, depth + 1) if element.primitive else value
        if element.primitive:
            return self._primitive(value, element.type, at)
        if element.type == "Resource":
            return self.resource(value, at) if isinstance(value, Mapping) and depth < DEEPEST else value
        return self._object(value, shape(element.type), at, depth + 1)

    def _primitive(self, value: Any, kind: str, at: str) -> Any:
        if not isinstance(value, str) or fits(kind, value):
            return value
        for tolerance, made in self._readings(value, kind):
            if made is not None and fits(kind, made):
                self.uses.append(Use(tolerance=tolerance, at=at, was=value))
                return made
        return value

    def _readings(self, text: str, kind: str) -> Iterable[tuple[str, Any]]:
        names = self.agreed.names
        if kind in TIMES and ZONE in names:
            yield ZONE, values.without_zone(text)
        if (kind in TIMES or kind == "date") and COMPACT in names:
            yield COMPACT, values.compact(text)
        if (kind in WHOLE or kind == "decimal") and NUMBERS in names:
            yield NUMBERS, values.number(text)


# --- codes ------------------------------------------------------------------------------------------------------------


def asked_codes(resource: Any, names: frozenset[str]) -> set[Key]:
    """The local codes of an Observation for which the concept map is to be asked."""
    if CODES not in names or not isinstance(resource, Mapping) or resource.get("resourceType") != "Observation":
        return set()
    return {key for _, concept in _concepts(resource, "") if not _is_known(concept) for key in _keys(concept)}


def _concepts(resource: Json, at: str) -> list[tuple[str, Json]]:
    found = [(f"{at}.code", resource.get("code"))]
    parts = resource.get("component")
    for number, part in enumerate(parts if isinstance(parts, list) else ()):
        if isinstance(part, Mapping):
            found.append((f"{at}.component[{number}].code", part.get("code")))
    return [(place, concept) for place, concept in found if isinstance(concept, Mapping)]


def _codings(concept: Json) -> list[tuple[int, str, str]]:
    """Place, system and code of each coding that can be read."""
    listed = concept.get("coding")
    found = []
    for number, coding in enumerate(listed if isinstance(listed, list) else ()):
        code = coding.get("code") if isinstance(coding, Mapping) else None
        system = coding.get("system", "") if isinstance(coding, Mapping) else ""
        if isinstance(code, str) and isinstance(system, str):
            found.append((number, system, code))
    return found


def _is_known(concept: Json) -> bool:
    """It says what it measures without a concept map: by a possible LOINC number, or by what everybody is understood
    by."""
    return any(
        fact_name(system, code) is not None or (system == LOINC and loinc.is_possible(code))
        for _, system, code in _codings(concept)
    )


def _keys(concept: Json) -> list[Key]:
    """What a concept map may know it by; an invented LOINC number is nothing that it could be known by."""
    found = [(system, code) for _, system, code in _codings(concept) if system != LOINC]
    text = concept.get("text")
    return found or ([("", text)] if isinstance(text, str) and text.strip() and not _codings(concept) else [])


def _coded(resource: Json, at: str, agreed: Agreed, uses: list[Use]) -> Json:
    changed: dict[str, Any] = {}
    for place, concept in _concepts(resource, at):
        if INVENTED in agreed.names:
            for number, system, code in _codings(concept):
                if system == LOINC and not loinc.is_possible(code):
                    uses.append(Use(tolerance=INVENTED, at=f"{place}.coding[{number}].code", was=code))
        if CODES not in agreed.names or _is_known(concept):
            continue
        keys = _keys(concept)
        key = next((key for key in keys if key in agreed.codes), None)
        if key is not None:
            uses.append(Use(tolerance=CODES, at=place, was=key[1]))
            changed[place] = agreed.codes[key]
        elif keys:
            system, code = keys[0]
            uses.append(Use(tolerance=CODES, at=place, was=code, what=(system, code, _said(concept, code))))
    return _with_codes(resource, at, changed) if changed else resource


def _said(concept: Json, code: str) -> str:
    """What the sender calls it."""
    listed = concept.get("coding")
    named = [c.get("display") for c in (listed if isinstance(listed, list) else ()) if isinstance(c, Mapping)]
    return next((str(text)[:100] for text in (concept.get("text"), *named) if isinstance(text, str) and text), code)


def _with_codes(resource: Json, at: str, changed: Mapping[str, Code]) -> Json:
    found = dict(resource)
    if f"{at}.code" in changed:
        found = _meaning(found, changed[f"{at}.code"])
    if isinstance(found.get("component"), list):
        parts = enumerate(found["component"])
        found["component"] = [
            _meaning(part, changed[f"{at}.component[{n}].code"]) if f"{at}.component[{n}].code" in changed else part
            for n, part in parts
        ]
    return found


def _meaning(part: Json, code: Code) -> dict[str, Any]:
    """What was sent, and beside it the code that everybody understands; the unit where the sender leaves it out."""
    item, concept = item_of(code.item), part["code"]
    coding = {"system": item.system, "code": item.code, "display": item.display}
    made = {**part, "code": {**concept, "coding": [*(concept.get("coding") or ()), coding]}}
    quantity = made.get("valueQuantity")
    if code.unit and isinstance(quantity, Mapping) and not {"unit", "code", "system"} & quantity.keys():
        made["valueQuantity"] = {**quantity, "unit": code.unit, "system": UCUM, "code": code.unit}
    return made
