"""A message by its type: which function reads it."""

from __future__ import annotations

from hl7apy import SUPPORTED_LIBRARIES

from fhir_adapters.arrivals.model import Problem, Reading, refused
from fhir_adapters.arrivals.profile import IN_EARNEST, Profile
from fhir_adapters.hl7v2 import results, stays
from fhir_adapters.hl7v2.parsing import Header, Message, parse
from fhir_adapters.store.arrivals import Arrival

ADMISSIONS = frozenset(stays.STATUS)
IDENTITIES = frozenset({"A08", "A31", "A40"})
OF_ANSWERS = ("ACK", "MCF")  # MSH-9.1 of what answers a message of ours, up to 2.4 and since
TAKEN = {"ADT": ADMISSIONS | IDENTITIES, "SIU": frozenset(stays.APPOINTED), "ORU": frozenset({"R01"})}
PROCESSING = (
    "MCH-I-018",
    "测试或调试消息（MSH-11），不进入本系统",
    "a message of training or debugging (MSH-11) is not taken here",
)
TYPE = ("MCH-I-015", "不接收此类消息", "messages of this type are not taken")


def read(arrival: Arrival, profile: Profile) -> Reading:
    """Raises NotUnderstood."""
    return read_body(arrival.body, profile)


def read_body(body: bytes, profile: Profile) -> Reading:
    message = parse(body, profile.charset)
    type_, event = message.header.get(9, 1), message.header.get(9, 2)
    if type_ in OF_ANSWERS:
        return _answered(message)
    if not is_taken(message.header.get(11), profile.processing):
        raise refused("MSH[1]-11", *PROCESSING, message.kind)
    if event not in TAKEN.get(type_, ()):
        raise refused("MSH[1]-9", *TYPE, message.kind)
    if type_ == "SIU":
        return stays.appointment(message, profile, event)
    if type_ == "ORU":
        return results.read(message, profile)
    if event in ADMISSIONS:
        return stays.admission(message, profile, event)
    return stays.identity(message, profile, event)


def is_answer(header: Header) -> bool:
    """Of a message that is itself an answer: nobody answers it, or two systems would never end."""
    return header.kind.partition("^")[0] in OF_ANSWERS


def is_taken(processing: str, taken: frozenset[str]) -> bool:
    """By MSH-11. One that leaves it out means production, as it always has."""
    return not processing or processing.upper() in taken


def unfit(header: Header, processing: frozenset[str] = IN_EARNEST) -> Problem | None:
    """What its header alone says against it: a type, a version or a processing id that is not taken."""
    type_, _, event = header.kind.partition("^")
    if not is_taken(header.processing, processing):
        code, zh, en = PROCESSING
        return Problem(code=code, zh=zh, en=en, at="MSH[1]-11")
    if event not in TAKEN.get(type_, ()):
        code, zh, en = TYPE
        return Problem(code=code, zh=zh, en=en, at="MSH[1]-9")
    if header.version and header.version not in SUPPORTED_LIBRARIES:
        return Problem(code="MCH-I-011", zh="不支持此 HL7 版本", en="this HL7 version is not read", at="MSH[1]-12")
    return None


def _answered(message: Message) -> Reading:
    """What the sender says of an answer of ours. That it took it is all; that it did not is for a person."""
    told = message.first("MSA")
    if told is None or told.get(1) not in ("AA", "CA"):
        zh, en = "对方没有接受我方的应答", "the other side did not take an answer of ours"
        raise refused("MSA[1]-1", "MCH-I-016", zh, en, message.kind)
    return Reading(kind=message.kind)
