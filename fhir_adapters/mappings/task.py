"""User task -> Task: {canon}/StructureDefinition/mch-user-task"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine.contracts import TaskRecord
from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import (
    Json,
    coding,
    concept,
    filled,
    instant,
    kebab,
    person,
    present,
    reference,
    restricted,
    very_restricted,
)
from fhir_adapters.terminology import (
    ASSIGNEE,
    BUSINESS_STATUS,
    CANDIDATES,
    CANONICAL_BASE,
    CLOCK,
    PROCESS_INSTANCE,
    ROLE,
    TASK,
    TASK_CODE,
    TASK_IO,
)
from workflows.people.visibility import REVIEW_FORMS, REVIEWS, names_infection, names_review

STATUS = {"created": "ready", "claimed": "accepted", "completed": "completed", "cancelled": "cancelled"}
OPEN = ("ready", "accepted", "in-progress")
ON_HOLD, HELD, TURNED = "on-hold", {"text": "流程已挂起，暂不办理"}, {"text": "流程已转向，任务取消"}
UNSIGNED = frozenset({"adverse-event"})  # may be filled in without a name: who took it is not said either
DUE_SOON = timedelta(days=2)  # ux: a warning that still leaves a working day; pages say so at the same moment


def to_task(task: TaskRecord, case: Case, *, response_id: str | None = None) -> Json:
    """The task as it stands after the step. The owner stays the organisation that answers for it; who took it
    is an extension, so that a station's work list finds tasks before and after somebody took them."""
    data = task.wait.data
    due = instant(data.get("due")) or instant(data.get("until"))
    is_open = task.state in ("created", "claimed")
    begun_at = local_text(task.created_at)
    end = task.completed_at or (case.at if task.state == "cancelled" else None)
    own = {
        "extension": _extensions(task, due),
        "identifier": [{"system": TASK, "value": str(task.id)}],
        "basedOn": present(reference("CarePlan", case.instance_id if case.patient_id else None)),
        "groupIdentifier": {"system": PROCESS_INSTANCE, "value": case.instance_id},
        "status": ON_HOLD if is_open and case.is_suspended else STATUS[task.state],
        "statusReason": TURNED if task.state == "cancelled" else HELD if is_open and case.is_suspended else None,
        "businessStatus": business_status(due, case.at) if is_open and due else None,
        "focus": case.episode or (reference("Organization", data.get("organisation")) if not case.patient_id else None),
        "for": case.subject,
        "executionPeriod": {"start": begun_at, "end": local_text(end)} if end else None,
        "authoredOn": begun_at,
        "lastModified": local_text(max(task.completed_at or case.at, task.created_at)),
        "restriction": _restriction(instant(data.get("window_from")), due),
        "output": [_output(response_id)] if response_id else None,
    }
    return {"resourceType": "Task", "id": str(task.id), **filled({**_drawn(task, case), **own})}


def _drawn(task: TaskRecord, case: Case) -> Json:
    """What the diagram says of the task, alike in all cases."""
    data = task.wait.data
    name, form = data.get("name"), data.get("form")
    kind = kebab(task.wait.element_id.removeprefix("task_"))
    also = [coding(TASK_CODE, form)] if form and form != kind else []
    return {
        "meta": _label(task.wait.element_id, form, case.definition_key),
        "instantiatesCanonical": f"{CANONICAL_BASE}/ActivityDefinition/{kind}|{case.definition_version}",
        "intent": "order",
        "priority": _priority(data.get("priority")),
        "code": concept(TASK_CODE, kind, name, *also),
        "description": name or task.wait.element_id,
        "performerType": [concept(ROLE, str(role)) for role in data.get("candidate_roles") or ()],
        "owner": reference("Organization", data.get("organisation")),
        "input": _input(form, data.get("form_version")),
    }


def _label(element_id: str, form: str | None, process: str) -> Json | None:
    """That it is there at all may tell of an infection, or of a death and its review."""
    if process in REVIEWS or form in REVIEW_FORMS or names_review(element_id):
        return very_restricted()
    return restricted() if names_infection(element_id) else None


def _extensions(task: TaskRecord, due: str | None) -> list[Json]:
    data = task.wait.data
    found: list[Json] = []
    if data.get("organisation"):
        found.append({"url": CANDIDATES, "valueReference": reference("Organization", data["organisation"])})
    if task.assignee and data.get("form") not in UNSIGNED:
        found.append({"url": ASSIGNEE, "valueReference": person(task.assignee)})
    if data.get("clock") and due:
        parts: list[Json] = [
            {"url": "id", "valueCode": str(data["clock"])},
            {"url": "started", "valueDateTime": local_text(task.created_at)},
            {"url": "due", "valueDateTime": due},
        ]
        found.append({"url": CLOCK, "extension": parts})
    return found


def business_status(due: str, at: datetime) -> Json:
    """As of the step that wrote it; between steps `due` tells."""
    return concept(BUSINESS_STATUS, *standing(due, at))


def standing(due: str, at: datetime) -> tuple[str, str]:
    """How near the end of the time is; a day is over when it is over."""
    if _is_before(due, at):
        return "overdue", "已逾期"
    return ("due-soon", "即将到期") if _is_before(due, at + DUE_SOON) else ("on-time", "期限内")


def _is_before(due: str, at: datetime) -> bool:
    now = local_text(at)
    return due[:10] < now[:10] if len(due) == 10 else due < now


def _priority(number: Any) -> str:
    value = number if isinstance(number, int) else 50
    return "asap" if value >= 90 else "urgent" if value >= 70 else "routine"


def _restriction(start: str | None, end: str | None) -> Json | None:
    period = {name: value for name, value in (("start", start), ("end", end)) if value}
    return {"period": period} if period else None


def _input(form: str | None, version: int | None) -> list[Json]:
    if not form:
        return []
    canonical = f"{CANONICAL_BASE}/Questionnaire/{form}" + (f"|{version}" if version else "")
    return [{"type": concept(TASK_IO, "questionnaire"), "valueCanonical": canonical}]


def _output(response_id: str) -> Json:
    found = reference("QuestionnaireResponse", response_id)
    return {"type": concept(TASK_IO, "questionnaire-response"), "valueReference": found}


def begun(task: Json, at: datetime) -> Json:
    """A task that somebody has begun to fill in: the engine keeps drafts apart from its steps."""
    return {**task, "status": "in-progress", "lastModified": local_text(at)}


def held(task: Json, at: datetime) -> Json | None:
    """An open task whose process is held: it rests, whoever had it. None for one that rests or is over."""
    if task["status"] not in OPEN:
        return None
    return _with_status(task, ON_HOLD, at, statusReason=HELD)


def let_go(task: Json, status: str, at: datetime) -> Json | None:
    """A task that rested, as it was: `status` is what its holder and draft say. None for one that did not rest."""
    if task["status"] != ON_HOLD:
        return None
    due = task.get("restriction", {}).get("period", {}).get("end")
    return _with_status(task, status, at, businessStatus=business_status(due, at) if due else None)


def _with_status(task: Json, status: str, at: datetime, **more: Json | None) -> Json:
    """Its elements in the order in which `to_task` writes them."""
    made: Json = {}
    for name, value in task.items():
        if name == "status":
            made |= {"status": status, **({"statusReason": more["statusReason"]} if more.get("statusReason") else {})}
        elif name == "lastModified":
            made[name] = local_text(at)
        elif name == "businessStatus" and "businessStatus" in more:
            made |= filled({name: more[name]})
        elif name != "statusReason":
            made[name] = value
    return made
