"""What a person is shown of a resource that could not be matched, as far as that person may know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_adapters.access import Viewer
from fhir_adapters.correlation import event_of, mother_of
from fhir_adapters.dates import interval
from fhir_adapters.store import resources
from fhir_adapters.store.inbound import InboxItem
from fhir_adapters.types import is_pregnancy, patient_of

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`name`: of the patient; `what`: the code in words; `values`: as they were sent; `others`: named in it."""

    type: str
    name: str | None
    what: str | None
    values: tuple[str, ...]
    status: str | None
    at: datetime | None
    deleted: bool
    others: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case that it may belong to."""

    id: str
    status: str
    since: datetime | None
    until: datetime | None


def evidence_of(conn: Any, region_id: str, item: InboxItem, viewer: Viewer) -> Evidence | None:
    """None where the viewer may not know of it, or of whom it is about."""
    if item.type is None or item.resource_id is None:
        return None
    key = (conn, region_id, item.type, item.resource_id, viewer)
    found = resources.read(*key, item.version)
    deleted = found is not None and found[0].deleted
    if deleted and item.version is not None:
        found = resources.read(*key, item.version - 1)  # what was withdrawn
    name = _name(conn, region_id, item.patient_id, viewer) if item.patient_id else None
    if found is None or (item.patient_id and name is None):
        return None
    resource = found[0].resource()
    links = [link.get("other", {}) for link in resource.get("link", ())] if item.type == "Patient" else []
    linked = [patient_of({"resourceType": "Observation", "subject": link}) for link in links]
    others = (_name(conn, region_id, other, viewer) for other in linked)
    return Evidence(
        type=item.type,
        name=name,
        what=_words(resource.get("code")) or None,
        values=tuple(_values(resource)),
        status=resource.get("status"),
        at=event_of(resource),
        deleted=deleted,
        others=tuple(name for name in others if name),
    )


def cases_of(conn: Any, region_id: str, item: InboxItem, viewer: Viewer) -> list[Case]:
    """Of the patient, else of the mother; those that the viewer may know of."""
    found: list[Case] = []
    for patient_id in _whose(conn, region_id, item.patient_id):
        for stored in resources.of_patient(conn, region_id, patient_id, ("EpisodeOfCare",)):
            is_hers = is_pregnancy(stored.resource())
            if is_hers and resources.read(conn, region_id, "EpisodeOfCare", stored.id, viewer) is not None:
                found.append(_case(stored.resource()))
        if found:
            break
    return found


def _whose(conn: Any, region_id: str, patient_id: str | None) -> Iterator[str]:
    if patient_id is not None:
        yield patient_id
        if mother := mother_of(conn, region_id, patient_id):
            yield mother


def _case(episode: Json) -> Case:
    period = episode.get("period", {})
    since, until = interval(period.get("start", "")), interval(period.get("end", ""))
    return Case(
        id=episode["id"],
        status=episode["status"],
        since=since[0] if since else None,
        until=until[0] if until else None,
    )


def _name(conn: Any, region_id: str, patient_id: str | None, viewer: Viewer) -> str | None:
    """None: not the viewer's to know; empty: without a name."""
    found = resources.read(conn, region_id, "Patient", patient_id, viewer) if patient_id else None
    if found is None or found[0].deleted:
        return None
    for name in found[0].resource().get("name", ()):
        if text := name.get("text") or name.get("family", "") + "".join(name.get("given", ())):
            return str(text)
    return ""


def _values(resource: Json) -> Iterator[str]:
    if text := _value(resource):
        yield text
    for part in resource.get("component", ()):
        if text := _value(part):
            yield f"{_words(part.get('code'))} {text}".strip()


def _value(part: Json) -> str:
    if quantity := part.get("valueQuantity"):
        return f"{quantity.get('comparator', '')}{quantity.get('value', '')} {quantity.get('unit', '')}".strip()
    if concept := part.get("valueCodeableConcept"):
        return _words(concept)
    plain = next((part[n] for n in ("valueString", "valueInteger", "valueBoolean", "valueDateTime") if n in part), "")
    return str(plain)[:200]


def _words(concept: Any) -> str:
    """Its text, else the name of a code, else a code."""
    if not isinstance(concept, Mapping):
        return ""
    codings = concept.get("coding", ())
    names = [concept.get("text"), *(c.get("display") for c in codings), *(c.get("code") for c in codings)]
    return next((str(name)[:200] for name in names if name), "")
