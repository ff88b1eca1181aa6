"""The first message of a referral: the woman, what is wanted and the Task, in one transaction Bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from fhir_adapters.documents import travelling
from fhir_adapters.facts import FINAL, read_facts
from fhir_adapters.mappings.loops import ACROSS, loop_of
from fhir_adapters.store import patients, resources
from fhir_adapters.store.referrals import Told
from fhir_adapters.terminology import ITEMS, LOINC, MRN_PREFIX, REFERRAL_NO, TASK, is_identity, same_system
from fhir_adapters.types import labels_of
from workflows.referrals import Partner

WOMAN, REQUEST = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
PATIENT = ("identifier", "name", "gender", "birthDate", "telecom", "address")
OBSERVED = ("status", "category", "code", "effectiveDateTime", "component", "dataAbsentReason", "interpretation")
DATING = frozenset(ITEMS[name].code for name in ("lmp", "edd_final"))
Json = Mapping[str, Any]


def bundle(conn: Any, region_id: str, told: Told, partner: Partner, at: datetime) -> dict[str, Any]:
    """What is restricted does not go with it: the reason for the referral does. The document stands in the Task."""
    stored = resources.current(conn, region_id, "Patient", told.patient_id or "")
    woman = _woman(stored.resource() if stored else {}, region_id, told.patient_id or told.referral_no)
    there = {"reference": f"Organization/{partner.organisation_there}"}
    request = {
        **_without(told.body["request"], "id", "extension", "requester"),
        "subject": {"reference": WOMAN},
        "performer": [there],
    }
    task = {
        **_without(told.body["task"], "id", "extension", "requester", "basedOn", "businessStatus"),
        "basedOn": [{"reference": REQUEST}],
        "focus": {"reference": REQUEST},
        "for": {"reference": WOMAN},
        "owner": there,
    }
    document, name = travelling.of_step(conn, region_id, told, at), travelling.name_of(told)
    if document is not None and name is not None:
        task["input"] = [*task.get("input", ()), travelling.attached(document, name)]
    number = next(i for i in task["identifier"] if i["system"] == TASK)
    known = next(i for i in woman["identifier"] if is_identity(same_system(i["system"])))
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            _entry(woman, WOMAN, f"identifier={known['system']}|{known['value']}"),
            _entry(request, REQUEST, f"identifier={REFERRAL_NO}|{told.referral_no}"),
            *(_entry(one) for one in _observations(conn, region_id, told)),
            _entry(task, None, f"identifier={TASK}|{number['value']}"),
        ],
    }


def _woman(patient: Json, region_id: str, patient_id: str) -> dict[str, Any]:
    """As she is known here; without a document by our own number of her."""
    found = {"resourceType": "Patient", **{name: patient[name] for name in PATIENT if name in patient}}
    identifiers = [i for i in found.get("identifier", ()) if is_identity(same_system(i.get("system", "")))]
    if not identifiers:
        identifiers = [{"system": f"{MRN_PREFIX}{region_id}", "value": patient_id}]
    return {**found, "identifier": identifiers}


def _observations(conn: Any, region_id: str, told: Told) -> Iterator[dict[str, Any]]:
    """Her dates, and what was measured for this referral; with a hand-over all that her case knows of her: of each kind
    what counts now."""
    if told.patient_id is None:
        return
    known = _known(conn, region_id, told.patient_id) if loop_of(told.body["request"]) is ACROSS else frozenset()
    asked_at = str(told.body["request"].get("authoredOn", ""))[:10]
    for stored in resources.of_patient(conn, region_id, told.patient_id, ("Observation",)):
        one = stored.resource()
        codes = {c.get("code") for c in one.get("code", {}).get("coding", ()) if c.get("system") == LOINC}
        is_recent = str(one.get("effectiveDateTime", "")).startswith(asked_at)
        is_wanted = codes & DATING or is_recent or f"Observation/{one['id']}" in known
        if one.get("status") not in FINAL or labels_of(one) or not is_wanted:
            continue
        value = {name: v for name, v in one.items() if name in OBSERVED or name.startswith("value")}
        yield {"resourceType": "Observation", **value, "subject": {"reference": WOMAN}}


def _known(conn: Any, region_id: str, patient_id: str) -> frozenset[str]:
    """The Observations that say what is known in her case; none of an earlier pregnancy."""
    case = patients.newest_case(conn, region_id, patient_id)
    return frozenset(fact.source for fact in read_facts(conn, region_id, case).values()) if case else frozenset()


def _without(resource: Json, *names: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in names}


def _entry(resource: dict[str, Any], full_url: str | None = None, exists: str | None = None) -> dict[str, Any]:
    request = {"method": "POST", "url": resource["resourceType"], **({"ifNoneExist": exists} if exists else {})}
    return {**({"fullUrl": full_url} if full_url else {}), "resource": resource, "request": request}
