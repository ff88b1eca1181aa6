"""A message by its type: which function reads it."""

from __future__ import annotations

from fhir_adapters.arrivals.model import Reading, refused
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.hl7v2 import results, stays
from fhir_adapters.hl7v2.parsing import parse
from fhir_adapters.store.arrivals import Arrival

ADMISSIONS = frozenset({"A01", "A03", "A04", "A11"})
IDENTITIES = frozenset({"A08", "A31", "A40"})


def read(arrival: Arrival, profile: Profile) -> Reading:
    """Raises NotUnderstood."""
    return read_body(arrival.body, profile)


def read_body(body: bytes, profile: Profile) -> Reading:
    message = parse(body, profile.charset)
    type_, event = message.header.get(9, 1), message.header.get(9, 2)
    if type_ == "ADT" and event in ADMISSIONS:
        return stays.admission(message, profile, event)
    if type_ == "ADT" and event in IDENTITIES:
        return stays.identity(message, profile, event)
    if type_ == "SIU" and event in stays.APPOINTED:
        return stays.appointment(message, profile, event)
    if type_ == "ORU" and event == "R01":
        return results.read(message, profile)
    raise refused("MSH[1]-9", "MCH-I-015", "不接收此类消息", "messages of this type are not taken", message.kind)
