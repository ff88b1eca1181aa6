"""Patients, results and stays as FHIR, from what messages, documents and rows say in their own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_adapters.arrivals.model import SUBJECT, Json
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.arrivals.stays import places
from fhir_adapters.arrivals.values import number
from fhir_adapters.entries import Entry
from fhir_adapters.facts import value_of
from fhir_adapters.terminology import (
    ACT_CODE,
    DATA_ELEMENT,
    ITEMS,
    LOINC,
    OBSERVATION_CATEGORY,
    UCUM,
    VISIT_TYPE,
    code_system,
    fact_name,
    item_of,
    sid,
)
from fhir_adapters.units import UNIT_TEXT

DIPSTICK, SEROLOGY = code_system("dipstick"), code_system("serology")
_NEGATIVE = {"-": "neg", "−": "neg", "－": "neg", "阴性": "neg", "neg": "neg", "negative": "neg", "阴性(-)": "neg"}
DIPSTICKS = {
    **_NEGATIVE,
    **{"±": "trace", "+-": "trace", "trace": "trace", "微量": "trace", "弱阳性": "trace"},
    **{"+": "1+", "1+": "1+", "+1": "1+", "++": "2+", "2+": "2+", "+2": "2+"},
    **{"+++": "3+", "3+": "3+", "+3": "3+", "++++": "4+", "4+": "4+", "+4": "4+"},
}
SEROLOGIES = {**_NEGATIVE, "+": "pos", "阳性": "pos", "pos": "pos", "positive": "pos", "阳性(+)": "pos"}
CODED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    **dict.fromkeys(("urine_protein", "urine_glucose", "urine_ketone", "urine_blood"), (DIPSTICK, DIPSTICKS)),
    **dict.fromkeys(("hbsag", "hbsab", "hbeag", "hbeab", "hbcab", "syphilis", "hiv", "hcv"), (SEROLOGY, SEROLOGIES)),
}
_COMPARATORS = ("<=", ">=", "<", ">", "≤", "≥")
_SAME_COMPARATOR = {"≤": "<=", "≥": ">="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result in the sender's words. `key` is the sender's own, by which a correction finds what it corrects."""

    key: str
    code: str
    system: str  # of the code: LOINC, a data element's, or "" for the sender's own
    text: str
    value: str
    unit: str
    status: str
    observed_at: str | None
    issued: str | None
    at: str  # the place, for what is wrong with it
    note: str = ""


def observation(profile: Profile, told: Result) -> tuple[Entry, str | None]:
    """The entry, and the local code or unit that nothing is known of: then it is kept and no rule sees it."""
    item, coding, unit = _meaning(profile, told)
    resource: Json = {
        "resourceType": "Observation",
        "identifier": [{"system": result_system(profile.client), "value": told.key}],
        "status": told.status,
        "category": [_concept(OBSERVATION_CATEGORY, item_of(item).category if item else "laboratory")],
        "code": {"coding": [coding], **({"text": told.text} if told.text else {})},
        "subject": {"reference": SUBJECT},
    }
    if told.observed_at:
        resource["effectiveDateTime"] = told.observed_at
    if told.issued and len(told.issued) > 10:
        resource["issued"] = told.issued
    value = _value(profile, item, told.value, unit)
    resource |= value
    notes = [text for text in (told.note, told.value if "dataAbsentReason" in value else "") if text]
    if notes:
        resource["note"] = [{"text": text} for text in notes]
    entry = Entry(
        method="PUT",
        type="Observation",
        query=(("identifier", f"{result_system(profile.client)}|{told.key}"),),
        resource=resource,
        at=told.at,
    )
    if item is None:
        return entry, None if coding["system"] == LOINC else told.code
    is_unread = told.status in ("final", "amended", "corrected") and value_of(resource, item) is None
    is_unread = is_unread and "comparator" not in resource.get("valueQuantity", {})  # more or less than is no figure
    return entry, f"{told.code} {unit or '?'}" if is_unread and told.value else None


def result_system(client: str) -> str:
    return sid(f"result/{client}")


def _meaning(profile: Profile, told: Result) -> tuple[str | None, Json, str]:
    """The item, how its code is written, and its unit in UCUM."""
    mapped = None if told.system else profile.codes.get(told.code)
    item = (
        mapped.item if mapped else fact_name(told.system, told.code) if told.system in (LOINC, DATA_ELEMENT) else None
    )
    item = item if item in ITEMS else None
    unit = told.unit or (mapped.unit or "" if mapped else "")
    unit = profile.units.get(unit) or UNIT_TEXT.get(unit, unit)
    if item:
        known = item_of(item)
        return item, {"system": known.system, "code": known.code, "display": known.display}, unit
    system = told.system or sid(f"local-code/{profile.client}")
    return None, {"system": system, "code": told.code, **({"display": told.text} if told.text else {})}, unit


def _value(profile: Profile, item: str | None, text: str, unit: str) -> Json:
    text = text.strip()
    if not text:
        return {"dataAbsentReason": _concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")}
    own = profile.values.get(item or "", {})
    if item is not None and item in CODED:
        system, known = CODED[item]
        code = own.get(text) or known.get(text.lower().strip("()（） ")) or known.get(text.lower())
        return {"valueCodeableConcept": _concept(system, code, text)} if code else _unread()
    if item and text in own:
        return {"valueCodeableConcept": {"coding": [{"code": own[text]}], "text": text}}
    comparator = next((c for c in _COMPARATORS if text.startswith(c)), "")
    try:
        value = number(text[len(comparator) :])
    except ValueError:
        return {"valueString": text} if item is None or item_of(item).unit is None else _unread()
    if item is not None and item_of(item).unit is None:
        is_whole = value == value.to_integral_value() and not comparator
        return {"valueInteger": int(value)} if is_whole else {"valueString": text}
    quantity: Json = {"value": value}
    if comparator:
        quantity["comparator"] = _SAME_COMPARATOR.get(comparator, comparator)
    if unit:
        quantity |= {"unit": unit, "system": UCUM, "code": unit}
    return {"valueQuantity": quantity}


def _unread() -> Json:
    """It says something that is no value of this item: kept as a note, for people."""
    return {"dataAbsentReason": _concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-a-number")}


def patient(
    identities: list[tuple[str, str]], name: str, birth_date: str | None, sex: str, phone: str, address: str = ""
) -> Json:
    found: Json = {
        "resourceType": "Patient",
        "identifier": [{"system": system, "value": value} for system, value in identities],
        "gender": {"F": "female", "2": "female", "女": "female", "M": "male", "1": "male", "男": "male"}.get(
            sex, "unknown"
        ),
    }
    if name:
        found["name"] = [{"text": name}]
    if birth_date:
        found["birthDate"] = birth_date
    if phone:
        found["telecom"] = [{"system": "phone", "value": phone}]
    if address:
        found["address"] = [{"text": address}]
    return found


def encounter(
    profile: Profile,
    *,
    number: str,
    status: str,
    class_: str,
    is_delivery: bool,
    start: str | None,
    end: str | None,
    at: str,
    ward: str = "",
    since: str | None = None,
) -> Entry:
    """A stay or visit; the number is the institution's own. `ward`: where she is, since when."""
    system = sid(f"encounter/{profile.client}")
    names = {"IMP": "inpatient encounter", "AMB": "ambulatory", "EMER": "emergency"}
    resource: Json = {
        "resourceType": "Encounter",
        "identifier": [{"system": system, "value": number}],
        "status": status,
        "class": {"system": ACT_CODE, "code": class_, "display": names[class_]},
        "subject": {"reference": SUBJECT},
    }
    if is_delivery:
        resource["type"] = [_concept(VISIT_TYPE, "delivery-admission", "住院分娩")]
    period = {name: value for name, value in (("start", start), ("end", end)) if value}
    if period:
        resource["period"] = period
    if ward:
        place = {"location": {"display": ward}, "period": {"start": since} if since else {}}
        resource["location"] = places([place], ())
    query = (("identifier", f"{system}|{number}"),)
    return Entry(method="PUT", type="Encounter", query=query, resource=resource, at=at)


def appointment(
    profile: Profile,
    *,
    number: str,
    status: str,
    start: str | None,
    end: str | None,
    at: str,
    place: str = "",
    why: str = "",
) -> Entry:
    """A visit of hers that is booked with the institution, or is not any more. `why`: it was called off."""
    system = sid(f"appointment/{profile.client}")
    resource: Json = {
        "resourceType": "Appointment",
        "identifier": [{"system": system, "value": number}],
        "status": status,
        "participant": [{"actor": {"reference": SUBJECT}, "status": "accepted"}],
    }
    if place:
        resource["participant"].append({"actor": {"type": "Location", "display": place}, "status": "accepted"})
    if start:
        resource |= {"start": start, "end": end if end and end >= start else start}
    if status == "cancelled" and why:
        resource["cancelationReason"] = {"text": why}
    query = (("identifier", f"{system}|{number}"),)
    return Entry(method="PUT", type="Appointment", query=query, resource=resource, at=at)


def _concept(system: str, code: Any, text: str = "") -> Json:
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}
