"""$validate, $everything, $populate, $extract, and the Questionnaires of the last two. Nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response, request

from api.fhir import overlooking, replies
from api.fhir.guard import known_type, principal, scopes, viewer
from api.fhir.inputs import inputs
from api.fhir.reading import PAGE, looking, looking_as_caller, trace
from api.fhir.writing import document
from engine.store import reads
from fhir_adapters import access, questionnaires
from fhir_adapters.dates import interval
from fhir_adapters.entries import Entry, faults
from fhir_adapters.issues import FhirError, Issue, not_found, outcome, refuse
from fhir_adapters.rules.check import check
from fhir_adapters.search.query import read_query, seal
from fhir_adapters.store import resources
from fhir_adapters.store.everything import everything, supporting
from fhir_adapters.tolerances.agreeing import tolerant
from fhir_adapters.types import PEOPLE_FREE, TYPES, patient_of

FINE = Issue(type="informational", code="MCH-V-0000", zh="没有问题", en="no problem found", severity="information")


def validate(services: Any, type_: str, id_: str | None) -> Response:
    """200 with what is wrong with the resource given, or with the stored one; nothing else happens."""
    interaction = "create" if request.method == "POST" and access.allows(scopes(), type_, "create") else "read"
    access.require(scopes(), known_type(type_), interaction)
    given = document(services) if request.method == "POST" else None
    resource, mode, at = _to_validate(given, type_)
    if resource is None:
        if id_ is None:
            raise refuse(400, "required", "MCH-V-0012", "缺少要检查的资源", "there is no resource to validate")
        resource, at = _stored(services, type_, id_), type_
    overlooked: list[Issue] = []
    entry = Entry(method="POST", type=type_, resource=resource, at=at)
    if given is not None and isinstance(resource, Mapping):
        [entry] = tolerant(services, principal(), [entry])
        resource, overlooked = entry.resource, overlooking.issues(entry)
    found = faults(entry)
    if mode == "update" and isinstance(resource, Mapping) and resource.get("id") != id_:
        text = "id 与地址不符", "the id is not that of the address"
        found.append(Issue(type="invalid", code="MCH-V-0002", zh=text[0], en=text[1], expression=f"{at}.id"))
    return replies.json(outcome([*(found or [FINE]), *overlooked]))


def _to_validate(given: Any, type_: str) -> tuple[Any, str | None, str]:
    """The resource, the mode, and how its root is called in the request."""
    if not isinstance(given, Mapping) or given.get("resourceType") != "Parameters":
        return given, None, type_
    listed = given.get("parameter")
    mode, resource, at = None, None, type_
    for number, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, Mapping) and one.get("name") == "mode":
            mode = one.get("valueCode")
        elif isinstance(one, Mapping) and one.get("name") == "resource":
            resource, at = one.get("resource"), f"Parameters.parameter[{number}].resource"
    return resource, mode if isinstance(mode, str) else None, at


def _stored(services: Any, type_: str, id_: str) -> Any:
    access.require(scopes(), type_, "read")
    with looking_as_caller(services) as conn:
        found = resources.read(conn, services.region_id, type_, id_[:64], viewer())
        if found is None or found[0].deleted:
            raise not_found()
        trace(services, conn, "read", type_, id_, [found[1]])
    return found[0].resource()


def everything_of(services: Any, type_: str, id_: str) -> Response:
    """A searchset of all that the caller may know of the patient, or of this case of hers, page by page."""
    access.require(scopes(), type_, "read")
    asked = inputs(services, "everything")
    types, count = _asked_types(asked.get("_type")), _count(asked.get("_count"))
    since, after = _instant("_since", asked.get("_since")), _after()
    with looking_as_caller(services) as conn:
        found = resources.read(conn, services.region_id, type_, id_[:64], viewer())
        patient_id = found[1] if found is not None and not found[0].deleted else None
        if patient_id is None:
            raise not_found()
        rows = everything(
            conn,
            services.region_id,
            patient_id,
            types,
            viewer(),
            limit=count + 1,
            episode_id=id_ if type_ == "EpisodeOfCare" else None,
            since=since,
            after=after,
        )
        shown = rows[:count]
        beside = supporting(conn, services.region_id, shown, set(types) & set(PEOPLE_FREE), viewer())
        trace(services, conn, "everything", type_, id_, [patient_id])
    base = replies.base(services)
    links = [("self", request.url)]
    if len(rows) > count:
        kept = "".join(f"&{name}={quote(asked[name])}" for name in ("_since", "_type") if name in asked)
        token = seal(shown[-1].type, shown[-1].id)
        links.append(("next", f"{base}/{type_}/{quote(id_)}/$everything?_count={count}{kept}&_after={token}"))
    entries = [replies.entry(base, stored, search={"mode": "match"}) for stored in shown]
    entries += [replies.entry(base, stored, search={"mode": "include"}) for stored in beside]
    return replies.bundle("searchset", entries, links=links)


def _asked_types(asked: str | None) -> list[str]:
    wanted = asked.split(",") if asked else list(TYPES)
    if any(name not in TYPES for name in wanted):
        raise refuse(400, "invalid", "MCH-S-002", "_type 有未知类型", "_type names an unknown type", expression="_type")
    return [name for name in wanted if access.allows(scopes(), name, "read")]


def _count(value: str | None) -> int:
    if value is None:
        return PAGE
    if not (value.isascii() and value.isdigit() and int(value[:6]) > 0):
        text = "应为 1 至 500 的整数", "a whole number from 1 to 500 is expected"
        raise refuse(400, "invalid", "MCH-S-002", *text, expression="_count", allowed="1..500")
    return min(500, int(value[:6]))


def _instant(name: str, value: str | None) -> datetime | None:
    found = interval(value.replace(" ", "+")) if value else None
    if value and found is None:
        raise refuse(400, "invalid", "MCH-S-002", f"{name} 不是时刻", f"{name} is not an instant", expression=name)
    return found[0] if found else None


def _after() -> tuple[str, str] | None:
    token = request.args.get("_after")
    return read_query("Patient", [("_after", token)]).after if token is not None else None


def questionnaire(services: Any, id_: str) -> Response:
    """The newest form of this name, as it was deployed."""
    access.require(scopes(), "Questionnaire", "read")
    with services.engine.read() as conn:
        form = questionnaires.form_of(services, conn, id_.replace("/", ""))
    return replies.json({**form.questionnaire, "id": form.id})


def list_questionnaires(services: Any) -> Response:
    """Every form in its newest version."""
    access.require(scopes(), "Questionnaire", "search")
    base = replies.base(services)
    with services.engine.read() as conn:
        newest = {one.key: one.version for one in reads.definitions(conn, services.region_id) if one.kind == "form"}
        forms = [services.forms.get(key, conn=conn) for key in sorted(newest)]
    entries = [
        {
            "fullUrl": f"{base}/Questionnaire/{form.id}",
            "resource": form.questionnaire,
            "search": {"mode": "match"},
        }
        for form in forms
        if form is not None
    ]
    body = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return replies.json({**body, "link": [{"relation": "self", "url": f"{base}/Questionnaire"}], "entry": entries})


def populate(services: Any, id_: str) -> Response:
    """Parameters with the response to begin with: for `task` as its page shows it, for `subject` what is known."""
    for type_ in ("Questionnaire", "Observation"):
        access.require(scopes(), type_, "read")
    access.require_open(viewer(), ["Observation"])
    asked = _references(document(services)) if request.method == "POST" else dict(request.args.items())
    task, subject = asked.get("task", ""), asked.get("subject", "")
    with looking(services) as conn:
        form = questionnaires.form_of(services, conn, id_)
        if task.startswith("Task/"):
            task_id = _uuid(task)
            if viewer().narrowing is not None:
                _require_seen(services, conn, "Task", str(task_id))
            response = questionnaires.populate_for_task(services, conn, task_id, form, principal())
        elif subject.startswith("Patient/"):
            patient_id = subject.removeprefix("Patient/")
            found = resources.read(conn, services.region_id, "Patient", patient_id[:64], viewer())
            if found is None or found[0].deleted:
                raise not_found()
            response = questionnaires.populate_for_patient(services, conn, patient_id, form, principal())
        else:
            text = "须给出 task（Task/…）或 subject（Patient/…）", "task (Task/…) or subject (Patient/…) is needed"
            raise refuse(400, "required", "MCH-V-0012", *text)
        trace(services, conn, "populate", "Questionnaire", id_, [patient_of(response)])
    return replies.json({"resourceType": "Parameters", "parameter": [{"name": "response", "resource": response}]})


def _require_seen(services: Any, conn: Any, type_: str, id_: str) -> None:
    """Raises 404 for what the scopes do not reach."""
    if resources.read(conn, services.region_id, type_, id_, viewer()) is None:
        raise not_found()


def _references(parameters: Any) -> dict[str, str]:
    listed = parameters.get("parameter") if isinstance(parameters, Mapping) else None
    found: dict[str, str] = {}
    for one in listed if isinstance(listed, list) else ():
        reference = one.get("valueReference") if isinstance(one, Mapping) else None
        text = reference.get("reference") if isinstance(reference, Mapping) else None
        if isinstance(text, str) and isinstance(one.get("name"), str):
            found[one["name"]] = text
    return found


def _uuid(reference: str) -> UUID:
    text = reference.removeprefix("Task/")
    if not re.fullmatch(r"[0-9a-fA-F-]{36}", text):
        raise not_found()
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None


def extract(services: Any, id_: str | None) -> Response:
    """A transaction of the Observations that the response says; the engine records them when the task is completed."""
    access.require(scopes(), "QuestionnaireResponse", "read")
    given = document(services) if request.method == "POST" and request.content_length else None
    response, _, at = _to_validate(_renamed(given), "QuestionnaireResponse")
    if response is None:
        if id_ is None:
            raise refuse(400, "required", "MCH-V-0012", "缺少问卷答复", "there is no QuestionnaireResponse")
        response = _stored(services, "QuestionnaireResponse", id_)
    faults = check(response, type_="QuestionnaireResponse", at=at)
    if faults:
        raise FhirError(422, faults)
    with services.engine.read() as conn:
        form = questionnaires.form_of(services, conn, str(response.get("questionnaire", "")))
    return replies.json(questionnaires.extract(form, response, services.clock(), services.region_id))


def _renamed(given: Any) -> Any:
    """SDC calls the parameter `questionnaire-response`."""
    if not isinstance(given, Mapping) or given.get("resourceType") != "Parameters":
        return given
    listed = given.get("parameter")
    parts = [
        {**one, "name": "resource"} if isinstance(one, Mapping) and one.get("name") == "questionnaire-response" else one
        for one in (listed if isinstance(listed, list) else ())
    ]
    return {**given, "parameter": parts}
