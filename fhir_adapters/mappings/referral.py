"""A referral -> ServiceRequest {canon}/StructureDefinition/mch-referral, Task {canon}/…/mch-referral-task,
and its steps (§8): one request, a Task for each institution that is asked, one of them open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.contracts import StepRecord
from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, coding, concept, filled, instant, present, reference, resource
from fhir_adapters.mappings.loops import (
    BACK,
    DOWN,
    LOOPS,
    OPINION_DOCUMENT,
    REFERRAL_DOCUMENT,
    REPLY_DOCUMENT,
    TRANSFER_DOCUMENT,
    UPWARD,
    Loop,
)
from fhir_adapters.mappings.request import consultation_id
from fhir_adapters.terminology import (
    REFERRAL_DIRECTION,
    REFERRAL_NO,
    REFERRAL_STATUS,
    REFERRAL_TYPE,
    TASK,
    TASK_CODE,
    TASK_FULFILL,
    TASK_IO,
    TASK_REPLACES,
)
from workflows.referrals import NO_SHOW, WITHDRAWN, sides, state_of

STATUS = {
    "requested": "requested",
    "received": "received",
    "accepted": "accepted",
    "refused": "rejected",
    "departed": "accepted",
    "arrived": "in-progress",
    "onward": "in-progress",
    "returned": "completed",
    "no-show": "failed",
    "withdrawn": "cancelled",
}
WORDS = {
    "requested": ("awaiting-reception", "待接诊"),
    "received": ("received", "已接收"),
    "accepted": ("accepted", "已接受"),
    "refused": ("refused", "拒绝"),
    "departed": ("departed", "已出发"),
    "arrived": ("arrived", "已到达"),
    "onward": ("referred-on", "已续转"),
    "returned": ("returned", "已回转"),
    "no-show": ("no-show", "未到"),
    "withdrawn": ("withdrawn", "已撤回"),
}
DOCUMENTS = {  # what the Task calls what travels with it
    **{REFERRAL_DOCUMENT: "转诊单", TRANSFER_DOCUMENT: "转出交接单"},
    **{REPLY_DOCUMENT: "转诊回复单", OPINION_DOCUMENT: "会诊意见"},
}
ONWARD = {"onward_to": "续转至", "onward_no": "续转单号"}  # what the first sender is told of it
OF_SENDER = frozenset({"requested", "departed", "withdrawn"})
RECEIVE = "receive-referral"
REASONS = ("answer_reason", "handover_refused", "consult_refused")  # why who was asked says no


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`ours`: done here, so that the other side is to be told."""

    referral_no: str
    centre_no: int
    step: str
    organisation: str | None
    by: str
    counterpart: str | None
    happened_at: str
    body: Mapping[str, Any]
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """As the process holds it."""

    case: Case
    no: str
    centre: int
    sender: str | None
    receiver: str | None
    elsewhere: bool  # it was asked for in another installation
    state: str
    variables: Mapping[str, Any]
    loop: Loop = UPWARD

    @property
    def task_id(self) -> str:
        return str(self.variables.get("referral_task") or f"referral-{self.no}-{self.centre}")

    @property
    def request(self) -> Json | None:
        own = consultation_id(self.case) if self.loop.asked_by_form else f"referral-{self.no}"
        return reference("ServiceRequest", str(self.variables.get("referral_request") or own))


def referral_of(record: StepRecord, case: Case) -> Referral | None:
    """None for every other process, for one inside a journey, before the request was written, and for a consultation
    within one institution."""
    found, loop = record.variables, LOOPS.get(record.definition_key)
    if loop is None or not found.get("referral_no") or not found.get("requested_at"):
        return None
    if found.get("transfer_refused") or found.get("transportable") is False:
        return None
    both = sides(loop.process, found)
    if loop.asked_by_form and both["sender"] == both["receiver"]:
        return None
    return Referral(
        case=case,
        no=str(found["referral_no"]),
        centre=int(found.get("centre_no") or 1),
        sender=both["sender"],
        receiver=both["receiver"],
        elsewhere=found.get("from_elsewhere") is True,
        state=state_of(found),
        variables=found,
        loop=loop,
    )


def steps_of(record: StepRecord, referral: Referral) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What happened in this step of the process: the step, when, and what was written down."""
    submission = record.submission
    known = _step(record, referral.loop)
    if submission is not None and known is not None:
        step, when = known
        if step in ("accepted", "returned") and referral.state == "refused":  # one form says yes or no
            step = "refused"
        said = submission.answers.get(when) if when else referral.variables.get(f"{step}_at")  # by the other side
        at = instant(said) if said else None
        yield step, at or local_text(record.at), submission.answers
        if step == "requested" and referral.elsewhere:
            yield "received", local_text(record.at), {}
    elif record.written.get("ended_as"):
        at = instant(referral.variables.get("ended_at")) or local_text(record.at)
        yield str(record.written["ended_as"]), at, {}
    elif record.written.get("onward_at"):
        said = {name: record.written[name] for name in ONWARD if record.written.get(name)}
        yield "onward", instant(record.written["onward_at"]) or local_text(record.at), said
    elif record.written.get("received_at"):
        yield "received", instant(record.written["received_at"]) or local_text(record.at), {}


def _step(record: StepRecord, loop: Loop) -> tuple[str, str | None] | None:
    """By the form that was filled in, else by the task."""
    if record.submission is None:
        return None
    if record.submission.form in loop.steps:
        return loop.steps[record.submission.form]
    done = getattr(record.command, "user_task_id", None)
    element = next((task.wait.element_id for task in record.closed_tasks if task.id == done), "")
    return loop.steps.get(element)


def to_steps(record: StepRecord, referral: Referral) -> list[Step]:
    found = []
    for step, at, answers in steps_of(record, referral):
        sent_by, told = referral.sender, referral.receiver
        if step not in OF_SENDER:
            sent_by, told = told, sent_by
        theirs = record.by.organisation is not None and record.by.organisation == (
            referral.sender if referral.elsewhere else referral.receiver
        )
        ours = (step in OF_SENDER) != referral.elsewhere and not (theirs and step != "received")
        found.append(
            Step(
                referral_no=referral.no,
                centre_no=referral.centre,
                step=step,
                organisation=sent_by,
                by=record.by.id,
                counterpart=told,
                happened_at=at,
                body={"task": to_task(referral, step, at, answers), "request": to_request(referral)},
                ours=ours,
            )
        )
    return found


def to_request(referral: Referral) -> Json:
    case, found = referral.case, referral.variables
    ended = {WITHDRAWN: "revoked", "returned": "completed"}.get(referral.state, "active")
    if referral.state == "refused" and referral.loop is not UPWARD:  # nobody else is asked under its number
        ended = "revoked"
    number = {"system": REFERRAL_NO, "value": referral.no}
    is_down = found.get("direction") == "down"
    direction = DOWN if is_down else referral.loop.direction
    return resource(
        "ServiceRequest",
        str((referral.request or {})["reference"]).partition("/")[2],
        extension=case.episode_extension,
        identifier=[number],
        requisition=number,
        status=ended,
        intent="order",
        basedOn=_before(found),
        category=[concept(REFERRAL_DIRECTION, *direction)] if direction else [],
        priority=_priority(found),
        code=concept(REFERRAL_TYPE, *(BACK if is_down else referral.loop.code)),
        subject=case.subject,
        authoredOn=instant(found["requested_at"]),
        requester=reference("Organization", referral.sender),
        performer=present(reference("Organization", referral.receiver)),
        reasonCode=[{"text": str(found["transfer_reason"])}] if found.get("transfer_reason") else [],
    )


def _before(found: Mapping[str, Any]) -> list[Json]:
    """The referral that this one follows, by its number: both sides of it know that."""
    number = found.get("based_on_no")
    return [{"type": "ServiceRequest", "identifier": {"system": REFERRAL_NO, "value": number}}] if number else []


def to_task(referral: Referral, step: str, at: str, answers: Mapping[str, Any]) -> Json:
    """As it stands with this step: `lastModified` is when it happened, `output` what was written down. The request was
    timed by the other side's clock: where ours is behind, the step is not told to be earlier than what it follows."""
    case, found = referral.case, referral.variables
    replaced = f"referral-{referral.no}-{referral.centre - 1}" if referral.centre > 1 else None
    arrived = instant(found.get("arrived_at"))
    ended = at if step in ("returned", NO_SHOW, WITHDRAWN, "refused") else None
    refused = next((answers[name] for name in REASONS if answers.get(name)), None)
    why = refused if step == "refused" else found.get("ended_reason")
    requested = instant(found["requested_at"])
    code, words = WORDS[step]
    return resource(
        "Task",
        referral.task_id,
        extension=present({"url": TASK_REPLACES, "valueReference": reference("Task", replaced)} if replaced else None),
        identifier=[{"system": TASK, "value": f"{referral.no}-{referral.centre}"}],
        basedOn=present(referral.request),
        groupIdentifier={"system": REFERRAL_NO, "value": referral.no},
        status=STATUS[step],
        statusReason={"text": str(why)} if why and ended and step != "returned" else None,
        businessStatus=concept(REFERRAL_STATUS, code, words),
        intent="order",
        priority=_priority(found),
        code={"coding": [coding(TASK_FULFILL, "fulfill"), coding(TASK_CODE, RECEIVE, "接收转诊")]},
        focus=referral.request,
        for_=case.subject,
        executionPeriod=filled(
            {"start": arrived, "end": max(ended, arrived, key=_moment) if arrived and ended else None}
        ),
        authoredOn=requested,
        lastModified=max(at, requested, key=_moment) if requested else at,
        requester=reference("Organization", referral.sender),
        owner=reference("Organization", referral.receiver),
        input=_document(found, referral.loop.documents.get("requested")),
        output=[
            *(_output(name, one) for name, value in answers.items() for one in _several(value) if _is_plain(one)),
            *_document(found, referral.loop.documents.get("returned")),
        ],
    )


def _document(found: Mapping[str, Any], name: str | None) -> list[Json]:
    """One that came with a step of the other side's."""
    variable = (name or "").replace("-", "_")
    if name is None or not found.get(variable):
        return []
    kept = {"reference": f"DocumentReference/{found[variable]}", "display": DOCUMENTS[name]}
    return [{"type": concept(TASK_IO, name, DOCUMENTS[name]), "valueReference": kept}]


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _priority(found: Mapping[str, Any]) -> str:
    return "stat" if "emergency" in (found.get("urgency"), found.get("consult_urgency")) else "routine"


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | bool) and value != ""


def _output(name: str, value: Any) -> Json:
    """One answer; its code is the field's name."""
    kind = "valueBoolean" if isinstance(value, bool) else "valueString"
    if isinstance(value, str) and name.endswith(("_at", "_on", "_date")):
        kind, value = "valueDateTime", instant(value) or value
    return {"type": concept(TASK_IO, name.replace("_", "-")), kind: value}


def written(record: StepRecord, referral: Referral, steps: list[Step]) -> list[Json]:
    """The Task as it stands now, and the request where it is ours and no form says it already."""
    if not steps:
        return []
    tasks: list[Json] = [dict(steps[-1].body["task"])]
    is_said = referral.loop.asked_by_form and steps[-1].step != WITHDRAWN
    return tasks if referral.elsewhere or is_said else [dict(steps[-1].body["request"]), *tasks]


def happened(step: Step) -> datetime:
    return _moment(step.happened_at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text if len(text) > 10 else f"{text}T00:00:00+08:00")
