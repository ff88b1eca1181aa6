"""User task -> Task as a row for the store, through a stencil: the same as `to_task` written at length, in a fifth of
the time. Two or three go with every step of every process."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from engine.clock import CHINA
from engine.contracts import TaskRecord
from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, instant
from fhir_adapters.mappings.task import standing, to_task
from fhir_adapters.stencils import MOST_KEPT, Row, Stencils, is_id, mark
from workflows.people.visibility import REVIEWS

_ID, _INSTANCE, _PATIENT = mark("task"), mark("instance"), mark("patient")
_PREGNANCY, _ASSIGNEE, _RESPONSE = mark("pregnancy"), mark("assignee"), mark("response")
_CREATED = datetime(1973, 3, 3, 3, 3, 3, 333333, tzinfo=CHINA)
_AT = datetime(1974, 4, 4, 4, 4, 4, 444444, tzinfo=CHINA)
_FROM = {False: "1971-01-01T01:01:01.111111+08:00", True: "1971-11-11"}  # by whether it is a day
_DUE = {  # by whether it is a day, and how near it is
    (False, "on-time"): "1975-05-05T05:05:05.555555+08:00",
    (True, "on-time"): "1975-12-25",
    (False, "due-soon"): "1974-04-05T05:05:05.555555+08:00",
    (True, "due-soon"): "1974-04-05",
    (False, "overdue"): "1972-02-02T02:02:02.222222+08:00",
    (True, "overdue"): "1972-12-22",
}
_DAY = 10  # letters
_stencils = Stencils()


def task_row(region_id: str, task: TaskRecord, case: Case, response_id: str | None) -> Row | None:
    """None for what has to be written at length: an id that is no plain word, a task that rests or is from after its
    step."""
    data = task.wait.data
    at, created_at, completed_at = case.at, task.created_at, task.completed_at
    patient, pregnancy, assignee = case.patient_id, case.pregnancy_id, task.assignee
    if case.is_suspended or created_at > at or (completed_at is not None and completed_at != at):
        return None
    if not _are_ids(patient, pregnancy, assignee, response_id):
        return None
    given_due, given_start = data.get("due") or data.get("until"), data.get("window_from")
    due = (instant(data.get("due")) or instant(data.get("until"))) if given_due else None
    start = instant(given_start) if given_start else None
    now = local_text(at)
    dates = (
        bool(start) and len(start or "") == _DAY,
        bool(due) and len(due or "") == _DAY,
        standing(due, at)[0] if due else "on-time",
    )
    roles = data.get("candidate_roles")
    key = (
        *(case.definition_key in REVIEWS, task.wait.element_id, case.definition_version),
        *(data.get("name"), data.get("form"), data.get("form_version")),
        *(data.get("priority"), tuple(roles) if roles else (), data.get("organisation"), data.get("clock"), task.state),
        *(completed_at is None, patient is None, pregnancy is None, assignee is None, response_id is None),
        *(start is None, due is None, dates),
    )
    stencil = _stencils.of(region_id, key, partial(_example, task, case, response_id, dates))
    if stencil is None:
        return None
    id_ = str(task.id)
    values = (
        *(id_, case.instance_id, patient, pregnancy, assignee, response_id),
        *(local_text(created_at), now, start, due),
    )
    return stencil.row(id_, pregnancy, values)


@lru_cache(maxsize=MOST_KEPT)
def _are_ids(*given: str | None) -> bool:
    return all(one is None or is_id(one) for one in given)


def _example(
    task: TaskRecord, case: Case, response_id: str | None, dates: tuple[bool, bool, str]
) -> tuple[Json, tuple[str, ...]]:
    """The task with marks, and these in the order of the values. `dates`: whether it begins on a day, is due on one,
    and how near that is."""
    data = task.wait.data
    start, due = _FROM[dates[0]], _DUE[dates[1:]]
    dated: dict[str, Any] = {"window_from": start if data.get("window_from") else None, "due": None, "until": None}
    if data.get("due") or data.get("until"):
        dated["due"] = due
    marked_id: Any = _ID
    marked = replace(
        task,
        id=marked_id,
        wait=replace(task.wait, data={**data, **dated}),
        assignee=task.assignee and _ASSIGNEE,
        created_at=_CREATED,
        completed_at=task.completed_at and _AT,
    )
    about = replace(
        case,
        instance_id=_INSTANCE,
        patient_id=case.patient_id and _PATIENT,
        pregnancy_id=case.pregnancy_id and _PREGNANCY,
        at=_AT,
    )
    marks = (*(_ID, _INSTANCE, _PATIENT, _PREGNANCY, _ASSIGNEE, _RESPONSE), local_text(_CREATED), local_text(_AT))
    return to_task(marked, about, response_id=response_id and _RESPONSE), (*marks, start, due)
