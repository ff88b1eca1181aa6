"""Form F-01 -> Patient: {canon}/StructureDefinition/mch-patient. Only for women whom no hospital system has sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.clock import CHINA
from fhir_adapters.dates import interval
from fhir_adapters.mappings.common import Json, coding, resource
from fhir_adapters.terminology import DOCUMENT_PREFIX, HANDBOOK, ID_CARD, code_system, extension

ADDRESSES = (
    ("addr_current", "home", "current"),
    ("addr_household", "home", "household"),
    ("addr_postpartum", "temp", "postpartum"),
)


def to_patient(answers: Mapping[str, Any], patient_id: str) -> Json:
    """What the registration says of her as a person."""
    name = answers.get("name")
    return resource(
        "Patient",
        patient_id,
        identifier=_identifiers(answers),
        active=True,
        name=[{"use": "official", "text": name}] if name else None,
        telecom=_phone(answers.get("phone")),
        gender="female",
        birthDate=answers.get("birth_date"),
        address=_addresses(answers),
        contact=_contact(answers),
    )


def _identifiers(answers: Mapping[str, Any]) -> list[Json]:
    found: list[Json] = []
    number, type_ = answers.get("id_no"), str(answers.get("id_type") or "id_card")
    if number:
        system = ID_CARD if type_ == "id_card" else f"{DOCUMENT_PREFIX}{type_.replace('_', '-')}"
        found.append({"use": "official", "system": system, "value": str(number).strip().upper()})
    if answers.get("handbook_no"):
        found.append({"system": HANDBOOK, "value": str(answers["handbook_no"]).strip()})
    return found


def _phone(number: Any) -> list[Json] | None:
    return [{"system": "phone", "value": str(number), "use": "mobile"}] if number else None


def _addresses(answers: Mapping[str, Any]) -> list[Json]:
    found = []
    for link_id, use, purpose in ADDRESSES:
        text, division = answers.get(link_id), answers.get(f"{link_id}_code")
        if text:
            marks: list[Json] = [{"url": extension("cn-address-purpose"), "valueCode": purpose}]
            if division:
                code = coding(code_system("gbt-2260"), str(division))
                marks.append({"url": extension("cn-division-code"), "valueCoding": code})
            found.append({"extension": marks, "use": use, "text": str(text), "country": "CN"})
    return found


def _contact(answers: Mapping[str, Any]) -> list[Json] | None:
    name, phone = answers.get("contact_name"), _phone(answers.get("contact_phone"))
    person: Json = ({"name": {"text": name}} if name else {}) | ({"telecom": phone} if phone else {})
    return [person] if person else None


def died(patient: Json, when: str, *, ours: bool = True) -> Json | None:
    """She, or her child, died on that day or in that moment. None where that is known as well already: a moment of the
    same day says more than the day, and what a hospital said last (not `ours`) stands."""
    known = str(patient.get("deceasedDateTime") or "")
    if known and (not ours or known == when or (len(when) == _DAY and _day(known) == when)):
        return None
    rest = {name: value for name, value in patient.items() if name not in ("deceasedBoolean", "deceasedDateTime")}
    return {**rest, "deceasedDateTime": when}


_DAY = 10  # letters of a date


def _day(text: str) -> str | None:
    found = interval(text)
    return found[0].astimezone(CHINA).date().isoformat() if found else None
