"""To which case an incoming resource belongs. Never a guess: one case, none, or an open question for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fhir_adapters.dates import interval
from fhir_adapters.store import merging, resources
from fhir_adapters.terminology import is_identity, same_system
from fhir_adapters.types import episode_of, is_pregnancy, patient_of

BEFORE = timedelta(days=294)  # from LMP - 14 d to the booking: a case may be opened up to 280 days after the LMP
AFTER = timedelta(days=56)  # the care ends with the 42-day check, whose window closes at 56
_EVENT = (
    *("effectiveDateTime", "performedDateTime", "authored", "onsetDateTime", "recordedDate", "occurrenceDateTime"),
    *("authoredOn", "sent", "dateTime"),
)
_REFERS = ("basedOn", "inResponseTo", "supportingInformation", "about")
_KNOWN = ("CarePlan", "ServiceRequest", "Appointment", "Task", "Communication")  # of ours: they name a case


@dataclass(frozen=True, slots=True)
class Correlated:
    """`result`: case | lead | none | inbox."""

    result: str
    episode_id: str | None = None

    @property
    def header(self) -> str:
        return f"case/{self.episode_id}" if self.result == "case" else self.result


NONE = Correlated("none")


Episodes = dict[str, list[dict[str, Any]]]  # by patient: read once for all resources of a request


def correlate(
    conn: Any, region_id: str, resource: Mapping[str, Any], patient_id: str | None, known: Episodes | None = None
) -> Correlated:
    """By what the resource names, else by its patient's open case, else by the mother of the newborn it is about."""
    named = episode_of(resource)
    episode = resources.current(conn, region_id, "EpisodeOfCare", named) if named else None
    if named and episode is not None:
        is_void = episode.resource().get("status") == "cancelled"
        became = merging.survivor_of(conn, region_id, merging.PREGNANCY, named) if is_void else None
        return Correlated("case", became or named)
    if patient_id is None:
        return NONE
    through = _by_reference(conn, region_id, resource, patient_id)
    if through is not None:
        return through
    found = of_patient(conn, region_id, patient_id, event_of(resource), known)
    if found.result == "none":
        mother = mother_of(conn, region_id, patient_id)
        if mother:
            found = of_patient(conn, region_id, mother, event_of(resource))
    return found


def _by_reference(conn: Any, region_id: str, resource: Mapping[str, Any], patient_id: str) -> Correlated | None:
    """What it answers is of one case, and about the same patient."""
    named = set()
    for reference in (one for name in _REFERS for one in _several(resource.get(name))):
        type_, _, id_ = str(reference.get("reference", "")).partition("/_history")[0].partition("/")
        answered = resources.current(conn, region_id, type_, id_) if type_ in _KNOWN else None
        if answered is not None and patient_of(answered.resource()) == patient_id:
            named.add(episode_of(answered.resource()))
    cases = named - {None}
    return Correlated("case", cases.pop()) if len(cases) == 1 else None


def _several(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def of_patient(
    conn: Any, region_id: str, patient_id: str, at: datetime | None, known: Episodes | None = None
) -> Correlated:
    """The case of this patient that holds the moment; open ones before ended ones."""
    episodes = known.get(patient_id) if known is not None else None
    if episodes is None:
        every = (s.resource() for s in resources.episodes_of_patient(conn, region_id, patient_id))
        episodes = [one for one in every if is_pregnancy(one)]
        if known is not None:
            known[patient_id] = episodes
    fitting = [e for e in episodes if e["status"] != "entered-in-error" and _holds(e, at)]
    open_ones = [e for e in fitting if e["status"] in ("planned", "active", "onhold")]
    chosen = open_ones or fitting
    if not chosen:
        return NONE
    return Correlated("case", chosen[0]["id"]) if len(chosen) == 1 else Correlated("inbox")


def _holds(episode: Mapping[str, Any], at: datetime | None) -> bool:
    if at is None:
        return episode["status"] in ("planned", "active", "onhold")
    period = episode.get("period", {})
    start, end = interval(period.get("start", "")), interval(period.get("end", ""))
    return (start is None or start[0] - BEFORE <= at) and (end is None or at <= end[1] + AFTER)


def event_of(resource: Mapping[str, Any]) -> datetime | None:
    """When what the resource tells of happened."""
    for name in _EVENT:
        found = interval(resource[name]) if isinstance(resource.get(name), str) else None
        if found:
            return found[0]
    period = resource.get("period") or resource.get("effectivePeriod") or resource.get("performedPeriod") or {}
    found = interval(period.get("start", "")) if isinstance(period, Mapping) else None
    return found[0] if found else None


def mother_of(conn: Any, region_id: str, newborn_id: str) -> str | None:
    """The woman whom a RelatedPerson NMTH of this child names by an identity of hers."""
    for stored in resources.of_patient(conn, region_id, newborn_id, ("RelatedPerson",)):
        found = named_mother(conn, region_id, stored.resource())
        if found:
            return found
    return None


def named_mother(conn: Any, region_id: str, related: Mapping[str, Any]) -> str | None:
    """The Patient that carries the identity of a natural mother; None when none or several do."""
    codes = {c.get("code") for r in related.get("relationship", ()) for c in r.get("coding", ())}
    if not codes & {"NMTH", "MTH", "GESTM"}:
        return None
    for identifier in related.get("identifier", ()):
        system, value = same_system(identifier.get("system", "")), identifier.get("value")
        if value and is_identity(system):
            found = resources.with_identifier(conn, region_id, "Patient", [(system, value)])
            if len(found) == 1 and found[0] != patient_of(related):
                return found[0]
    return None
