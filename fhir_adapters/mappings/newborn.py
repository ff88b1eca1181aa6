"""A live-born child -> Patient ({canon}/StructureDefinition/mch-newborn) and its mother -> RelatedPerson NMTH.

A stillborn child gets no Patient: what is known of it are Observations of the mother with a fetus index.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, concept, instant, reference, resource
from fhir_adapters.terminology import BIRTH_PLACE, BIRTH_TIME, NEWBORN, ROLE_CODE

SEXES = {"male": "male", "female": "female"}
LIVE = frozenset({"live_birth", "neonatal_death"})
PLACES = {"home": "家中", "on_the_way": "途中", "village": "村接生室"}  # born outside an institution of ours


def is_live_born(fetus: Mapping[str, Any]) -> bool:
    return str(fetus.get("outcome")) in LIVE


def newborn_id(case: Case, order: int) -> str:
    return id_of(str(case.pregnancy_id), order)


def id_of(pregnancy_id: str, order: int) -> str:
    return f"newborn-{pregnancy_id}-{order}"


def to_newborn(fetus: Mapping[str, Any], case: Case, *, order: int, of: int) -> Json | None:
    """None until the day of birth is known."""
    born = instant(fetus.get("birth_time")) or instant(case.variables.get("delivered_at"))
    day = (born or str(case.variables.get("delivered_on") or ""))[:10]
    if not day:
        return None
    time = {"extension": [{"url": BIRTH_TIME, "valueDateTime": born}]} if born and len(born) > 10 else None
    place = PLACES.get(str(fetus.get("birth_place")))
    order_of_birth = {"multipleBirthBoolean": False} if of == 1 else {"multipleBirthInteger": order}
    return resource(
        "Patient",
        newborn_id(case, order),
        extension=[{"url": BIRTH_PLACE, "valueAddress": {"text": place}}] if place else None,
        identifier=[{"system": NEWBORN, "value": f"{case.pregnancy_id}-{order}"}],
        active=True,
        name=[{"use": "temp", "text": "新生儿" if of == 1 else f"新生儿{order}"}],
        gender=SEXES.get(str(fetus.get("sex")), "unknown"),
        birthDate=day,
        _birthDate=time,
        deceasedBoolean=True if fetus.get("outcome") == "neonatal_death" else None,
        **order_of_birth,
    )


def to_mother(case: Case, *, order: int) -> Json:
    return resource(
        "RelatedPerson",
        f"mother-{case.pregnancy_id}-{order}",
        patient=reference("Patient", newborn_id(case, order)),
        relationship=[concept(ROLE_CODE, "NMTH", "natural mother")],
    )
