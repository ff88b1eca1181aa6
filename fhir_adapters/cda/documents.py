"""A document of WS/T 483 or WS/T 500 -> the woman, its measured entries, its operations, and the document itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

from fhir_adapters.arrivals.building import Result, observation, patient, result_system
from fhir_adapters.arrivals.model import SUBJECT, Original, Reading, Subject, Troubles, child
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.arrivals.values import day, is_id_card, moment, number
from fhir_adapters.cda import newborns
from fhir_adapters.cda.parsing import XSI_TYPE, Element, every, find, find_all, parse, place, text_of, whole_text
from fhir_adapters.entries import Entry
from fhir_adapters.labels import sensitivity_of
from fhir_adapters.mappings.common import restricted
from fhir_adapters.store.arrivals import Arrival
from fhir_adapters.terminology import (
    DATA_ELEMENT,
    FETUS_INDEX,
    ID_CARD,
    LOINC,
    MRN_PREFIX,
    OPERATION_CN,
    SAME_AS,
    code_system,
    fact_name,
    is_identity,
    item_of,
    same_system,
)
from fhir_adapters.types import labels_of

DOCUMENT_TYPES = "2.16.156.10011.2.4"
TITLES = {  # WS/T 483 and WS/T 500, of a pregnancy (V or inferred: fhir-mapping 6.5)
    "HSDB02.01": "首次产前随访",
    "HSDB02.02": "产前随访",
    "HSDB02.03": "产后访视",
    "HSDB02.04": "产后42天健康体检",
    "C0015": "阴道分娩记录",
    "C0016": "剖宫产记录",
}
SYSTEMS = {"2.16.840.1.113883.6.1": LOINC, "2.16.156.10011.2.2.1": DATA_ELEMENT}
DELIVERIES = frozenset({"C0015", "C0016"})
FETAL_OUTCOME = code_system("fetal-outcome")
SECRET_WORDS = ("HIV", "艾滋", "梅毒", "乙肝", "乙型肝炎", "HBsAg", "丙肝")
OF_THE_CHILD = frozenset({"weight_g", "length_cm", "birth_head", "apgar_1", "apgar_5", "apgar_10", "outcome"})
STATUS = {
    "": "final",
    "completed": "final",
    "active": "preliminary",
    "aborted": "cancelled",
    "nullified": "entered-in-error",
}


def read(arrival: Arrival, profile: Profile) -> Reading:
    """Raises NotUnderstood with the element and its line."""
    return read_body(arrival.body, profile)


def read_body(body: bytes, profile: Profile) -> Reading:
    root = parse(body)
    code = find(root, "code")
    type_ = _attribute(code, "code")
    troubles = Troubles(type_ or "CDA")
    if type_ not in TITLES:
        troubles.add(place(code if code is not None else root), "MCH-I-053", "不接收此类文档", "this type is not taken")
        troubles.raise_any()
    who = _subject(root, profile, troubles)
    told_at = _time(find(root, "effectiveTime"), troubles)
    if told_at is None and not troubles.found:
        troubles.add(place(root), "MCH-I-032", "缺少文档时间 effectiveTime", "the document has no effectiveTime")
    number_ = _number_of(root)
    if not number_:
        troubles.add(place(root), "MCH-I-054", "缺少文档编号 id", "the document has no id")
    visited = _visit(root, troubles) or told_at
    born = newborns.children(root, SYSTEMS, troubles) if type_ in DELIVERIES else []
    system = result_system(profile.client)
    entries = newborns.records(born, who, _stay_of(who, number_), system) if who is not None else []
    unmapped: dict[str, str] = {}
    seen: dict[str, int] = {}
    for element in every(root, "observation"):
        made = _result(element, number_, visited, told_at, seen, profile, troubles)
        if made is None:
            continue
        entry = _of_a_child(element, made[0], born, troubles) if type_ in DELIVERIES else made[0]
        if entry is not None:
            entries.append(entry)
            if made[1]:
                unmapped[entry.at] = made[1]
    entries += _procedures(root, number_, visited, profile, troubles)
    report = _document(root, body, type_, number_, told_at, profile, entries)
    entries.append(report)
    troubles.raise_any()
    original = Original(
        series=number_,
        number=_own_number(root) or number_,
        code=type_,
        title=str((report.resource or {})["code"]["text"]),
        told_at=told_at,
        labels=tuple(sorted(labels_of(report.resource or {}))),
        body=body,
    )
    return Reading(
        kind=type_, subject=who, entries=tuple(entries), told_at=told_at, unmapped=unmapped, original=original
    )  # fmt: skip


def _stay_of(who: Subject, number_: str) -> str:
    """The number of hers that the hospital counts its newborns under: its own for her, else the document's."""
    own = next((value for system, value in who.identities if system.startswith(MRN_PREFIX)), None)
    return own or number_


def _of_a_child(element: Element, entry: Entry, born: list[newborns.Child], troubles: Troubles) -> Entry | None:
    """What is about a child is said of it, or of the mother by its fetus index where it has no record. None for what
    its record holds already."""
    name = newborns.meaning(element, SYSTEMS)
    resource = dict(entry.resource or {})
    if name is None and _attribute(find(element, "code"), "code") == newborns.APGAR:  # of which minute is not said
        resource["code"] = {"coding": [{"system": DATA_ELEMENT, "code": newborns.APGAR}]}
        return replace(entry, resource=resource)
    if name is None:
        return entry if not _is_minute(element) else None
    about = newborns.child_of(element, born, troubles)
    resource.pop("extension", None)
    if name in newborns.MINUTES.values():
        item = item_of(name)
        resource["code"] = {"coding": [{"system": item.system, "code": item.code, "display": item.display}]}
    if about is None:
        return entry
    if name in (newborns.SEX, newborns.BORN):
        return None if about.has_record else entry
    if about.has_record and name != "outcome":
        return replace(entry, resource={**resource, "subject": {"reference": child(about.order)}})
    if name == "outcome" and about.outcome is not None:
        resource["valueCodeableConcept"] = {"coding": [{"system": FETAL_OUTCOME, "code": about.outcome}]}
        resource.pop("valueString", None)
    return replace(entry, resource={**resource, "extension": [{"url": FETUS_INDEX, "valuePositiveInt": about.order}]})


def _is_minute(element: Element) -> bool:
    """The minute of a score, which stands inside it."""
    value = find(element, "value")
    return value is not None and value.get("codeSystem") == newborns.INTERVAL


def _number_of(root: Element) -> str:
    """Of the set that its versions belong to, else its own: a later version finds what it replaces."""
    found = find(root, "setId")
    return _own_number(root) if found is None else _number(found)


def _own_number(root: Element) -> str:
    return _number(find(root, "id"))


def _number(element: Element | None) -> str:
    return f"{_attribute(element, 'root')}/{_attribute(element, 'extension')}".strip("/")


def _subject(root: Element, profile: Profile, troubles: Troubles) -> Subject | None:
    role = find(root, "recordTarget", "patientRole")
    if role is None:
        troubles.add(place(root), "MCH-I-020", "缺少 recordTarget/patientRole", "recordTarget/patientRole is missing")
        return None
    identities: list[tuple[str, str]] = []
    person = find(role, "patient")
    numbers = find_all(role, "id") + (find_all(person, "id") if person is not None else [])
    for one in numbers:
        value, system = _attribute(one, "extension"), _system(_attribute(one, "root"), profile)
        if not value or system is None:
            continue
        if system == ID_CARD:
            value = value.upper()
            if not is_id_card(value):
                troubles.add(place(one), "MCH-I-022", "身份证号校验不符", "no valid identity card number")
                continue
        identities.append((system, value))
    identities.sort(key=lambda pair: pair[0] != ID_CARD)
    if not identities:
        troubles.add(place(role), "MCH-I-100", "没有可用的病人号码", "no number that names the patient")
    born = find(person, "birthTime") if person is not None else None
    birth_date = None
    if born is not None and _attribute(born, "value"):
        try:
            birth_date = day(_attribute(born, "value"))
        except ValueError:
            troubles.add(place(born), "MCH-I-021", "不是日期", "no date")
    name = text_of(find(person, "name")) if person is not None else ""
    sex = _attribute(find(person, "administrativeGenderCode"), "code") if person is not None else ""
    phone = _attribute(find(role, "telecom"), "value").removeprefix("tel:")
    return Subject(patient=patient(identities, name, birth_date, sex, phone), at=place(role))


def _system(root: str, profile: Profile) -> str | None:
    """A number of the institution's own is kept under the institution."""
    system = same_system(f"urn:oid:{root}")
    if system in SAME_AS.values() or is_identity(system):
        return system
    return profile.mrn_system if root in ("2.16.156.10011.1.11", "2.16.156.10011.1.12", profile.mrn) else None


def _visit(root: Element, troubles: Troubles) -> str | None:
    for steps in (("componentOf", "encompassingEncounter"), ("documentationOf", "serviceEvent")):
        found = find(root, *steps, "effectiveTime")
        if found is not None:
            low = find(found, "low")
            return _time(low if low is not None else found, troubles)
    return None


def _result(
    element: Element,
    document: str,
    visited: str | None,
    told_at: str | None,
    seen: dict[str, int],
    profile: Profile,
    troubles: Troubles,
) -> tuple[Entry, str | None] | None:
    """None for an observation that says nothing: one that only groups others, or was not done."""
    code, value = find(element, "code"), find(element, "value")
    name = _attribute(code, "code")
    if not name or value is None or value.get("nullFlavor") or element.get("negationInd") == "true":
        return None
    text, unit = _value(value, troubles)
    if not text:
        return None
    status = STATUS.get(_attribute(find(element, "statusCode"), "code"))
    if status is None:
        troubles.add(place(element), "MCH-I-041", "不认识的结果状态", "unknown status of a result")
        return None
    system = SYSTEMS.get(_attribute(code, "codeSystem"), "")
    seen[name] = seen.get(name, 0) + 1
    made, unknown = observation(
        profile,
        Result(
            key=f"{document}/{name}/{seen[name]}"[:250],
            code=name,
            system=system,
            text=_attribute(code, "displayName"),
            value=text,
            unit=unit,
            status=status,
            observed_at=_time(find(element, "effectiveTime"), troubles) or visited,
            issued=told_at,
            at=place(element),
        ),
    )
    if fact_name(system, name) in OF_THE_CHILD and made.resource is not None:
        fetus = [{"url": FETUS_INDEX, "valuePositiveInt": seen[name]}]
        made = replace(made, resource={**made.resource, "extension": fetus})
    return made, unknown


def _value(value: Element, troubles: Troubles) -> tuple[str, str]:
    """By its declared type; the unit beside a quantity."""
    type_ = value.get(XSI_TYPE, "").rpartition(":")[2]
    if type_ in ("PQ", "INT", "REAL", "MO"):
        text = value.get("value", "").strip()
        try:
            number(text)
        except ValueError:
            troubles.add(place(value), "MCH-I-044", "不是数值", "no number")
            return "", ""
        return text, value.get("unit", "")
    if type_ in ("CD", "CE", "CO", "CV"):
        return value.get("displayName") or value.get("code") or "", ""
    if type_ == "BL":
        return value.get("value", ""), ""
    if type_ == "TS":
        return _time(value, troubles) or "", ""
    return text_of(value) or value.get("value", ""), ""


def _procedures(
    root: Element, document: str, visited: str | None, profile: Profile, troubles: Troubles
) -> Iterator[Entry]:
    for count, element in enumerate(every(root, "procedure"), start=1):
        code = find(element, "code")
        name = _attribute(code, "code")
        if not name or _attribute(code, "codeSystem") != OPERATION_CN.removeprefix("urn:oid:"):
            continue
        when = find(element, "effectiveTime")
        low = find(when, "low") if when is not None else None
        at = _time(low if low is not None else when, troubles) or visited
        key = f"{document}/procedure/{count}"
        resource = {
            "resourceType": "Procedure",
            "identifier": [{"system": result_system(profile.client), "value": key}],
            "status": "completed",
            "code": {
                "coding": [{"system": OPERATION_CN, "code": name}],
                "text": _attribute(code, "displayName") or name,
            },
            "subject": {"reference": SUBJECT},
            **({"performedDateTime": at} if at else {}),
        }
        query = (("identifier", f"{result_system(profile.client)}|{key}"),)
        yield Entry(method="PUT", type="Procedure", query=query, resource=resource, at=place(element))


def _document(
    root: Element, body: bytes, type_: str, document: str, told_at: str | None, profile: Profile, said: list[Entry]
) -> Entry:
    """The document as it came, where whoever may read of her finds it. It is as secret as the most secret that it
    says."""
    secret = _secret(root, said)
    resource = {
        "resourceType": "DiagnosticReport",
        **({"meta": restricted(secret or None)} if secret is not None else {}),
        "identifier": [{"system": result_system(profile.client), "value": document}],
        "status": "final",
        "code": {
            "coding": [{"system": f"urn:oid:{DOCUMENT_TYPES}", "code": type_}],
            "text": text_of(find(root, "title")) or TITLES[type_],
        },
        "subject": {"reference": SUBJECT},
        "presentedForm": [
            {"contentType": "application/xml", "data": base64.b64encode(body).decode(), "title": TITLES[type_]}
        ],
        **({"effectiveDateTime": told_at} if told_at else {}),
        **({"issued": told_at} if told_at and len(told_at) > 10 else {}),
    }
    query = (("identifier", f"{result_system(profile.client)}|{document}"),)
    return Entry(method="PUT", type="DiagnosticReport", query=query, resource=resource, at=place(root))


def _secret(root: Element, said: list[Entry]) -> str | None:
    """Which infection it tells of, "" where only its text does; None for nothing that is protected."""
    coded = [found for one in said if (found := sensitivity_of(one.resource or {"resourceType": ""})) is not None]
    if coded:
        return coded[0]
    words = whole_text(root)
    return "" if any(word in words for word in SECRET_WORDS) else None


def _time(element: Element | None, troubles: Troubles) -> str | None:
    text = _attribute(element, "value")
    if element is None or not text:
        return None
    try:
        found = moment(text)
    except ValueError:
        troubles.add(place(element), "MCH-I-021", "不是时间", "no time")
        return None
    return found if len(found) >= 10 else None


def _attribute(element: Element | None, name: str) -> str:
    return (element.get(name) or "").strip() if element is not None else ""
