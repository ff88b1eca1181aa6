"""A FHIR write that was refused, kept as what it asked for: a transaction that can be corrected and tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from engine.errors import Malformed
from engine.store import plain
from fhir_adapters.arrivals.model import Reading, refused
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.entries import Entry, read_bundle
from fhir_adapters.formats import xml
from fhir_adapters.issues import FhirError
from fhir_adapters.store.arrivals import Arrival


def body_of(entries: Sequence[Entry]) -> bytes:
    """What was asked for, as a transaction."""
    return plain.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [_entry(one) for one in entries]})


def kind_of(entries: Sequence[Entry]) -> str:
    return f"{entries[0].method} {entries[0].type}" if len(entries) == 1 else f"transaction ({len(entries)})"


def _entry(entry: Entry) -> dict[str, Any]:
    query = f"?{urlencode(entry.query)}" if entry.query else ""
    asked: dict[str, Any] = {"method": entry.method, "url": entry.type + (f"/{entry.id}" if entry.id else "") + query}
    if entry.if_none_exist:
        asked["ifNoneExist"] = urlencode(entry.if_none_exist)
    if entry.if_match is not None:
        asked["ifMatch"] = f'W/"{entry.if_match}"'
    made: dict[str, Any] = {"fullUrl": entry.full_url} if entry.full_url else {}
    return made | ({"resource": entry.resource} if entry.resource is not None else {}) | {"request": asked}


def _read(body: bytes) -> Any:
    return xml.loads(body) if body.lstrip()[:1] == b"<" else plain.loads(body)


def _as_transaction(found: Any) -> Any:
    """A body that could not be read when it came and was corrected: a resource by itself is to be created."""
    type_ = found.get("resourceType") if isinstance(found, Mapping) else None
    if not isinstance(type_, str) or type_ == "Bundle":
        return found
    entry = {"resource": found, "request": {"method": "POST", "url": type_}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


def read(arrival: Arrival, profile: Profile) -> Reading:
    """As it was sent. Raises NotUnderstood."""
    try:
        _, entries = read_bundle(_as_transaction(_read(arrival.body)))
    except Malformed as error:
        raise refused("Bundle", "MCH-V-0001", error.message.zh, error.message.en, arrival.origin) from error
    except FhirError as error:
        first = error.issues[0]
        raise refused(first.expression or "Bundle", first.code, first.zh, first.en) from error
    return Reading(kind=kind_of(entries), entries=tuple(entries), is_as_sent=True)
