"""Small pieces that every mapping is made of. Plain dicts; what is None or empty is left out by `resource`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.terminology import ACCOUNT, ACT_CODE, CONFIDENTIALITY, DEVICE, EPISODE_EXTENSION, UCUM

Json = dict[str, Any]
RULES: Json = {"type": "Device", "identifier": {"system": DEVICE, "value": "rules"}, "display": "规则引擎"}


def resource(type_: str, id_: str, **elements: Any) -> Json:
    """A resource; elements that are None or empty are not there. A trailing underscore frees Python's own words."""
    return {"resourceType": type_, "id": id_, **filled(elements)}


def filled(elements: Mapping[str, Any]) -> Json:
    """Those elements that say anything."""
    return {
        name.rstrip("_"): value
        for name, value in elements.items()
        if value or (value is not None and not isinstance(value, list | dict))
    }


def reference(type_: str, id_: str | None) -> Json | None:
    return {"reference": f"{type_}/{id_}"} if id_ else None


def person(id_: str) -> Json:
    """Somebody with an account here: named by id, there is no resource to read."""
    return {"type": "PractitionerRole", "identifier": {"system": ACCOUNT, "value": id_}}


def concept(system: str, code: str, display: str | None = None, *more: Json, text: str | None = None) -> Json:
    found: Json = {"coding": [coding(system, code, display), *more]}
    return {**found, "text": text} if text else found


def coding(system: str, code: str, display: str | None = None) -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def quantity(value: Any, unit: str, display: str | None = None) -> Json:
    return {"value": value, "unit": display or unit, "system": UCUM, "code": unit}


def episode_link(pregnancy_id: str | None) -> Json | None:
    if pregnancy_id is None:
        return None
    return {"url": EPISODE_EXTENSION, "valueReference": {"reference": f"EpisodeOfCare/{pregnancy_id}"}}


def present(*values: Json | None) -> list[Json]:
    return [value for value in values if value is not None]


def restricted(sensitivity: str | None = None) -> Json:
    """Meta of a fact that only some may know: HIV, STD, PSY say why where that may be said."""
    labels = [coding(CONFIDENTIALITY, "R")]
    return {"security": labels + ([coding(ACT_CODE, sensitivity)] if sensitivity else [])}


def very_restricted() -> Json:
    """Meta of deaths and their reviews."""
    return {"security": [coding(CONFIDENTIALITY, "V")]}


def instant(value: Any) -> str | None:
    """An instant of a variable, written as FHIR wants it; a date stays a date."""
    if isinstance(value, datetime):
        return local_text(value)
    if not isinstance(value, str) or len(value) <= 10:
        return value or None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return local_text(moment) if moment.tzinfo else f"{moment.isoformat()}+08:00"


def kebab(name: str) -> str:
    return name.replace("_", "-").lower()


def fitted(*parts: str) -> str:
    """An id made of ours; where it would be too long its tail gives way to a digest."""
    text = ".".join(parts)
    if len(text) <= 64:
        return text
    return f"{text[:47]}.{blake2b(text.encode(), digest_size=8).hexdigest()}"
