"""A case -> a document Bundle: Composition first, then everything it names, each reference resolvable inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

from engine.store import plain
from fhir_adapters.dates import local_text
from fhir_adapters.documents.kinds import KINDS, SUMMARY, Kind, Section
from fhir_adapters.documents.saying import XHTML, narrative, person
from fhir_adapters.ig.extensions import EXTENSIONS
from fhir_adapters.store.documents import Kept
from fhir_adapters.terminology import CANONICAL_BASE, CONFIDENTIALITY, LOINC, sid
from fhir_adapters.types import labels_of

Json = dict[str, Any]
SHA256 = next(one.url for one in EXTENSIONS if one.id == "attachment-sha256")
LIST_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"
NEWEST = 200  # resources of one section; a document is for reading


def document(
    kind_id: str, id_: UUID, known: Iterable[Json], *, base: str, at: datetime, by: Json, replaces: UUID | None
) -> Json:
    """`known`: the Patient, the EpisodeOfCare and everything else of the case that the reader may know of; `by` names
    the author. The same in gives the same out."""
    found = _by_name(known)
    episode = next(one for one in found.values() if one["resourceType"] == "EpisodeOfCare")
    woman = found[episode["patient"]["reference"]]
    kind, children = KINDS[kind_id], _children(kind_id, woman, found)
    return _document(kind, id_, woman, [episode], children, found, base=base, at=at, by=by, replaces=replaces)


def summary(patient_id: str, id_: UUID, known: Iterable[Json], *, base: str, at: datetime, by: Json) -> Json:
    """The International Patient Summary of anybody, whether a case is about her or not."""
    found = _by_name(known)
    episodes = [one for one in found.values() if one["resourceType"] == "EpisodeOfCare"]
    person_ = found[f"Patient/{patient_id}"]
    made = _document(SUMMARY, id_, person_, episodes, [], found, base=base, at=at, by=by, replaces=None)
    made["entry"][0]["resource"]["meta"] = {"profile": [IPS]}
    return made


def of_referral(
    kind_id: str, id_: UUID, patient_id: str, known: Iterable[Json], *, base: str, at: datetime, by: Json, newest: int
) -> Json:
    """What travels with a referral, also of a woman who has no case here; `newest`: so many of a section."""
    found = _by_name(known)
    episodes = [one for one in found.values() if one["resourceType"] == "EpisodeOfCare"]
    woman, kind = found[f"Patient/{patient_id}"], KINDS[kind_id]
    return _document(kind, id_, woman, episodes, [], found, base=base, at=at, by=by, replaces=None, newest=newest)


def _by_name(known: Iterable[Json]) -> dict[str, Json]:
    return {f"{one['resourceType']}/{one['id']}": one for one in known}


def _document(
    kind: Kind,
    id_: UUID,
    woman: Json,
    episodes: list[Json],
    children: list[Json],
    found: dict[str, Json],
    *,
    base: str,
    at: datetime,
    by: Json,
    replaces: UUID | None,
    newest: int = NEWEST,
) -> Json:
    sections = [(section, _in_order(section, found.values())[:newest]) for section in kind.sections]
    composition = _composition(kind, id_, woman, episodes, sections, children, at=at, by=by, replaces=replaces)
    inside = {key: one for key, one in found.items() if key in _named(composition, found)}
    entries = [(f"{base}/Composition/{id_}", composition), *((f"{base}/{key}", one) for key, one in inside.items())]
    return {
        "resourceType": "Bundle",
        "id": str(id_),
        "meta": {"lastUpdated": local_text(at), **_meta(inside.values())},
        "identifier": {"system": sid("document-no"), "value": str(id_)},
        "type": "document",
        "timestamp": local_text(at),
        "entry": [{"fullUrl": url, "resource": _settled(one, inside)} for url, one in entries],
    }


def _in_order(section: Section, known: Iterable[Json]) -> list[Json]:
    """Newest first."""
    return sorted((one for one in known if section.holds(one)), key=_moment, reverse=True)


def _moment(one: Json) -> str:
    period = one.get("period") or one.get("executionPeriod") or {}
    names = ("effectiveDateTime", "occurrenceDateTime", "performedDateTime", "onsetDateTime", "authoredOn")
    return str(next((one[name] for name in names if name in one), period.get("start", "")))


def _children(kind_id: str, woman: Json, found: Mapping[str, Json]) -> list[Json]:
    """Of a discharge, the children born."""
    others = (one for one in found.values() if one["resourceType"] == "Patient" and one["id"] != woman["id"])
    return list(others) if kind_id == "discharge" else []


def _composition(
    kind: Kind,
    id_: UUID,
    woman: Json,
    episodes: list[Json],
    sections: list[tuple[Section, list[Json]]],
    children: list[Json],
    *,
    at: datetime,
    by: Json,
    replaces: UUID | None,
) -> Json:
    head = f"<p>{escape(kind.title)}</p><p>{escape(person(woman))}</p><p>{local_text(at)[:16].replace('T', ' ')}</p>"
    listed = [_section(section, held) for section, held in sections]
    if children:
        born = Section(code="57075-4", display="Newborn delivery information", title="新生儿", holds=lambda one: False)
        listed.append(_section(born, children))
    replaced = [{"code": "replaces", "targetIdentifier": {"system": sid("document-no"), "value": str(replaces)}}]
    return {
        "resourceType": "Composition",
        "id": str(id_),
        "text": {"status": "generated", "div": f'<div xmlns="{XHTML}" lang="zh">{head}</div>'},
        "identifier": {"system": sid("document-no"), "value": str(id_)},
        "status": "final",
        "type": {"coding": [{"system": LOINC, "code": kind.code, "display": kind.display}], "text": kind.title},
        "subject": {"reference": f"Patient/{woman['id']}"},
        "date": local_text(at),
        "author": [by],
        "title": kind.title,
        **({"relatesTo": replaced} if replaces else {}),
        **({"event": [{"detail": [_named_case(one) for one in episodes]}]} if episodes else {}),
        "section": listed,
    }


def _named_case(episode: Json) -> Json:
    return {"reference": f"EpisodeOfCare/{episode['id']}"}


def _section(section: Section, held: list[Json]) -> Json:
    coding = {"system": LOINC, "code": section.code, "display": section.display}
    made: Json = {"title": section.title, "code": {"coding": [coding]}, "text": narrative(list(held))}
    if held:
        made["entry"] = [{"reference": f"{one['resourceType']}/{one['id']}"} for one in held]
    else:
        made["emptyReason"] = {"coding": [{"system": LIST_EMPTY, "code": "unavailable"}]}
    return made


def _named(start: Json, found: Mapping[str, Json]) -> set[str]:
    """Everything that is named from here on, as far as it is known."""
    named: set[str] = set()
    waiting = [start]
    while waiting:
        for reference in _references(waiting.pop()):
            if reference in found and reference not in named:
                named.add(reference)
                waiting.append(found[reference])
    return named


def _references(node: Any) -> Iterable[str]:
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _settled(node: Any, inside: Mapping[str, Json]) -> Any:
    """What is named and not in the document is named by an identifier: no reference leads out of it."""
    if isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, str) and not reference.startswith("#") and reference not in inside:
            rest = {name: value for name, value in node.items() if name != "reference"}
            return {**rest, "identifier": {"system": f"{CANONICAL_BASE}/sid/resource", "value": reference}}
        return {name: _settled(value, inside) for name, value in node.items()}
    return [_settled(value, inside) for value in node] if isinstance(node, list) else node


def _meta(inside: Iterable[Json]) -> Json:
    """As confidential as the most confidential of its parts."""
    labels = sorted({label for one in inside for label in labels_of(one)}, reverse=True)
    return {"security": [{"system": CONFIDENTIALITY, "code": labels[0]}]} if labels else {}


def pointer(kept: Kept, *, base: str) -> Json:
    """DocumentReference: where the document lies and what its bytes must be."""
    kind, body, at = KINDS[kept.kind], kept.body.encode(), local_text(kept.created_at)
    security = plain.read(kept.body)["meta"].get("security")
    replaced = [{"code": "replaces", "target": {"reference": f"DocumentReference/{kept.replaces}"}}]
    attachment = {
        "extension": [{"url": SHA256, "valueString": hashlib.sha256(body).hexdigest()}],
        "contentType": "application/fhir+json",
        "language": "zh",
        "url": f"{base}/Binary/{kept.id}",
        "size": len(body),
        "hash": base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode(),
        "title": kind.title,
        "creation": at,
    }
    return {
        "resourceType": "DocumentReference",
        "id": str(kept.id),
        **({"meta": {"security": security}} if security else {}),
        "masterIdentifier": {"system": sid("document-no"), "value": str(kept.id)},
        "status": "superseded" if kept.is_replaced else "current",
        "type": {"coding": [{"system": LOINC, "code": kind.code, "display": kind.display}], "text": kind.title},
        "subject": {"reference": f"Patient/{kept.patient_id}"},
        "date": at,
        **({"relatesTo": replaced} if kept.replaces else {}),
        "description": kind.title,
        "content": [{"attachment": attachment}],
        **({"context": {"encounter": [{"reference": f"EpisodeOfCare/{kept.episode_id}"}]}} if kept.episode_id else {}),
    }
