"""Condition pregnancy of a woman without an open case -> her case, opened in the same transaction (P01/P02)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from engine.errors import EngineError
from fhir_adapters.correlation import Correlated, of_patient
from fhir_adapters.facts import value_of
from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.store import resources
from fhir_adapters.terminology import ICD10, ICD10_CN, ITEMS, LOINC, PREGNANCY_ICD, PREGNANCY_SNOMED, SNOMED
from fhir_adapters.work import Item, Json, Opening, Work
from workflows import intake

PREGNANCIES = UUID("5f1d6c0a-7e0b-4d55-9f0e-6b1a2a1f7c11")  # namespace: a pregnancy's id derives from its Condition
FINAL = frozenset({"final", "amended", "corrected"})


def plan(work: Work) -> None:
    """Decide whether this request opens a case. Holds the patients it is about, so that two requests cannot
    both open one."""
    for known in sorted({item.patient_id for item in work.items if item.patient_id}):
        resources.hold(work.asked, work.region_id, "Patient", known)
    for item in work.items:
        patient_id, condition = item.patient_id, _condition(work, item)
        if patient_id is None or condition is None:
            continue
        if of_patient(work.asked, work.region_id, patient_id, None).result != "none":
            continue
        lmp, edd = dates_of(work, condition, patient_id)
        if lmp is None and edd is None:
            item.correlated = Correlated("lead")
            continue
        work.opening = Opening(
            pregnancy_id=str(uuid5(PREGNANCIES, f"{work.region_id}/{condition['id']}")),
            patient_id=patient_id,
            condition_id=condition["id"],
            lmp=lmp,
            edd=edd,
            home_organisation=_home(work, patient_id),
            at=item.entry.at,
        )
        return


def _condition(work: Work, item: Item) -> Json | None:
    """The pregnancy that this item states; for an LMP or EDD the one that was stored before it was known how
    far she is."""
    if item.resource is None:
        return None
    if item.entry.type == "Condition":
        return item.resource if is_pregnancy(item.resource) else None
    if item.entry.type == "Observation" and item.patient_id and _dates(item.resource):
        stored = resources.of_patient(work.asked, work.region_id, item.patient_id, ("Condition",))
        return next((found for s in stored if is_pregnancy(found := s.resource())), None)
    return None


def run(work: Work) -> None:
    """Start the pathway; the case's first task is open afterwards."""
    opening = work.opening
    if opening is None:
        return
    try:
        variables = intake.start_variables(
            work.services,
            by=work.by,
            pregnancy_id=opening.pregnancy_id,
            patient_id=opening.patient_id,
            home_organisation=opening.home_organisation,
            lmp=opening.lmp,
            edd=opening.edd,
            edd_basis="lmp" if opening.lmp and not opening.edd else None,
        )
    except EngineError as error:
        raise FhirError(422, _at_condition(work, error)) from error
    variables["condition_id"] = opening.condition_id
    opened = work.run(intake.OpenCase(pregnancy_id=opening.pregnancy_id, variables=variables))
    opening.instance_id = opened.instance_id


def _at_condition(work: Work, error: EngineError) -> list[Issue]:
    at, words = work.opening.at if work.opening else None, error.message
    return [Issue(type="business-rule", code="MCH-V-0302", zh=words.zh, en=words.en, expression=at)]


def is_pregnancy(condition: Json) -> bool:
    """Active, confirmed, and a code that says pregnant."""
    if not _has(condition.get("clinicalStatus"), {"active", "recurrence"}) and "clinicalStatus" in condition:
        return False
    if not _has(condition.get("verificationStatus"), {"confirmed"}) and "verificationStatus" in condition:
        return False
    for coding in condition.get("code", {}).get("coding", ()):
        system, code = coding.get("system"), str(coding.get("code"))
        if system in (ICD10, ICD10_CN) and code.startswith(PREGNANCY_ICD):
            return True
        if system == SNOMED and code in PREGNANCY_SNOMED:
            return True
    return False


def _has(concept: Any, codes: Iterable[str]) -> bool:
    return bool(isinstance(concept, Mapping) and {c.get("code") for c in concept.get("coding", ())} & set(codes))


def dates_of(work: Work, condition: Json, patient_id: str) -> tuple[str | None, str | None]:
    """LMP and EDD, from this request before what was stored earlier; the Condition's onset is the LMP."""
    found: dict[str, str] = {}
    stored = resources.of_patient(work.asked, work.region_id, patient_id, ("Observation",))
    for observation in (s.resource() for s in stored):
        found |= _dates(observation)
    for item in work.items:
        if item.entry.type == "Observation" and item.patient_id == patient_id and item.resource is not None:
            found |= _dates(item.resource)
    onset = condition.get("onsetDateTime")
    lmp = found.get("lmp") or (onset[:10] if isinstance(onset, str) and len(onset) >= 10 else None)
    return lmp, found.get("edd_final")


def _dates(observation: Json) -> dict[str, str]:
    """The LMP or EDD that an Observation states, to the day."""
    found = {}
    codes = {(c.get("system"), c.get("code")) for c in observation.get("code", {}).get("coding", ())}
    for name in ("lmp", "edd_final"):
        value = value_of(observation)
        is_day = isinstance(value, str) and len(value) >= 10
        if is_day and (LOINC, ITEMS[name].code) in codes and observation.get("status") in FINAL:
            found[name] = value[:10]
    return found


def _home(work: Work, patient_id: str) -> str | None:
    """The organisation that looks after her: the one her Patient names, else the one whose name stands in her
    address."""
    stored = resources.current(work.asked, work.region_id, "Patient", patient_id)
    brought = next((i.resource for i in work.items if i.id == patient_id and i.resource is not None), None)
    patient = brought or (stored.resource() if stored else None)
    if patient is None:
        return None
    tree = {o.id: o for o in work.services.people.organisations().values() if o.kind == "township"}
    named = str(patient.get("managingOrganization", {}).get("reference", "")).removeprefix("Organization/")
    if named in tree:
        return named
    texts = [str(a.get(part, "")) for a in patient.get("address", ()) for part in ("text", "district", "city")]
    fitting = [o.id for o in tree.values() if any(_place(o.name) in text for text in texts if text)]
    return fitting[0] if len(fitting) == 1 else None


def _place(name: str) -> str:
    """`城关镇卫生院` -> `城关镇`"""
    return name.removesuffix("中心卫生院").removesuffix("卫生院") or name
