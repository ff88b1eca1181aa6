"""PID -> who it is; MRG -> which record she had before."""

from __future__ import annotations

import re

from fhir_adapters.arrivals.building import patient
from fhir_adapters.arrivals.model import Subject, Troubles
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.arrivals.values import day, is_id_card
from fhir_adapters.hl7v2.parsing import Message, Segment
from fhir_adapters.terminology import ID_CARD

Identities = list[tuple[str, str]]
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def subject(message: Message, profile: Profile, troubles: Troubles, *, renames: bool = False) -> Subject | None:
    """None where PID is missing, and said so."""
    pid = message.first("PID")
    if pid is None:
        troubles.add("PID[1]", "MCH-I-020", "缺少 PID 段", "PID is missing")
        return None
    identities = numbers(pid, 3, profile, troubles)
    card = pid.get(19)
    if card and (ID_CARD, card.upper()) not in identities:
        if is_id_card(card):
            identities.append((ID_CARD, card.upper()))
        else:
            troubles.add(pid.place(19), "MCH-I-022", "身份证号校验不符", "no valid identity card number")
    if not identities:
        troubles.add(pid.place(3), "MCH-I-100", "没有可用的病人号码", "no number that names the patient")
    born = pid.get(7)
    birth_date = None
    if born:
        try:
            birth_date = day(born)
        except ValueError:
            troubles.add(pid.place(7), "MCH-I-021", "不是日期", "no date")
    described = patient(identities, _name(pid), birth_date, pid.get(8), _phone(pid), pid.get(11))
    return Subject(patient=described, at=pid.place(3), renames=renames)


def numbers(segment: Segment, field: int, profile: Profile, troubles: Troubles) -> Identities:
    """Every number that names one person: the institution's own is qualified by the institution."""
    found: Identities = []
    for repetition, one in enumerate(segment.repetitions(field), start=1):
        value, type_ = one.get(1, "").strip(), one.get(5, "").strip()
        system = profile.system_of(type_)
        if not value or value in ('""', "0", "-") or system is None:
            continue
        if system == ID_CARD:
            value = value.upper()
            if not is_id_card(value):
                at = segment.place(field, 1, repetition)
                troubles.add(at, "MCH-I-022", "身份证号校验不符", "no valid identity card number")
                continue
        if (system, value) not in found:
            found.append((system, value))
    return sorted(found, key=lambda pair: pair[0] != ID_CARD)  # what leaves no doubt comes first


def former(message: Message, profile: Profile, troubles: Troubles) -> tuple[tuple[str, str], ...]:
    """What an A40 says of the record that became another."""
    segment = message.first("MRG")
    if segment is None:
        troubles.add("MRG[1]", "MCH-I-020", "缺少 MRG 段", "MRG is missing")
        return ()
    found = numbers(segment, 1, profile, troubles)
    if not found:
        troubles.add(segment.place(1), "MCH-I-100", "没有可用的原号码", "no former number")
    return tuple(found)


def _name(pid: Segment) -> str:
    """The one in Chinese, where there are several."""
    names = ["".join(one.get(n, "").strip() for n in (1, 2)) for one in pid.repetitions(5)]
    return next((n for n in names if _CHINESE.search(n)), names[0] if names else "")


def _phone(pid: Segment) -> str:
    for one in pid.repetitions(13):
        text = (one.get(1) or one.get(12) or one.get(7) or "").strip()
        if re.fullmatch(r"[\d+\-() ]{5,20}", text):
            return text
    return ""
