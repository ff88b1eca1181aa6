"""A referral of another institution -> the process `referral` here; what the other side did with ours -> our process
goes on (§8, §9.3).

Each side finishes by its own system the steps that are its own: the request and the departure are the sender's, answer,
arrival and result the receiver's. What a system cannot tell stands as told by that system.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from engine.commands.contracts import CompleteUserTask, PublishMessage, SetVariables, StartInstance
from engine.errors import EngineError
from engine.store import reads
from fhir_adapters.correlation import of_patient
from fhir_adapters.documents import travelling
from fhir_adapters.inbound import referral_forms as forms
from fhir_adapters.inbound import rescues
from fhir_adapters.inbound.opening import dates_of
from fhir_adapters.inbound.referral_forms import OWNER, REQUESTER
from fhir_adapters.issues import FhirError, Issue, translate
from fhir_adapters.mappings.loops import loop_of
from fhir_adapters.mappings.referral import ONWARD, Step
from fhir_adapters.store import documents as store
from fhir_adapters.store import patients, resources
from fhir_adapters.store import referrals as rows
from fhir_adapters.store.resources import ENGINE, Draft
from fhir_adapters.terminology import REFERRAL_DIRECTION, REFERRAL_NO, REFERRAL_STATUS
from fhir_adapters.types import patient_of
from fhir_adapters.work import Item, Json, Work, refuse_at
from workflows import completion, occasions, referrals
from workflows.duplicates import JOURNEY

WANT_REASON = ("refused", "no-show", "withdrawn")


def receive(work: Work) -> None:
    """Every referral Task that is new here."""
    for item in work.items:
        if item.entry.type == "Task" and item.entry.method == "POST" and not item.found:
            _offered(work, item)


# --- a referral to us -------------------------------------------------------------------------------------------------


def _offered(work: Work, item: Item) -> None:
    task = item.resource or {}
    request = _request(work, item, task)
    number = task.get("groupIdentifier", {})
    receiver = _organisation(task.get("owner"))
    wrong = [
        *_unless(task.get("status") == "requested", item, "status", "应为 requested", "must be requested"),
        *_unless(
            number.get("system") == REFERRAL_NO and number.get("value"),
            item,
            "groupIdentifier",
            "须为转诊单号",
            "must be the referral number",
        ),
        *_unless(
            request is not None and request.get("requisition", {}).get("value") == number.get("value"),
            item,
            "focus",
            "须为同一转诊单号、可读的 ServiceRequest",
            "must be a readable ServiceRequest of the same referral number",
        ),
        *_unless(
            request is not None and patient_of(request) is not None and patient_of(request) == item.patient_id,
            item,
            "for",
            "须与 ServiceRequest 为同一患者",
            "must be the patient of the ServiceRequest",
        ),
        *_unless(
            receiver in work.services.people.organisations() and receiver not in work.viewer.organisations,
            item,
            "owner",
            "须为本系统中的另一机构",
            "must be another institution here",
        ),
    ]
    if wrong:
        raise FhirError(422, wrong)
    if rows.instance_of(work.conn, work.region_id, number["value"]) is not None:
        text = "此转诊单号已在使用", "this referral number is in use"
        raise refuse_at(409, f"{item.entry.at}.groupIdentifier", "duplicate", "MCH-T-021", *text)
    assert request is not None and receiver is not None
    documents, task = _documents(work, item, task, "input", str(item.patient_id), number["value"])
    started = _started(work, item, request, receiver, number["value"], documents)
    resources.save(work.asked, work.region_id, work.now, ENGINE, [Draft(resource=task)], engine_owned=True)
    loop = loop_of(request)
    element, answers = forms.asked(work, loop, task, request, work.services.people.organisations()[receiver].name)
    _fill(work, item, started, element, answers)
    rescues.opened_for(work, started)


def _documents(
    work: Work, item: Item, task: Json, name: str, patient_id: str, number: str
) -> tuple[dict[str, str], dict[str, Any]]:
    """What came with it is kept as it came: the process's variables that say where, and the Task, which names it now
    instead of holding it."""
    case = patients.newest_case(work.conn, work.region_id, patient_id)
    came = travelling.arrived(
        task.get(name, []),
        f"{item.entry.at}.{name}",
        patient_id=patient_id,
        episode_id=case,
        referral_no=number,
        came_from=str(work.by.organisation),
        owner=work.viewer.source,
        now=work.now,
    )
    for one in came.values():
        store.add(work.conn, work.region_id, one)
    rest = [one for one in task.get(name, ()) if "valueAttachment" not in one]
    listed = [*rest, *(travelling.named(called, str(one.id)) for called, one in came.items())]
    kept = {key: value for key, value in task.items() if key != name} | ({name: listed} if listed else {})
    return {called.replace("-", "_"): str(one.id) for called, one in came.items()}, kept


def _started(work: Work, item: Item, request: Json, receiver: str, number: str, documents: Mapping[str, str]) -> UUID:
    """The process, under her case where she has one here: never a guess."""
    assert item.patient_id is not None
    found = of_patient(work.conn, work.region_id, item.patient_id, None)
    item.correlated = found
    pregnancy_id = found.episode_id if found.result == "case" else None
    case = reads.instance_by_business_key(work.conn, work.region_id, JOURNEY, pregnancy_id) if pregnancy_id else None
    if case is not None:
        variables = occasions.variables_for(work.services, case, work.by)
    else:
        pack = str(work.services.settings.pack)
        tree = work.services.people.organisations()
        county = next((o.id for o in sorted(tree.values(), key=lambda o: o.id) if o.kind == "county_mch"), None)
        variables = {
            "patient_id": item.patient_id,
            "home_organisation": receiver,
            "county_organisation": county,
            "pack": pack,
            "policy": work.services.regions(pack).policy(),
        }
    loop = loop_of(request)
    if loop.process == referrals.HANDOVER:
        lmp, edd = dates_of(work, {}, item.patient_id)  # her case opens with them, once she is accepted
        variables |= {"lmp": lmp, "edd": edd, "brought": _brought(work, item.patient_id)}
    variables |= {
        "referral_no": number,
        "centre_no": 1,
        "from_elsewhere": True,
        "direction": "down" if _is_down(request) else None,
        "sending_organisation": work.by.organisation,
        "asking_organisation": work.by.organisation,
        **_receivers(loop.process, receiver),
        "referral_task": item.id,
        "referral_request": str(request["id"]),
        **documents,
    }
    key = pregnancy_id if case is not None and not _is_busy(work, loop.process, pregnancy_id) else None
    start = StartInstance(definition_key=loop.process, business_key=key, variables=variables)
    instance_id: UUID = work.run(start).instance_id
    return instance_id


def _brought(work: Work, patient_id: str) -> list[str]:
    """What the sender's case knew of her, as Observations of the same message: her new case is to know it too."""
    found = (one for one in work.items if one.entry.type == "Observation" and one.patient_id == patient_id)
    return sorted(str(one.id) for one in found if one.id)


def _is_down(request: Json) -> bool:
    """She comes back to who sent her, or down to who looks after her from now on: wards are not asked alone."""
    codings = [c for one in request.get("category", ()) for c in one.get("coding", ())]
    return any((c.get("system"), c.get("code")) == (REFERRAL_DIRECTION, "down") for c in codings)


def _receivers(process: str, receiver: str) -> dict[str, str]:
    """Who is asked here, under the name that its diagram reads."""
    if process == referrals.CONSULTATION:
        return {"answering_organisation": receiver}
    return {"receiving_organisation": receiver, "hospital_organisation": receiver}


def _is_busy(work: Work, process: str, pregnancy_id: str | None) -> bool:
    """Whether another one of hers is under way."""
    found = reads.instance_by_business_key(work.conn, work.region_id, process, str(pregnancy_id))
    return found is not None and found.status == "active"


def _request(work: Work, item: Item, task: Json) -> Json | None:
    references = [task.get("focus"), *task.get("basedOn", ())]
    texts = {str(one.get("reference", "")).partition("/_history")[0] for one in references if isinstance(one, Mapping)}
    for reference in sorted(text for text in texts if text.startswith("ServiceRequest/")):
        brought = next((i.resource for i in work.items if i.reference == reference and i.resource), None)
        if brought is not None:
            return brought
        id_ = reference.partition("/")[2]
        stored = resources.read(work.conn, work.region_id, "ServiceRequest", id_, work.viewer, letters="cr")
        if stored is not None and not stored[0].deleted:
            return stored[0].resource()
    return None


# --- what the other side did ------------------------------------------------------------------------------------------


def move(work: Work, item: Item, stored: Json) -> None:
    """One step of the loop by whoever may take it. Raises FhirError."""
    asked = item.resource or {}
    at, start, to = item.entry.at, stored["status"], asked["status"]
    number = stored["groupIdentifier"]["value"]
    instance = _process(work, number)
    process = instance.definition_key if instance else referrals.PROCESS
    moves = forms.moves(process)
    said = forms.SAID.get((start, to, str(_business(asked)))) if process == referrals.PROCESS else None
    who, step = said or moves.get((start, to), ("", ""))
    if not step:
        allowed = " | ".join(sorted({end for begin, end in moves if begin == start}))
        text = "不允许的状态变更", "this change of status is not possible"
        raise refuse_at(422, f"{at}.status", "business-rule", "MCH-T-011", *text, allowed=allowed)
    if _organisation(stored.get(who)) not in work.viewer.organisations:
        text = "这一步属于另一方", "this step is the other side's"
        raise refuse_at(403, f"{at}.status", "forbidden", "MCH-T-020", *text, allowed=who)
    reason = asked.get("statusReason", {}).get("text")
    if step in WANT_REASON and not reason:
        text = "须写明理由", "a reason is needed"
        raise refuse_at(422, f"{at}.statusReason", "required", "MCH-T-022", *text)
    if instance is None:
        text = "此转诊已不在流程中", "no process holds this referral"
        raise refuse_at(409, f"{at}.status", "conflict", "MCH-T-010", *text)
    instance_id = instance.id
    when = asked.get("lastModified") or work.now.isoformat()
    if step == "received":
        work.run(SetVariables(instance_id=instance_id, variables={"received_at": when}, reason="received"))
    elif step == "onward":
        noted = {name: text for name, text in forms.told(asked).items() if name in ONWARD}
        work.run(SetVariables(instance_id=instance_id, variables={"onward_at": when, **noted}, reason="referred on"))
    elif step in ("no-show", "withdrawn"):
        payload = {"ended_as": step, "ended_reason": reason, "ended_at": when}
        if work.run(PublishMessage(name=referrals.ENDED, key=number, payload=payload)).instance_id is None:
            text = "流程此刻不等待这一步", "the process does not wait for this step now"
            raise refuse_at(409, f"{at}.status", "conflict", "MCH-T-010", *text)
    else:
        if step == "arrived":
            leave_unsaid(work, instance_id)
        documents, _ = _documents(work, item, asked, "output", str(patient_of(stored)), number)
        came = documents | ({"returned_at": when} if step == "returned" else {})
        if came:
            work.run(SetVariables(instance_id=instance_id, variables=came, reason="what came with the step"))
        element, answers = forms.answered(work, process, step, asked, when, reason)
        _fill(work, item, instance_id, element, answers)


def _process(work: Work, number: str) -> Any:
    """None where no process holds it."""
    instance_id = rows.instance_of(work.conn, work.region_id, number)
    return reads.instance(work.conn, work.region_id, instance_id) if instance_id is not None else None


def note_late(work: Work, stored: Json, asked: Json) -> None:
    """What the other side did before it learnt that all was over is refused, but its time is kept: outside of the
    transaction, which the refusal takes back."""
    who, step = forms.LATE.get(asked["status"], ("", ""))
    by = _organisation(stored.get(who))
    number = stored["groupIdentifier"]["value"]
    instance_id = rows.instance_of(work.conn, work.region_id, number)
    if by is None or by not in work.viewer.organisations or instance_id is None:
        return
    told = Step(
        referral_no=number,
        centre_no=_centre(stored),
        step=step,
        organisation=by,
        by=work.by.id,
        counterpart=_organisation(stored.get(REQUESTER if who == OWNER else OWNER)),
        happened_at=asked.get("lastModified") or work.now.isoformat(),
        body={"late": True, "status": asked["status"]},
        ours=False,
    )
    with work.services.pool.connection() as own, own.transaction():
        rows.note(own, work.region_id, work.now, instance_id, patient_of(stored), told)


def _centre(task: Json) -> int:
    number = str(task["groupIdentifier"]["value"])
    values = (str(i.get("value", "")) for i in task.get("identifier", ()))
    found = next((v.removeprefix(f"{number}-") for v in values if v.startswith(f"{number}-")), "1")
    return int(found) if found.isdecimal() else 1


def leave_unsaid(work: Work, instance_id: UUID) -> None:
    """She is there: that nobody wrote down her departure holds nothing up."""
    for task in reads.user_tasks(work.conn, work.region_id, instance_id=instance_id).items:
        if task.element_id == referrals.LEAVES:
            work.run(CompleteUserTask(user_task_id=task.id))


def _fill(work: Work, item: Item, instance_id: UUID, element: str, answers: Mapping[str, Any]) -> None:
    """The open task of this step is finished, by its form. Raises FhirError."""
    open_now = reads.user_tasks(work.conn, work.region_id, instance_id=instance_id, element_id=element).items
    if not open_now:
        text = "流程此刻不等待这一步", "the process does not wait for this step now"
        raise refuse_at(409, f"{item.entry.at}.status", "conflict", "MCH-T-010", *text)
    form = work.services.forms.get(open_now[0].form, open_now[0].form_version, conn=work.conn)
    known = {
        name: [value] if form.by_link_id[name].repeats and not isinstance(value, list) else value
        for name, value in answers.items()
        if name in form.by_link_id
    }
    try:
        work.run(completion.command_for(work.services, work.conn, open_now[0].id, answers=known, by=work.by))
    except EngineError as error:
        raise _at(error, item) from error


def _at(error: EngineError, item: Item) -> FhirError:
    faults = getattr(error, "faults", None) or ()
    if not faults:
        return translate(error)
    issues = [
        Issue(
            type="required",
            code="MCH-T-014",
            zh=fault.message.zh,
            en=fault.message.en,
            expression=f"{item.entry.at}.output",
            allowed=fault.path.replace("_", "-"),
        )
        for fault in faults
    ]
    return FhirError(422, issues)


def _organisation(reference: Any) -> str | None:
    type_, _, id_ = str((reference or {}).get("reference", "")).partition("/")
    return id_ if type_ == "Organization" else None


def _business(task: Json) -> str | None:
    codings = task.get("businessStatus", {}).get("coding", ())
    return next((c.get("code") for c in codings if c.get("system") == REFERRAL_STATUS), None)


def _unless(holds: Any, item: Item, name: str, zh: str, en: str) -> list[Issue]:
    if holds:
        return []
    return [Issue(type="business-rule", code="MCH-T-023", zh=zh, en=en, expression=f"{item.entry.at}.{name}")]
