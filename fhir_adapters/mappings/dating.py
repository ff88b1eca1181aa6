"""The dates a case runs by -> Observations: {canon}/StructureDefinition/mch-dating-observation.

A new dating is a new Observation, the old one stays: the id holds the date that was decided.
"""

from __future__ import annotations

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, concept, reference, resource
from fhir_adapters.terminology import ITEMS, LOINC

BASIS = {"lmp": "末次月经", "us": "早孕期超声", "ivf": "胚胎移植日期"}


def to_lmp(case: Case) -> Json | None:
    """None while it is not known."""
    return _dated(case, "lmp", case.variables.get("lmp"))


def to_edd(case: Case) -> Json | None:
    """To the day; `method` says what it was reckoned from, `derivedFrom` the LMP where it was that."""
    basis = case.variables.get("edd_basis")
    found = _dated(case, "edd_final", case.variables.get("edd"))
    if found is not None and basis in BASIS:
        found["method"] = {"text": BASIS[basis]}
        lmp = to_lmp(case)
        if basis == "lmp" and lmp is not None:
            found["derivedFrom"] = [reference("Observation", lmp["id"])]
    return found


def _dated(case: Case, name: str, value: object) -> Json | None:
    if not isinstance(value, str) or not value:
        return None
    item = ITEMS[name]
    return resource(
        "Observation",
        f"{name.partition('_')[0]}-{case.pregnancy_id}-{value[:10].replace('-', '')}",
        extension=case.episode_extension,
        status="final",
        code=concept(LOINC, item.code, item.display),
        subject=case.subject,
        effectiveDateTime=local_text(case.at),
        valueDateTime=value[:10],
    )
