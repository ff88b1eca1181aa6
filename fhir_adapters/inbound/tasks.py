"""A Task put by an outside system -> claim, start, release, complete (§9.3). Its other elements are the engine's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from engine.commands.contracts import ClaimUserTask, CompleteUserTask, ReleaseUserTask
from engine.errors import EngineError
from fhir_adapters.inbound import referrals
from fhir_adapters.inbound.answers import complete, keep_draft, outputs_of
from fhir_adapters.issues import FhirError, Issue, not_found, translate
from fhir_adapters.store import resources
from fhir_adapters.types import is_referral
from fhir_adapters.work import Item, Json, Work, refuse_at
from workflows import task_access

FINAL = frozenset({"completed", "cancelled", "failed", "rejected", "entered-in-error"})
MOVES = {
    ("ready", "accepted"): "claim",
    ("ready", "in-progress"): "start",
    ("accepted", "in-progress"): "start",
    ("accepted", "ready"): "release",
    ("in-progress", "ready"): "release",
    ("ready", "completed"): "complete",
    ("accepted", "completed"): "complete",
    ("in-progress", "completed"): "complete",
}
KEPT = (
    *("identifier", "instantiatesCanonical", "basedOn", "groupIdentifier", "intent", "priority", "code", "description"),
    *("focus", "for", "authoredOn", "restriction", "input", "requester", "businessStatus"),
)

BY_BOTH = frozenset({"businessStatus"})  # of a referral: each side says how far she has come


def receive(work: Work) -> None:
    """Every Task of the request, in its order."""
    for item in work.items:
        if item.entry.type == "Task" and item.entry.method == "PUT":
            _move(work, item)


def _move(work: Work, item: Item) -> None:
    assert item.resource is not None
    known = resources.read(work.conn, work.region_id, "Task", item.id, work.viewer, letters="u")
    task_id = _uuid(item.id)
    loop = known is not None and is_referral(known[0].resource())
    if known is None or (task_id is None and not loop):
        raise not_found(item.entry.at)
    stored, asked = known[0].resource(), item.resource
    etag = known[0].etag
    if item.entry.if_match is None:
        text = "修改任务须给出 If-Match", "If-Match is required on a Task"
        raise refuse_at(400, item.entry.at, "required", "MCH-C-001", *text, etag=etag)
    if stored["status"] == asked["status"] and _same_meaning(stored, asked) and not (loop and _moved(stored, asked)):
        if item.entry.if_match == known[0].version:  # who has seen this very version means what he changes
            _refuse_edits(stored, asked, item)
        return
    if stored["status"] in FINAL:
        if loop:
            referrals.note_late(work, stored, asked)
        text = f"任务已是 {stored['status']}", f"the task is {stored['status']} already"
        raise refuse_at(409, f"{item.entry.at}.status", "conflict", "MCH-T-010", *text, etag=etag)
    if item.entry.if_match != known[0].version:
        text = "任务已有新版本，请重新读取", "a newer version of the task is stored, read it again"
        raise refuse_at(412, item.entry.at, "conflict", "MCH-C-002", *text, etag=etag)
    _refuse_edits(stored, asked, item, BY_BOTH if loop else frozenset())
    if loop:
        referrals.move(work, item, stored)
        return
    assert task_id is not None
    move = MOVES.get((stored["status"], asked["status"]))
    if move is None:
        allowed = " | ".join(to for start, to in MOVES if start == stored["status"])
        text = "不允许的状态变更", "this change of status is not possible"
        raise refuse_at(422, f"{item.entry.at}.status", "business-rule", "MCH-T-011", *text, allowed=allowed)
    try:
        found = task_access.find(work.services, work.conn, task_id, work.by)
        found.require_may_complete()
    except EngineError as error:
        raise translate(error) from error
    _ACTIONS[move](work, item, found.task)


def _same_meaning(stored: Json, asked: Json) -> bool:
    """The same status again changes nothing, unless another answer is given to a completed task."""
    return not outputs_of(asked) or outputs_of(asked) == outputs_of(stored) or stored["status"] not in FINAL


def _moved(stored: Json, asked: Json) -> bool:
    """Whether a referral stands elsewhere than it did, in the words of the loop."""
    return bool(asked.get("businessStatus")) and asked["businessStatus"] != stored.get("businessStatus")


def _refuse_edits(stored: Json, asked: Json, item: Item, free: frozenset[str] = frozenset()) -> None:
    issues = [
        Issue(
            type="business-rule",
            code="MCH-O-001",
            zh="此元素由流程引擎维护",
            en="this element is kept by the engine",
            expression=f"{item.entry.at}.{name}",
        )
        for name in KEPT
        if name in asked and name not in free and not _equal(asked[name], stored.get(name))
    ]
    if issues:
        raise FhirError(422, issues)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str) and one != other:
        try:
            return datetime.fromisoformat(one) == datetime.fromisoformat(other)
        except (ValueError, TypeError):
            return False
    return bool(one == other)


def _claim(work: Work, item: Item, task: Any) -> None:
    assert item.resource is not None
    if "owner" not in item.resource:
        text = "领取任务须给出 owner", "owner is needed to accept a task"
        raise refuse_at(422, f"{item.entry.at}.owner", "required", "MCH-T-012", *text)
    work.run(ClaimUserTask(user_task_id=task.id, assignee=work.by.id, expected_revision=task.revision))


def _release(work: Work, item: Item, task: Any) -> None:
    if task.assignee != work.by.id:
        text = "只有领取者可以退回任务", "only who took the task may give it back"
        raise refuse_at(403, item.entry.at, "forbidden", "MCH-T-013", *text)
    work.run(ReleaseUserTask(user_task_id=task.id, expected_revision=task.revision))


def _start(work: Work, item: Item, task: Any) -> None:
    keep_draft(work, task.id, dict(task.draft or {}), task.revision)


def _complete(work: Work, item: Item, task: Any) -> None:
    if not task.form:
        work.run(CompleteUserTask(user_task_id=task.id, expected_revision=task.revision))
        return
    answers = outputs_of(item.resource)
    response = next((i for i in work.items if i.reference in answers), None) or _stored_response(work, item, answers)
    if response is None:
        text = "须在 output 中给出已完成的问卷", "output must name the completed QuestionnaireResponse"
        raise refuse_at(422, f"{item.entry.at}.output", "required", "MCH-T-014", *text)
    complete(work, task.id, response, expected_revision=task.revision)


def _stored_response(work: Work, item: Item, answers: list[str]) -> Item | None:
    for reference in answers:
        id_ = reference.partition("/")[2]
        found = resources.read(work.conn, work.region_id, "QuestionnaireResponse", id_, work.viewer, letters="cr")
        if found is not None and not found[0].deleted:
            return Item(entry=item.entry, id=id_, resource=found[0].resource())
    return None


_ACTIONS = {"claim": _claim, "release": _release, "start": _start, "complete": _complete}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
