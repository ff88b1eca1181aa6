"""Delivery in the hospital -> `message_delivered`; the woman leaves -> `message_discharged` (P14).

The first evidence of a birth moves the case on: a delivery Procedure, a newborn Patient with its mother, or the outcome
Observations of the mother. What comes later only adds to the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from engine.commands.contracts import PublishMessage
from fhir_adapters.correlation import Correlated, named_mother, of_patient
from fhir_adapters.facts import value_of
from fhir_adapters.inbound.asked import case_of, note
from fhir_adapters.inbound.impossible import fetus_of, order_of, require_possible
from fhir_adapters.inbound.stays import DISCHARGED, discharge_of, is_for_birth
from fhir_adapters.store import resources
from fhir_adapters.terminology import (
    BIRTH_TIME,
    DELIVERY_OPERATIONS,
    DELIVERY_SNOMED,
    ITEMS,
    LOINC,
    OPERATION_CN,
    SNOMED,
)
from fhir_adapters.types import patient_of
from fhir_adapters.work import Item, Json, Work

STILLBIRTH = {
    "stillbirth": "stillbirth_iufd",
    "stillbirth_iufd": "stillbirth_iufd",
    "stillbirth_intrapartum": "stillbirth_intrapartum",
}
KEPT = timedelta(days=300)  # a birth stays true until the case has come so far that it asks
DISCHARGE_KEPT = timedelta(days=14)  # for the birth to be recorded; later it was no stay for the birth [default]
OUTCOMES = {**STILLBIRTH, "live_birth": "live_birth", "neonatal_death": "neonatal_death", "281050002": "live_birth"}


def receive(work: Work) -> None:
    """At most one message per case and kind, however many resources tell of the same birth. Raises 422 for a child that
    is told of as alive and as stillborn."""
    newborns = list(_newborns(work))
    require_possible(work, ((item, episode, order) for item, episode, child in newborns if (order := order_of(child))))
    told = [(episode, _child(work, child, str(child.get("id")))) for _, episode, child in newborns]
    for episode_id, born in _births(work, told).items():
        if born.get("delivered_on"):
            _publish(work, "message_delivered", episode_id, born)
    for item in work.changed("Encounter"):
        ended, case = _discharged(item.resource or {}), item.correlated.episode_id
        if ended and case:
            _tell_discharged(work, item, case, ended)


def _tell_discharged(work: Work, item: Item, episode_id: str, ended: str) -> None:
    """Once for a stay. One that ended before the birth was not the stay for it."""
    case = case_of(work, episode_id)
    delivered_on = str(case.variables.get("delivered_on") or "") if case is not None else ""
    if ended[:10] < delivered_on[:10]:
        return
    told = discharge_of(work, item.id)
    payload = {"discharged_at": ended}
    message = PublishMessage(name=DISCHARGED, key=episode_id, payload=payload, message_id=told, ttl=DISCHARGE_KEPT)
    if work.run(message).result != "duplicate":
        note(work, item, DISCHARGED)


def _publish(work: Work, name: str, episode_id: str, payload: dict[str, Any]) -> None:
    """The number is the case's: a woman is delivered of one pregnancy once."""
    for item in work.items:
        if item.saved is not None and item.saved.changed and item.correlated.episode_id == episode_id:
            resources.record_event(work.asked, work.region_id, item.saved, name, episode_id, "case", work.now)
            break
    work.run(PublishMessage(name=name, key=episode_id, payload=payload, message_id=f"fhir/{name}", ttl=KEPT))


def _births(work: Work, newborns: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """By case: when, and what is known of each child."""
    found: dict[str, dict[str, Any]] = {}
    children: dict[str, dict[int, dict[str, Any]]] = {}
    for item in work.changed("Procedure"):
        if item.correlated.episode_id and is_delivery(item.resource or {}):
            found.setdefault(item.correlated.episode_id, {}).update(_moment(_performed(item.resource or {})))
    for item in work.changed("Observation"):
        _stillborn(work, item, found, children)
    for episode_id, child in newborns:
        told = found.setdefault(episode_id, {})
        for name in ("delivered_on", "delivered_at"):
            if child.get(name) and (name not in told or child[name] < told[name]):
                told[name] = child[name]
        row = {n: v for n, v in child.items() if n not in ("delivered_on", "delivered_at")}
        children.setdefault(episode_id, {})[row["order"]] = row
    for episode_id, rows in children.items():
        found[episode_id]["fetuses"] = [rows[order] for order in sorted(rows)]
    return found


def is_delivery(procedure: Json) -> bool:
    if procedure.get("status") != "completed":
        return False
    for coding in procedure.get("code", {}).get("coding", ()):
        code = str(coding.get("code"))
        if coding.get("system") == OPERATION_CN and code.startswith(DELIVERY_OPERATIONS):
            return True
        if coding.get("system") == SNOMED and code in DELIVERY_SNOMED:
            return True
    return False


def _performed(procedure: Json) -> str | None:
    """The birth itself where it is told, else when the operation was."""
    for extension in procedure.get("extension", ()):
        for part in extension.get("extension", ()):
            if part.get("url") == "delivery" and "valueDateTime" in part:
                return str(part["valueDateTime"])
    return procedure.get("performedDateTime") or procedure.get("performedPeriod", {}).get("start")


def _moment(text: str | None) -> dict[str, Any]:
    if not text or len(text) < 10:
        return {}
    return {"delivered_on": text[:10]} | ({"delivered_at": text} if "T" in text else {})


def _newborns(work: Work) -> Iterator[tuple[Item, str, Json]]:
    """Newborn Patients that are tied to a mother with a case, in this request or by what is stored: what ties them, the
    case, and the Patient."""
    for item in work.items:
        if item.entry.type != "RelatedPerson" or item.resource is None or not item.is_new_version:
            continue
        newborn_id = patient_of(item.resource)
        mother = named_mother(work.asked, work.region_id, item.resource)
        child = _patient(work, newborn_id)
        if mother is None or child is None or newborn_id is None:
            continue
        case = of_patient(work.asked, work.region_id, mother, None)
        if case.episode_id is None:
            continue
        _adopt(work, newborn_id, item, case)
        yield item, case.episode_id, child


def _adopt(work: Work, newborn_id: str, related: Item, case: Correlated) -> None:
    """What is about the child belongs to the mother's case."""
    for item in work.items:
        if item is related or item.id == newborn_id or item.patient_id == newborn_id:
            item.correlated = case


def _patient(work: Work, id_: str | None) -> Json | None:
    stored = resources.current(work.asked, work.region_id, "Patient", id_) if id_ else None
    return stored.resource() if stored else None


def _child(work: Work, patient: Json, newborn_id: str) -> dict[str, Any]:
    time = _birth_time(patient)
    order = patient.get("multipleBirthInteger")
    weight = _weight(work, newborn_id)
    return {
        **_moment(time or patient.get("birthDate")),
        "order": order if isinstance(order, int) else 1,
        "outcome": "live_birth",
        "sex": patient.get("gender") if patient.get("gender") in ("male", "female") else "undetermined",
        **({"weight_g": weight} if weight is not None else {}),
    }


def _birth_time(patient: Json) -> str | None:
    for extension in patient.get("_birthDate", {}).get("extension", ()):
        if extension.get("url") == BIRTH_TIME:
            return extension.get("valueDateTime")
    return None


def _weight(work: Work, newborn_id: str) -> Any:
    stored = resources.of_patient(work.asked, work.region_id, newborn_id, ("Observation",))
    for observation in (s.resource() for s in stored):
        if _is(observation, "weight_g"):
            return value_of(observation, "weight_g")
    return None


def _is(observation: Json, name: str) -> bool:
    codings = observation.get("code", {}).get("coding", ())
    return any(c.get("system") == LOINC and c.get("code") == ITEMS[name].code for c in codings)


def _stillborn(
    work: Work, item: Item, found: dict[str, dict[str, Any]], children: dict[str, dict[int, dict[str, Any]]]
) -> None:
    """Outcome Observations of the mother: a stillborn child has no Patient."""
    observation, episode_id = item.resource or {}, item.correlated.episode_id
    if episode_id is None or not _is(observation, "outcome") or observation.get("status") != "final":
        return
    outcome = _outcome(observation)
    if outcome is None:
        return
    order = fetus_of(observation)
    found.setdefault(episode_id, {}).update(_moment(observation.get("effectiveDateTime")))
    row = {"order": order, "outcome": outcome, "sex": "undetermined"}
    children.setdefault(episode_id, {})[order] = row


def _outcome(observation: Json) -> str | None:
    codings = observation.get("valueCodeableConcept", {}).get("coding", ())
    return next((OUTCOMES[str(c.get("code"))] for c in codings if str(c.get("code")) in OUTCOMES), None)


def _discharged(encounter: Json) -> str | None:
    """The end of a finished stay for a delivery."""
    if encounter.get("status") != "finished" or encounter.get("class", {}).get("code") != "IMP":
        return None
    if not is_for_birth(encounter):
        return None
    return encounter.get("period", {}).get("end")
