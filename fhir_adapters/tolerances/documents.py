"""HSDB02.xx documents as Bundles: a Composition whose sections hold the data in extensions of the vendor's. What the
vendor's adapter or the client's codes know becomes results; all of it stays with the document, as it came.

The names of an adapter are only those whose unit the vendor states; what it leaves open is the client's to say, with
its unit, in its concept map under the same name.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import Malformed
from engine.store import plain
from fhir_adapters.arrivals.building import Result, observation, patient, result_system
from fhir_adapters.arrivals.model import SUBJECT, Reading, Subject, Troubles, refused
from fhir_adapters.arrivals.profile import Code, Profile
from fhir_adapters.arrivals.values import day, is_id_card
from fhir_adapters.cda.documents import DOCUMENT_TYPES, TITLES
from fhir_adapters.entries import Entry
from fhir_adapters.formats import xml
from fhir_adapters.rules.primitives import fits
from fhir_adapters.store.arrivals import Arrival
from fhir_adapters.terminology import ID_CARD, is_identity, same_system
from fhir_adapters.tolerances import values

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A vendor's extensions: `prefix` of their addresses, and what the last part of an address measures."""

    vendor: str
    prefix: str
    patient_number: str  # the end of the system of its patient numbers
    codes: Mapping[str, Code]


ADAPTERS = (
    Adapter(
        vendor="nestvision",
        prefix="http://www.nestvision.com/platform/app/data/v1/",
        patient_number="/identifier/patient-id",
        codes={
            "sbp": Code(item="sbp", unit="mm[Hg]"),
            "dbp": Code(item="dbp", unit="mm[Hg]"),
            "uterus-height": Code(item="fundal_height", unit="cm"),
            "abdominal-girth": Code(item="abdominal_circ", unit="cm"),
            "fetal-heart-rate": Code(item="fhr", unit="{beats}/min"),
            "gravidity": Code(item="gravidity"),
            "parity": Code(item="parity"),
        },
    ),
)
_VALUES = ("valueDecimal", "valueInteger", "valueString", "valueCode")


def read(arrival: Arrival, profile: Profile) -> Reading:
    """Raises NotUnderstood with the expression of every fault."""
    bundle = _parsed(arrival.body)
    composition = _composition(bundle)
    type_ = _type(composition)
    at = "Bundle.entry[0].resource"
    if type_ not in TITLES or not type_.startswith("HSDB02."):
        raise refused(f"{at}.type", "MCH-I-053", "不接收此类文档", "this type is not taken", type_ or "document")
    troubles = Troubles(type_)
    adapter = _adapter(composition)
    told_at = _moment(composition.get("date"))
    if told_at is None:
        troubles.add(f"{at}.date", "MCH-I-032", "缺少文档时间", "the document has no date")
    number = str((composition.get("identifier") or {}).get("value") or "").strip()
    if not number:
        troubles.add(f"{at}.identifier", "MCH-I-054", "缺少文档编号", "the document has no identifier")
    who = _subject(bundle, composition, profile, adapter, troubles)
    own = replace(profile, codes={**(adapter.codes if adapter else {}), **profile.codes})
    entries: list[Entry] = []
    unmapped: dict[str, str] = {}
    for place, name, value in _values(composition, at):
        if name not in own.codes:
            continue  # it stays in the document
        entry, unknown = observation(
            own,
            Result(
                key=f"{number}/{name}"[:250], code=name, system="", text=name, value=value, unit="", status="final",
                observed_at=told_at, issued=told_at, at=place,
            ),
        )  # fmt: skip
        entries.append(entry)
        if unknown:
            unmapped[entry.at] = unknown
    entries.append(_document(arrival.body, type_, number, told_at, profile, at))
    troubles.raise_any()
    return Reading(kind=type_, subject=who, entries=tuple(entries), told_at=told_at, unmapped=unmapped)


def _parsed(body: bytes) -> Json:
    try:
        found = xml.loads(body) if body.lstrip()[:1] == b"<" else plain.loads(body)
    except Malformed as error:
        raise refused("Bundle", "MCH-I-050", error.message.zh, error.message.en, "document") from error
    if not isinstance(found, Mapping) or found.get("resourceType") != "Bundle" or found.get("type") != "document":
        raise refused(
            "Bundle.type", "MCH-I-051", "应为 document 类型的 Bundle", "a Bundle of type document", "document"
        )
    return found


def _entries(bundle: Json) -> list[Json]:
    listed = bundle.get("entry")
    found = (one.get("resource") for one in (listed if isinstance(listed, list) else ()) if isinstance(one, Mapping))
    return [one for one in found if isinstance(one, Mapping)]


def _composition(bundle: Json) -> Json:
    first = next(iter(_entries(bundle)), {})
    if first.get("resourceType") != "Composition":
        zh, en = "首个条目应为 Composition", "the first entry must be a Composition"
        raise refused("Bundle.entry[0].resource", "MCH-I-052", zh, en, "document")
    return first


def _type(composition: Json) -> str:
    codings = (composition.get("type") or {}).get("coding") or ()
    return next((str(c.get("code")) for c in codings if isinstance(c, Mapping) and c.get("code")), "")


def _extensions(composition: Json, at: str) -> Iterator[tuple[str, Json]]:
    sections = composition.get("section")
    for number, section in enumerate(sections if isinstance(sections, list) else ()):
        listed = section.get("extension") if isinstance(section, Mapping) else None
        for count, one in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(one, Mapping):
                yield f"{at}.section[{number}].extension[{count}]", one


def _values(composition: Json, at: str) -> Iterator[tuple[str, str, str]]:
    """Place, name and text of each value."""
    for place, one in _extensions(composition, at):
        name = str(one.get("url", "")).rstrip("/").rpartition("/")[2]
        value = next((one[kind] for kind in _VALUES if kind in one), None)
        if name and value is not None and str(value).strip():
            yield place, name, str(value).strip()


def _adapter(composition: Json) -> Adapter | None:
    urls = [str(one.get("url", "")) for _, one in _extensions(composition, "")]
    return next((one for one in ADAPTERS if any(url.startswith(one.prefix) for url in urls)), None)


def _moment(text: Any) -> str | None:
    if not isinstance(text, str):
        return None
    for made in (text, values.without_zone(text), values.compact(text)):
        if made is not None and len(made) >= 10 and fits("dateTime", made):
            return made
    return None


def _subject(
    bundle: Json, composition: Json, profile: Profile, adapter: Adapter | None, troubles: Troubles
) -> Subject | None:
    reference = str((composition.get("subject") or {}).get("reference", ""))
    described = [*(composition.get("contained") or ()), *_entries(bundle)]
    people = [p for p in described if isinstance(p, Mapping) and p.get("resourceType") == "Patient"]
    wanted = reference.lstrip("#").rpartition("/")[2]
    found = next((p for p in people if p.get("id") == wanted), people[0] if len(people) == 1 else None)
    at = "Bundle.entry[0].resource.subject"
    if found is None:
        troubles.add(at, "MCH-I-020", "没有描述病人", "the patient is not described")
        return None
    identities: list[tuple[str, str]] = []
    for one in found.get("identifier", ()):
        value = str(one.get("value") or "").strip() if isinstance(one, Mapping) else ""
        system = _system(str(one.get("system") or ""), profile, adapter) if value else None
        if system == ID_CARD and not is_id_card(value.upper()):
            troubles.add(at, "MCH-I-022", "身份证号校验不符", "no valid identity card number")
        elif system is not None:
            identities.append((system, value.upper() if system == ID_CARD else value))
    identities.sort(key=lambda pair: pair[0] != ID_CARD)
    if not identities:
        troubles.add(at, "MCH-I-100", "没有可用的病人号码", "no number that names the patient")
        return None
    name = next((str(n.get("text")) for n in found.get("name", ()) if isinstance(n, Mapping) and n.get("text")), "")
    sex = {"female": "F", "male": "M"}.get(str(found.get("gender")), "")
    phone = next((str(t.get("value")) for t in found.get("telecom", ()) if t.get("system") == "phone"), "")
    return Subject(patient=patient(identities, name, _born(found, troubles, at), sex, phone), at=at)


def _born(found: Json, troubles: Troubles, at: str) -> str | None:
    text = str(found.get("birthDate") or "")
    if not text:
        return None
    try:
        return day(text[:10].replace("-", "") if "-" in text else text)
    except ValueError:
        troubles.add(at, "MCH-I-021", "不是日期", "no date")
        return None


def _system(system: str, profile: Profile, adapter: Adapter | None) -> str | None:
    """A number of the institution's own is kept under the institution; one that names nobody stays in the document."""
    same = same_system(system)
    if is_identity(same):
        return same
    is_own = not system or (adapter is not None and system.endswith(adapter.patient_number))
    return profile.mrn_system if is_own else None


def _document(body: bytes, type_: str, number: str, told_at: str | None, profile: Profile, at: str) -> Entry:
    """The document as it came, where whoever may read of her finds it."""
    kind = "application/fhir+xml" if body.lstrip()[:1] == b"<" else "application/fhir+json"
    title = TITLES[type_]
    resource = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": result_system(profile.client), "value": number}],
        "status": "final",
        "code": {"coding": [{"system": f"urn:oid:{DOCUMENT_TYPES}", "code": type_}], "text": title},
        "subject": {"reference": SUBJECT},
        "presentedForm": [{"contentType": kind, "data": base64.b64encode(body).decode(), "title": title}],
        **({"effectiveDateTime": told_at, "issued": told_at} if told_at and len(told_at) > 10 else {}),
    }
    query = (("identifier", f"{result_system(profile.client)}|{number}"),)
    return Entry(method="PUT", type="DiagnosticReport", query=query, resource=resource, at=at)
