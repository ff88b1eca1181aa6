"""What every single create about a patient is going to ask is asked at once: three questions in one round trip."""

from __future__ import annotations

from collections.abc import Sequence

from fhir_adapters.entries import Entry
from fhir_adapters.store import resources
from fhir_adapters.types import ENGINE_OWNED, PEOPLE_FREE, patient_of
from fhir_adapters.work import Work

_WRITE_FIRST = frozenset({"Patient", "RelatedPerson", *ENGINE_OWNED, *PEOPLE_FREE})  # or have no patient


def foresee(work: Work, entries: Sequence[Entry]) -> None:
    """The patient is held before anybody looks at her pregnancies: of two requests that would both open a case, the
    second sees what the first has opened."""
    if len(entries) != 1 or entries[0].method != "POST" or entries[0].if_none_exist:
        return
    entry = entries[0]
    patient_id = patient_of(entry.resource) if entry.resource and entry.type not in _WRITE_FIRST else None
    if patient_id is not None:
        resources.hold(work.asked, work.region_id, "Patient", patient_id)
        resources.foresee_patient(work.asked, work.region_id, patient_id, work.viewer)
