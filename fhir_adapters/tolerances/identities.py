"""Numbers that a hospital gives its patients, qualified by the institution: the same number of two hospitals is two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.arrivals.profile import MRN_TYPES, NUMBERS
from fhir_adapters.terminology import ADMISSION_NO, ID_CARD, is_identity, same_system
from fhir_adapters.tolerances.kinds import INSTITUTION, Use

Json = Mapping[str, Any]
Conditions = tuple[tuple[str, str], ...]


def qualified(resource: Json, at: str, mrn_system: str, uses: list[Use]) -> Json:
    """Of a Patient its own numbers; of anything else the condition by which it refers to a Patient."""
    if resource.get("resourceType") == "Patient":
        return _patient(resource, at, mrn_system, uses)
    made = _referring(resource, mrn_system)
    if made is not resource:
        uses.append(Use(tolerance=INSTITUTION, at=at))
    return made


def _patient(patient: Json, at: str, mrn_system: str, uses: list[Use]) -> Json:
    listed = patient.get("identifier")
    if not isinstance(listed, list):
        return patient
    made = []
    for number, one in enumerate(listed):
        system = _system_of(one, mrn_system) if isinstance(one, Mapping) else None
        if system is not None and isinstance(one, Mapping):
            uses.append(Use(tolerance=INSTITUTION, at=f"{at}.identifier[{number}]", was=one.get("system")))
            one = {**one, "system": system}
        made.append(one)
    return {**patient, "identifier": made} if made != listed else patient


def _system_of(identifier: Json, mrn_system: str) -> str | None:
    """The system that it lacks; None where it says which number it is."""
    system = identifier.get("system")
    if system == ADMISSION_NO:
        return f"{mrn_system}/admission"
    if system is not None and (not isinstance(system, str) or is_identity(same_system(system))):
        return None
    codings = (identifier.get("type") or {}).get("coding") if isinstance(identifier.get("type"), Mapping) else None
    first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], Mapping) else {}
    kind = first.get("code", "")
    if kind in NUMBERS and system is None:
        return NUMBERS[kind] if NUMBERS[kind] != ADMISSION_NO else f"{mrn_system}/admission"
    return mrn_system if system is None or (kind and kind in MRN_TYPES) else None


def qualified_conditions(conditions: Conditions, mrn_system: str) -> Conditions:
    return tuple((name, _condition(value, mrn_system) if name == "identifier" else value) for name, value in conditions)


def _condition(value: str, mrn_system: str) -> str:
    system, _, number = value.rpartition("|")
    if system == ADMISSION_NO:
        return f"{mrn_system}/admission|{number}"
    return f"{mrn_system}|{number}" if not system and number else value


def _referring(node: Any, mrn_system: str) -> Any:
    if isinstance(node, list):
        made = [_referring(one, mrn_system) for one in node]
        return made if any(new is not old for new, old in zip(made, node, strict=True)) else node
    if not isinstance(node, Mapping):
        return node
    changed = {}
    for name, value in node.items():
        new = _reference(value, mrn_system) if name == "reference" else _referring(value, mrn_system)
        if new is not value:
            changed[name] = new
    return {**node, **changed} if changed else node


def _reference(value: Any, mrn_system: str) -> Any:
    prefix = "Patient?identifier="
    if not isinstance(value, str) or not value.startswith(prefix):
        return value
    rest = value.removeprefix(prefix)
    made = _condition(rest, mrn_system) if "&" not in rest else rest
    return value if made == rest else prefix + made


def is_another(said: Json, has: Json) -> bool:
    """Whether a number leads to somebody else: born on another day, of another sex, or of another name without the same
    identity card. A mother's number on her child, an admission number that is used again."""
    for name in ("birthDate", "gender"):
        if said.get(name) and has.get(name) and said[name] != has[name]:
            return True
    names = _name(said), _name(has)
    return bool(all(names) and names[0] != names[1] and not _cards(said) & _cards(has))


def _name(patient: Json) -> str:
    first = next((n for n in patient.get("name", ()) if isinstance(n, Mapping)), {})
    text = first.get("text") or str(first.get("family") or "") + "".join(map(str, first.get("given") or ()))
    return str(text).replace(" ", "")


def _cards(patient: Json) -> set[str]:
    return {
        str(one.get("value", "")).strip().upper()
        for one in patient.get("identifier", ())
        if isinstance(one, Mapping) and same_system(str(one.get("system"))) == ID_CARD
    }
