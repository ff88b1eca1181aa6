"""Incidents that the store itself opens, and what it keeps so that they can be tried again."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from engine.commands.contracts import Submission
from engine.commands.records import StepRecord

LONGEST_REASON = 500  # an exception's text may hold a whole document


def projection_incident(record: StepRecord, problem: str) -> dict[str, Any]:
    """The row of an incident for a step whose projection failed. `detail` keeps what the step cannot be asked again."""
    tasks = (*record.closed_tasks, *record.opened_tasks, *record.changed_tasks)
    place = tasks[0].wait if tasks else None
    return {
        "id": uuid5(record.instance_id, f"projection/{record.revision}"),
        "wait_id": None,
        "element_id": place.element_id if place else record.definition_key,
        "path": place.path if place else "",
        "kind": "projection",
        "message_zh": f"记录未能写入投影：{problem[:LONGEST_REASON]}",
        "message_en": f"the record could not be projected: {problem[:LONGEST_REASON]}",
        "detail": {
            "closed": [task.id for task in record.closed_tasks],
            "submission": _stored(record.submission),
        },
    }


def machinery_incident(
    instance_id: UUID, wait_id: int, element_id: str, path: str, kind: str, message: str
) -> dict[str, Any]:
    """The row of an incident for a wait that the machinery could not serve."""
    return {
        "id": uuid5(instance_id, f"{kind}-incident/{wait_id}"),
        "instance_id": instance_id,
        "wait_id": wait_id,
        "element_id": element_id,
        "path": path,
        "kind": kind,
        "message_zh": f"“{path}”多次执行失败：{message[:LONGEST_REASON]}",
        "message_en": f"{path} failed repeatedly: {message[:LONGEST_REASON]}",
    }


def submission_of(detail: dict[str, Any]) -> Submission | None:
    stored = detail.get("submission")
    return Submission(**stored) if stored else None


def _stored(submission: Submission | None) -> dict[str, Any] | None:
    if submission is None:
        return None
    return {
        "form": submission.form,
        "form_version": submission.form_version,
        "answers": submission.answers,
        "response": submission.response,
        "source": submission.source,
    }
