"""Her visits and stays, as somebody picks one of them for an app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_adapters.access import Viewer
from fhir_adapters.search.query import read_query
from fhir_adapters.store.search import search
from web.text import instant
from workflows.people.model import Principal

MOST = 20


@dataclass(frozen=True, kw_only=True)
class Visit:
    """`began`: as people read it; `what`: in the words of whoever recorded it."""

    id: str
    began: str
    what: str
    where: str | None


def newest(services: Any, principal: Principal, patient_id: str) -> list[Visit]:
    """Those that this person may know of, newest first; the look leaves an audit row."""
    query = read_query("Encounter", [("patient", f"Patient/{patient_id}"), ("_sort", "-date"), ("_count", str(MOST))])
    with services.pool.connection() as conn:
        hits = search(conn, services.region_id, query, Viewer.of(principal))
        given = {"principal": principal, "interaction": "search", "resource_type": "Encounter"}
        services.people.record_access(conn, patient_ids=[patient_id], **given)
    return [_visit(found.stored.resource()) for found in hits.matches]


def _visit(resource: dict[str, Any]) -> Visit:
    types = [_words(one) for one in resource.get("type", ())]
    class_, began = resource.get("class", {}), resource.get("period", {}).get("start", "")
    place = resource.get("serviceProvider", {}).get("reference", "").partition("Organization/")[2]
    return Visit(
        id=resource["id"],
        began=instant(began) if "T" in began else began,
        what=next((said for said in types if said), None) or class_.get("display") or class_.get("code", ""),
        where=place or None,
    )


def _words(concept: dict[str, Any]) -> str:
    shown = (coding.get("display", "") for coding in concept.get("coding", ()))
    return str(concept.get("text") or next((text for text in shown if text), ""))
