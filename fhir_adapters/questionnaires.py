"""Forms over FHIR: the Questionnaire as it is deployed, filled in beforehand, and what a response says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from engine.errors import Incorrect
from engine.store import reads
from fhir_adapters.dates import local_text
from fhir_adapters.inbound.answers import place_of
from fhir_adapters.issues import FhirError, Issue, not_found
from fhir_adapters.labels import labelled, sensitivity_of
from fhir_adapters.mappings import observation
from fhir_adapters.mappings.case import Case
from fhir_adapters.store import patients, resources
from fhir_adapters.types import patient_of
from workflows import completion, journey, task_access
from workflows.forms import Form

_REASONS = frozenset(
    {"criteria", "screening_codes", "screening_infected", "gradings", "purple", "infections"}
)  # only some may know


def form_of(services: Any, conn: Any, canonical: str) -> Form:
    """By id, or by canonical with or without version. Raises 404."""
    url, _, version = canonical.partition("|")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None
    form = services.forms.get(url.rsplit("/", 1)[-1], number, conn=conn)
    if form is None or (version and number is None) or ("/" in url and url != form.url):
        raise not_found("QuestionnaireResponse.questionnaire" if "/" in url else None)
    return form


def populate_for_task(services: Any, conn: Any, task_id: UUID, form: Form, by: Any) -> dict[str, Any]:
    """The response that the task's page begins with: its draft, or what is known. Raises NotFound for a stranger."""
    task = task_access.task_for(services, conn, task_id, by)
    if task.form != form.id:
        raise not_found()
    opened = completion.open_form(services, conn, task, today=task_access.today_in_china(services))
    variables = task_access.variables_of(services, conn, task)
    return _response(form, opened.answers, variables.get("patient_id"), based_on=f"Task/{task_id}")


def populate_for_patient(services: Any, conn: Any, patient_id: str, form: Form, by: Any) -> dict[str, Any]:
    """The form with what is known of the patient, as far as the caller may know it."""
    pregnancy_id = patients.newest_case(conn, services.region_id, patient_id)
    facts = services.facts(conn, pregnancy_id) if pregnancy_id else {}
    instance = (
        reads.instance_by_business_key(conn, services.region_id, "pregnancy_journey", pregnancy_id)
        if pregnancy_id
        else None
    )
    variables = dict(instance.variables) if instance is not None else {}
    if not by.restricted:
        facts = {name: fact for name, fact in facts.items() if not _is_restricted(services, conn, fact.source)}
        variables = {name: value for name, value in variables.items() if name not in _REASONS}
    known = {name: fact.value for name, fact in facts.items()}
    answers = journey.prefill(form.id, known, variables, task_access.today_in_china(services))
    response = _response(form, answers, patient_id)
    if not by.restricted and sensitivity_of(response) is not None:
        return _response(form, {}, patient_id)
    return response


def _is_restricted(services: Any, conn: Any, source: str) -> bool:
    type_, _, id_ = source.partition("/")
    stored = resources.current(conn, services.region_id, type_, id_) if id_ else None
    return stored is not None and sensitivity_of(stored.resource()) is not None


def _response(
    form: Form, answers: Mapping[str, Any], patient_id: Any, *, based_on: str | None = None
) -> dict[str, Any]:
    header: dict[str, Any] = {"status": "in-progress"}
    if based_on:
        header["basedOn"] = [{"reference": based_on}]
    if patient_id:
        header["subject"] = {"reference": f"Patient/{patient_id}"}
    written = form.to_response(answers, **header)
    return {name: value for name, value in written.items() if value != []}


def extract(form: Form, response: Mapping[str, Any], at: datetime, region_id: str) -> dict[str, Any]:
    """The Observations that completing with this response records, as a transaction. Nothing is stored.
    Raises FhirError 422 with the place of every answer that the form does not hold or that cannot be, such as a moment
    later than `at`; of what is missing nothing is said."""
    try:
        answers = form.answers_from_response(dict(response))
        form.validate(answers, on=at, complete=False)  # what completing would refuse is no record
    except Incorrect as error:
        raise FhirError(422, [_issue(fault, response) for fault in error.faults]) from error
    response_id = str(response.get("id") or uuid5(NAMESPACE_URL, f"{region_id}/{form.url}"))
    case = _case(response, at)
    when = response.get("authored") or local_text(at)
    found = observation.to_observations(
        form, answers, case, observation.Source(response_id=response_id, effective=when)
    )
    entries = [
        {"resource": labelled(one), "request": {"method": "PUT", "url": f"Observation/{one['id']}"}} for one in found
    ]
    return {"resourceType": "Bundle", "type": "transaction", **({"entry": entries} if entries else {})}


def _issue(fault: Any, response: Mapping[str, Any]) -> Issue:
    at = f"QuestionnaireResponse{place_of(response.get('item', ()), fault.path)}"
    return Issue(type="invariant", code="MCH-V-0501", zh=fault.message.zh, en=fault.message.en, expression=at)


def _case(response: Mapping[str, Any], at: datetime) -> Case:
    return Case(
        pregnancy_id=None,
        patient_id=patient_of(response),
        instance_id="",
        definition_key="",
        definition_version=1,
        variables={},
        started_at=at,
        at=at,
        by="",
        organisation=None,
        is_over=False,
        is_suspended=False,
    )
