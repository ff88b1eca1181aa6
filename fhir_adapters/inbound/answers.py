"""QuestionnaireResponse -> the user task it names is completed; one in progress is kept as its draft."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from engine.commands.contracts import SaveDraft
from engine.errors import EngineError, Incorrect
from engine.store import reads
from fhir_adapters.issues import FhirError, Issue, translate
from fhir_adapters.work import Item, Json, Work
from workflows import completion, task_access
from workflows.intake import REGISTRATION

_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")
_TASK = re.compile(r"Task/([0-9a-fA-F-]{36})")


def receive(work: Work) -> None:
    """Every response of the request that names a task, and the registration that came with the case."""
    handled = {response for item in work.items if item.entry.type == "Task" for response in outputs_of(item.resource)}
    for item in work.changed("QuestionnaireResponse"):
        if item.reference in handled or item.resource is None:
            continue
        task_id = task_of(item.resource) or _registration_task(work, item)
        if task_id is None:
            continue
        if item.resource.get("status") in ("completed", "amended"):
            complete(work, task_id, item)
        elif item.resource.get("status") == "in-progress":
            _keep_draft(work, task_id, item)


def task_of(response: Json) -> UUID | None:
    """The user task that `basedOn` names."""
    for reference in response.get("basedOn", ()):
        found = _TASK.fullmatch(str(reference.get("reference", "")).partition("/_history")[0])
        if found:
            return UUID(found[1])
    return None


def outputs_of(task: Json | None) -> list[str]:
    """References to QuestionnaireResponses in a Task's output."""
    outputs = (task or {}).get("output", ())
    found = [str(o.get("valueReference", {}).get("reference", "")) for o in outputs if isinstance(o, Mapping)]
    return [text.partition("/_history")[0] for text in found if text.startswith("QuestionnaireResponse/")]


def complete(work: Work, task_id: UUID, item: Item, expected_revision: int | None = None) -> None:
    """The form decides whether the answers hold. Raises FhirError with the place of every fault in the response."""
    assert item.resource is not None
    try:
        command = completion.command_for(
            work.services,
            work.conn,
            task_id,
            response=dict(item.resource),
            by=work.by,
            expected_revision=expected_revision,
            source=item.id,
        )
    except Incorrect as error:
        raise FhirError(422, _issues(error, item)) from error
    except EngineError as error:
        raise _at(translate(error), item.entry.at) from error
    work.run(command)


def _keep_draft(work: Work, task_id: UUID, item: Item) -> None:
    assert item.resource is not None
    try:
        found = task_access.find(work.services, work.conn, task_id, work.by)
        found.require_may_complete()
        form = task_access.form_of(work.services, task_access.over(work.conn), found.task)
        answers = form.answers_from_response(dict(item.resource)) if form else {}
        keep_draft(work, task_id, answers, None)
    except Incorrect as error:
        raise FhirError(422, _issues(error, item)) from error


def keep_draft(work: Work, task_id: UUID, answers: dict[str, Any], expected_revision: int | None) -> None:
    """What was filled in so far; the Task says that somebody has begun: `drafts`."""
    work.run(SaveDraft(user_task_id=task_id, draft=answers, expected_revision=expected_revision))


def _registration_task(work: Work, item: Item) -> UUID | None:
    """The case that this very request opens waits for its registration."""
    opening = work.opening
    if opening is None or item.patient_id != opening.patient_id or item.resource is None:
        return None
    name = str(item.resource.get("questionnaire", "")).partition("|")[0].rsplit("/", 1)[-1]
    if name != REGISTRATION:
        return None
    tasks = reads.user_tasks(work.conn, work.region_id, instance_id=opening.instance_id).items
    return next((task.id for task in tasks if task.form == REGISTRATION), None)


def _issues(error: Incorrect, item: Item) -> list[Issue]:
    items = (item.resource or {}).get("item", [])
    faults = error.faults or ()
    found = [
        Issue(
            type="invariant",
            code="MCH-V-0501",
            zh=f.message.zh,
            en=f.message.en,
            expression=f"{item.entry.at}{place_of(items, f.path)}",
        )
        for f in faults
    ]
    return found or [
        Issue(type="invariant", code="MCH-V-0501", zh=error.message.zh, en=error.message.en, expression=item.entry.at)
    ]


def _at(error: FhirError, at: str) -> FhirError:
    issues = [
        i if i.expression else Issue(type=i.type, code=i.code, zh=i.zh, en=i.en, expression=at) for i in error.issues
    ]
    return FhirError(error.status, issues)


def place_of(items: Any, path: str) -> str:
    """`fetus[1].weight_g` -> `.item[3].item[0]`: where the linkId stands in the response; `.item` when it is
    missing."""
    text, below = "", items
    for name, row in _STEP.findall(path):
        found = _find(below, name, int(row) if row else 0)
        if found is None:
            break
        text += found[0]
        below = found[1].get("item", ())
    return text or ("." + path if path == "questionnaire" else ".item")


def _find(items: Any, link_id: str, nth: int) -> tuple[str, Json] | None:
    same = [(f".item[{n}]", one) for n, one in enumerate(items) if one.get("linkId") == link_id]
    if same:
        return same[min(nth, len(same) - 1)]
    for number, one in enumerate(items):
        found = _find(one.get("item", ()), link_id, nth)
        if found:
            return f".item[{number}]{found[0]}", found[1]
    return None
