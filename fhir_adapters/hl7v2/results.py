"""ORU^R01: each OBX a result, each order with a number a report that holds them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_adapters.arrivals.building import Result, observation, result_system
from fhir_adapters.arrivals.model import SUBJECT, Reading, Troubles
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.arrivals.values import moment, number
from fhir_adapters.entries import Entry
from fhir_adapters.hl7v2 import people
from fhir_adapters.hl7v2.parsing import Message, Segment
from fhir_adapters.hl7v2.stays import told
from fhir_adapters.terminology import DATA_ELEMENT, LOINC

STATUS = {  # OBX-11, HL7 table 0085
    "F": "final",
    "U": "final",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "I": "registered",
    "C": "corrected",
    "X": "cancelled",
    "D": "entered-in-error",
    "W": "entered-in-error",
}
NOT_DONE = frozenset({"N", "O"})  # not asked for, or a detail of the order
REPORT = {"corrected": "corrected", "entered-in-error": "entered-in-error", "cancelled": "cancelled"}
SYSTEMS = {"LN": LOINC, "LOINC": LOINC, "DE": DATA_ELEMENT}
TYPES = frozenset({"NM", "SN", "CE", "CWE", "ST", "TX", "FT", "ED", "DT", "TS", "TM", "IS", "CNE", ""})
DATA_TYPES = {"PDF": "application/pdf", "JPEG": "image/jpeg", "PNG": "image/png", "XML": "application/xml"}


@dataclass(slots=True)
class _Order:
    """An OBR with what belongs to it."""

    request: Segment
    results: list[tuple[Segment, list[str]]] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.request.get(3) or self.request.get(2)


def read(message: Message, profile: Profile) -> Reading:
    troubles = Troubles(message.kind)
    who = people.subject(message, profile, troubles)
    told_at = told(message, troubles)
    entries: list[Entry] = []
    unmapped: dict[str, str] = {}
    orders = list(_orders(message, troubles))
    for order in orders:
        made = list(_entries(order, message, profile, told_at, troubles, unmapped))
        entries += made
        if order.number and (report := _report(order, profile, made, told_at, troubles)) is not None:
            entries.append(report)
    if not entries and not troubles.found:
        troubles.add("OBX[1]", "MCH-I-020", "没有结果", "no result")
    troubles.raise_any()
    return Reading(kind=message.kind, subject=who, entries=tuple(entries), told_at=told_at, unmapped=unmapped)


def _orders(message: Message, troubles: Troubles) -> Iterator[_Order]:
    order: _Order | None = None
    for segment in message.segments:
        if segment.name == "OBR":
            if order is not None:
                yield order
            order = _Order(segment)
        elif segment.name == "OBX":
            if order is None:
                troubles.add(segment.place(), "MCH-I-020", "结果前没有 OBR 段", "a result without an OBR before it")
                return
            order.results.append((segment, []))
        elif segment.name == "NTE" and order is not None and order.results:
            order.results[-1][1].append("\n".join(one.get(1, "") for one in segment.repetitions(3)))
    if order is not None:
        yield order


def _entries(
    order: _Order, message: Message, profile: Profile, told_at: str | None, troubles: Troubles, unmapped: dict[str, str]
) -> Iterator[Entry]:
    seen: dict[str, int] = {}
    for segment, notes in order.results:
        if segment.get(2) == "ED" or segment.get(11) in NOT_DONE:
            continue
        found = _result(order, segment, notes, profile, told_at, troubles)
        if found is None:
            continue
        seen[found.key] = seen.get(found.key, 0) + 1
        if seen[found.key] > 1:
            troubles.add(
                segment.place(4), "MCH-I-043", "同一单内项目重复且无子号", "the same code twice without a sub-id"
            )
            continue
        entry, unknown = observation(profile, found)
        if unknown:
            unmapped[entry.at] = unknown
        yield entry


def _result(
    order: _Order, segment: Segment, notes: list[str], profile: Profile, told_at: str | None, troubles: Troubles
) -> Result | None:
    code, text, system = _code(segment, profile)
    if not code:
        troubles.add(segment.place(3, 1), "MCH-I-040", "缺少项目代码", "the code is missing")
    status = STATUS.get(segment.get(11))
    if status is None:
        troubles.add(segment.place(11), "MCH-I-041", "不认识的结果状态", "unknown status of a result")
    if segment.get(2) not in TYPES:
        troubles.add(segment.place(2), "MCH-I-042", "不支持的值类型", "this type of value is not read")
    observed = _time(segment, 14, troubles) or _time(order.request, 7, troubles)
    if observed is None and status not in ("entered-in-error", "cancelled", None):
        troubles.add(segment.place(14), "MCH-I-032", "缺少检查时间", "the time of observation is missing")
    value = _value(segment, troubles, status)
    if not code or status is None:
        return None
    issued = _time(segment, 19, troubles) or told_at or _time(order.request, 22, troubles)
    key = "/".join([order.number or f"{observed}", code, segment.get(4)]).rstrip("/")
    return Result(
        key=key[:250],
        code=code,
        system=system,
        text=text,
        value=value,
        unit=segment.get(6),
        status=status,
        observed_at=observed,
        issued=issued,
        at=segment.place(),
        note="\n".join(note for note in notes if note),
    )


def _code(segment: Segment, profile: Profile) -> tuple[str, str, str]:
    """LOINC or a national data element where one of the two codings is that, else the sender's own."""
    own = segment.get(3, 1), segment.get(3, 2), ""
    for first in (1, 4):
        code, text = segment.get(3, first), segment.get(3, first + 1)
        system = SYSTEMS.get(segment.get(3, first + 2).upper(), "")
        if code and system:
            return code, text or own[1], system
    alternative = segment.get(3, 4)
    if own[0] not in profile.codes and alternative in profile.codes:
        return alternative, segment.get(3, 5) or own[1], ""
    return own


def _value(segment: Segment, troubles: Troubles, status: str | None) -> str:
    type_, repeated = segment.get(2), segment.repetitions(5)
    first = {n: text.strip() for n, text in repeated[0].items()} if repeated else {}
    if type_ == "NM":
        text = first.get(1, "")
        try:
            if text:
                number(text)
        except ValueError:
            troubles.add(segment.place(5, 1), "MCH-I-044", "不是数值", "no number")
        return text
    if type_ == "SN":
        return _structured(segment, first, troubles)
    if type_ in ("CE", "CWE", "CNE"):
        return first.get(2) or first.get(1, "")
    return "\n".join(one.get(1, "").strip() for one in repeated)


def _structured(segment: Segment, parts: dict[int, str], troubles: Troubles) -> str:
    """`>^100`, `^1^:^128`, `^2^-^4`"""
    sign, low, between, high = (parts.get(n, "") for n in range(1, 5))
    for place, text in ((2, low), (4, high)):
        try:
            if text:
                number(text)
        except ValueError:
            troubles.add(segment.place(5, place), "MCH-I-044", "不是数值", "no number")
    if sign not in ("", "=", "<", ">", "<=", ">=", "<>"):
        troubles.add(segment.place(5, 1), "MCH-I-044", "不认识的比较号", "unknown comparator")
    return f"{'' if sign in ('=', '<>') else sign}{low}{between}{high}"


def _report(
    order: _Order, profile: Profile, made: list[Entry], told_at: str | None, troubles: Troubles
) -> Entry | None:
    """What belongs together, with the files that came with it."""
    forms = [form for segment, _ in order.results if segment.get(2) == "ED" if (form := _file(segment, troubles))]
    if not forms:
        return None
    observed = _time(order.request, 7, troubles)
    resource: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": result_system(profile.client), "value": order.number}],
        "status": {"P": "preliminary", "C": "corrected", "X": "cancelled"}.get(order.request.get(25), "final"),
        "code": {"text": order.request.get(4, 2) or order.request.get(4, 1) or "检查报告"},
        "subject": {"reference": SUBJECT},
        "presentedForm": forms,
    }
    if observed:
        resource["effectiveDateTime"] = observed
    if told_at and len(told_at) > 10:
        resource["issued"] = told_at
    query = (("identifier", f"{result_system(profile.client)}|{order.number}"),)
    return Entry(method="PUT", type="DiagnosticReport", query=query, resource=resource, at=order.request.place())


def _file(segment: Segment, troubles: Troubles) -> dict[str, str] | None:
    """ED: source^type^subtype^encoding^data."""
    if segment.get(5, 4).lower() != "base64":
        troubles.add(segment.place(5, 4), "MCH-I-045", "附件应以 Base64 编码", "a file must be encoded in Base64")
        return None
    text = "".join(segment.get(5, 5).split())
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        troubles.add(segment.place(5, 5), "MCH-I-045", "Base64 有误", "this is no Base64")
        return None
    if not content:
        troubles.add(segment.place(5, 5), "MCH-I-045", "附件为空", "the file is empty")
        return None
    type_ = DATA_TYPES.get(segment.get(5, 3).upper(), "application/octet-stream")
    return {"contentType": type_, "data": text, "title": segment.get(3, 2) or segment.get(3, 1)}


def _time(segment: Segment, at: int, troubles: Troubles) -> str | None:
    text = segment.get(at)
    if not text or text == '""':
        return None
    try:
        found = moment(text)
    except ValueError:
        troubles.add(segment.place(at), "MCH-I-021", "不是时间", "no time")
        return None
    return found if len(found) >= 10 else None
