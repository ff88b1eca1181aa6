"""What hospitals say of her visits: which are booked, which stays are planned, where she is and was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_adapters.dates import interval
from fhir_adapters.inbound.stays import is_for_birth
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE


@dataclass(frozen=True, kw_only=True)
class Visit:
    """`kind`: appointment, stay (in hospital), visit (out-patient). `status` as FHIR says it. `source` told of it."""

    kind: str
    status: str
    begins: datetime | None
    ends: datetime | None
    wards: tuple[str, ...]
    for_birth: bool
    source: str


def of_patient(conn: Any, region_id: str, patient_id: str) -> list[Visit]:
    """The newest first; those without a day come last. What the connection may not see is left out."""
    found = list(_visits(conn, region_id, patient_id))
    dated = sorted((one for one in found if one.begins), key=lambda one: str(one.begins), reverse=True)
    return dated + [one for one in found if one.begins is None]


def _visits(conn: Any, region_id: str, patient_id: str) -> Iterator[Visit]:
    for stored in resources.of_patient(conn, region_id, patient_id, ("Appointment", "Encounter")):
        told = stored.resource()
        status = str(told.get("status"))
        if stored.source == ENGINE or status == "entered-in-error":
            continue
        is_stay = stored.type == "Encounter" and told.get("class", {}).get("code") == "IMP"
        period = told.get("period", {}) if stored.type == "Encounter" else told
        yield Visit(
            kind="stay" if is_stay else "visit" if stored.type == "Encounter" else "appointment",
            status=status,
            begins=_at(period.get("start")),
            ends=_at(period.get("end")) if stored.type == "Encounter" else None,
            wards=tuple(filter(None, (row.get("location", {}).get("display") for row in told.get("location", ())))),
            for_birth=stored.type == "Encounter" and is_for_birth(told),
            source=stored.source.partition(":")[2] or stored.source,
        )


def _at(text: Any) -> datetime | None:
    found = interval(text) if isinstance(text, str) else None
    return found[0] if found else None
