"""ADT and SIU: she is expected, she comes, she is moved, she goes; and what of that is taken back."""

from __future__ import annotations

from fhir_adapters.arrivals.building import appointment as booked
from fhir_adapters.arrivals.building import encounter
from fhir_adapters.arrivals.model import DISCHARGE, TRANSFER, Reading, Troubles
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.arrivals.values import moment
from fhir_adapters.hl7v2 import people
from fhir_adapters.hl7v2.parsing import Message, Segment

CLASSES = {"I": "IMP", "O": "AMB", "E": "EMER", "P": "AMB", "R": "AMB", "B": "IMP"}  # PV1-2, HL7 table 0004
STATUS = {
    "A01": "in-progress",
    "A02": "in-progress",
    "A03": "finished",
    "A04": "arrived",
    "A05": "planned",
    "A11": "cancelled",
    "A12": "in-progress",
    "A13": "in-progress",
    "A38": "cancelled",
}
BEGINS = frozenset({"A01", "A04"})
MOVES = frozenset({"A02", "A12"})  # she is elsewhere, or back where she was
TAKES_BACK = {"A12": TRANSFER, "A13": DISCHARGE}
APPOINTED = {"S12": "booked", "S13": "booked", "S14": "booked", "S15": "cancelled", "S26": "noshow"}
DELIVERY = ("O80", "O81", "O82", "O83", "O84", "Z37")  # ICD-10: encounter for delivery, outcome of delivery (K)


def admission(message: Message, profile: Profile, event: str) -> Reading:
    """A01, A02, A03, A04, A05, and what takes them back: A11, A12, A13, A38."""
    troubles = Troubles(message.kind)
    who = people.subject(message, profile, troubles)
    visit = message.first("PV1")
    told_at = told(message, troubles)
    if visit is None:
        troubles.add("PV1[1]", "MCH-I-020", "缺少 PV1 段", "PV1 is missing")
        troubles.raise_any()
        raise AssertionError
    class_ = "IMP" if event in ("A05", "A38") and visit.get(2) == "P" else CLASSES.get(visit.get(2))
    if class_ is None:
        troubles.add(visit.place(2), "MCH-I-030", "不认识的就诊类别", "unknown patient class")
    number = visit.get(19) or visit.get(50)
    if not number:
        troubles.add(visit.place(19), "MCH-I-031", "缺少就诊号", "the visit number is missing")
    start, end = _period(message, visit, event, told_at, troubles)
    ward = "-".join(part for part in (visit.get(3, n) for n in (1, 2, 3)) if part) if event in BEGINS | MOVES else ""
    if event in MOVES:
        _require_move(visit, ward, told_at, troubles)
    troubles.raise_any()
    entry = encounter(
        profile,
        number=number,
        status=STATUS[event],
        class_=str(class_),
        is_delivery=class_ == "IMP" and is_for_delivery(message, visit, profile),
        start=start,
        end=end,
        at=visit.place(),
        ward=ward,
        since=start if event in BEGINS else told_at,
    )
    back = TAKES_BACK.get(event, "")
    return Reading(kind=message.kind, subject=who, entries=(entry,), told_at=told_at, takes_back=back)


def _period(
    message: Message, visit: Segment, event: str, told_at: str | None, troubles: Troubles
) -> tuple[str | None, str | None]:
    """When it began, of a planned one when it is expected to; when it ended."""
    if event in ("A05", "A38"):
        more = message.first("PV2")
        return (_time(more, 8, troubles) if more is not None else None) or _time(visit, 44, troubles), None
    start = _time(visit, 44, troubles) or (told_at if event in BEGINS else None)
    end = (_time(visit, 45, troubles) or told_at) if event == "A03" else None
    if event == "A03" and end is None:
        troubles.add(visit.place(45), "MCH-I-032", "缺少出院时间", "the time of discharge is missing")
    return start, end


def _require_move(visit: Segment, ward: str, told_at: str | None, troubles: Troubles) -> None:
    if not ward:
        troubles.add(visit.place(3), "MCH-I-020", "缺少所在病区", "the ward is missing")
    if told_at is None and not troubles.found:
        troubles.add("EVN[1]-2", "MCH-I-032", "缺少转科时间", "the time of the transfer is missing")


def appointment(message: Message, profile: Profile, event: str) -> Reading:
    """SIU: a visit that is planned, put off, or called off."""
    troubles = Troubles(message.kind)
    who = people.subject(message, profile, troubles)
    schedule = message.first("SCH")
    told_at = told(message, troubles)
    if schedule is None:
        troubles.add("SCH[1]", "MCH-I-020", "缺少 SCH 段", "SCH is missing")
        troubles.raise_any()
        raise AssertionError
    number = schedule.get(2) or schedule.get(1)
    if not number:
        troubles.add(schedule.place(1), "MCH-I-031", "缺少预约号", "the appointment number is missing")
    start = _time(schedule, 11, troubles, 4)
    general = message.first("AIS") or message.first("AIG")
    if start is None and general is not None:
        start = _time(general, 4 if general.name == "AIS" else 8, troubles)
    if start is None and APPOINTED[event] != "cancelled" and not troubles.found:
        troubles.add(schedule.place(11, 4), "MCH-I-032", "缺少预约时间", "the time of the appointment is missing")
    troubles.raise_any()
    end = _time(schedule, 11, Troubles(), 5)
    where = message.first("AIL")
    place = " ".join(part for part in (where.get(3, n) for n in (1, 2, 9)) if part) if where is not None else ""
    why = schedule.get(6, 2) or schedule.get(6)
    status, at = APPOINTED[event], schedule.place()
    entry = booked(profile, number=number, status=status, start=start, end=end, at=at, place=place, why=why)
    return Reading(kind=message.kind, subject=who, entries=(entry,), told_at=told_at)


def identity(message: Message, profile: Profile, event: str) -> Reading:
    """A08, A31: who she is said to be. A40: that two records are one. Both are proposals."""
    troubles = Troubles(message.kind)
    who = people.subject(message, profile, troubles, renames=True)
    former = people.former(message, profile, troubles) if event == "A40" else ()
    told_at = told(message, troubles)
    troubles.raise_any()
    return Reading(kind=message.kind, subject=who, told_at=told_at, became_another=former)


def is_for_delivery(message: Message, visit: Segment, profile: Profile) -> bool:
    """By its department where the client's file names them, or by its diagnosis."""
    places = {visit.get(3), visit.get(3, 4), visit.get(10)} - {""}
    if places & profile.obstetrics:
        return True
    return any(segment.get(3).startswith(DELIVERY) for segment in message.all("DG1"))


def told(message: Message, troubles: Troubles) -> str | None:
    """When it happened, by EVN-6 and EVN-2, else when the message was made."""
    event = message.first("EVN")
    found = (_time(event, 6, troubles) or _time(event, 2, troubles)) if event is not None else None
    return found or _time(message.header, 7, troubles)


def _time(segment: Segment, field: int, troubles: Troubles, component: int = 1) -> str | None:
    text = segment.get(field, component)
    if not text or text == '""':
        return None
    try:
        found = moment(text)
    except ValueError:
        troubles.add(segment.place(field, component), "MCH-I-021", "不是时间", "no time")
        return None
    return found if len(found) >= 10 else None
