"""The rows that follow from a step: a pure function of the waits that opened, closed or changed.

Nothing but the diff decides which rows exist, so `yuntu reconcile` can compute them again from the states alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from engine.commands.records import incident_id, job_id, task_id
from engine.interpreter.contracts import Diff, Happened, Published, Wait, WaitKind
from engine.lifecycle import UserTaskState

Row = dict[str, Any]


def rows_of(
    instance_id: UUID, diff: Diff, before: Mapping[int, Wait], completed: int | None, forms: Mapping[str, int]
) -> dict[str, list[Any]]:
    """Rows by the names that `save_rows` knows. `before`: the waits as they were, because a job that failed for good
    becomes an incident under the same id. `completed`: the wait of the user task that a person finished. `forms`: the
    pinned version of each form."""
    turned = [wait for wait in diff.changed if before[wait.id].kind is not wait.kind]
    opened = [*diff.opened, *diff.changed]
    closed = [*diff.closed, *(before[wait.id] for wait in turned)]
    rows: dict[str, list[Any]] = {}
    for wait in opened:
        table = OPENED.get(wait.kind)
        if table is not None:
            rows.setdefault(table[0], []).append(table[1](instance_id, wait, forms))
    for wait in closed:
        _close(rows, instance_id, wait, completed)
    return rows


def _close(rows: dict[str, list[Any]], instance_id: UUID, wait: Wait, completed: int | None) -> None:
    if wait.kind is WaitKind.USER_TASK:
        state = UserTaskState.COMPLETED if wait.id == completed else UserTaskState.CANCELLED
        rows.setdefault("tasks_done", []).append({"id": task_id(instance_id, wait.id), "state": state})
    elif wait.kind is WaitKind.JOB:
        rows.setdefault("jobs_closed", []).append(job_id(instance_id, wait.id))
    elif wait.kind is WaitKind.INCIDENT:
        rows.setdefault("incidents_closed", []).append(incident_id(instance_id, wait.id))
    elif wait.kind in CLOSED:
        rows.setdefault(CLOSED[wait.kind], []).append(wait.id)


def _task(instance_id: UUID, wait: Wait, forms: Mapping[str, int]) -> Row:
    data = wait.data
    form = data.get("form")
    return {
        **_place(wait),
        "id": task_id(instance_id, wait.id),
        "name": data.get("name"),
        "form": form,
        "form_version": data.get("form_version") or (forms.get(form) if form else None),
        "candidate_roles": data.get("candidate_roles") or [],
        "candidate_users": data.get("candidate_users") or [],
        "organisation": data.get("organisation"),
        "assignee": data.get("assignee"),
        "priority": data.get("priority", 50),
        "window_from": data.get("window_from"),
        "due_at": data.get("due"),
        "until_at": data.get("until"),
        "clock": data.get("clock"),
        "state": opened_state(wait),
    }


def opened_state(wait: Wait) -> str:
    return UserTaskState.CLAIMED if wait.data.get("assignee") else UserTaskState.CREATED


def _timer(_: UUID, wait: Wait, __: Mapping[str, int]) -> Row:
    return {**_place(wait), "due_at": wait.data["due"], "misfire": wait.data.get("misfire") or "fire_once"}


def _subscription(_: UUID, wait: Wait, __: Mapping[str, int]) -> Row:
    return {**_place(wait), "name": wait.data["name"], "key": wait.data["key"]}


def _signal(_: UUID, wait: Wait, __: Mapping[str, int]) -> Row:
    return {**_place(wait), "name": wait.data["name"]}


def _job(instance_id: UUID, wait: Wait, _: Mapping[str, int]) -> Row:
    data = wait.data
    return {
        **_place(wait),
        "id": job_id(instance_id, wait.id),
        "type": data["type"],
        "headers": data.get("headers") or {},
        "variables": data.get("variables") or {},
        "retries": data.get("retries", 3),
    }


def _incident(instance_id: UUID, wait: Wait, _: Mapping[str, int]) -> Row:
    data = wait.data
    return {
        **_place(wait),
        "id": incident_id(instance_id, wait.id),
        "kind": data["code"],
        "message_zh": data["message_zh"],
        "message_en": data["message_en"],
        "detail": None,
    }


def _place(wait: Wait) -> Row:
    return {"wait_id": wait.id, "element_id": wait.element_id, "path": wait.path}


OPENED = {
    WaitKind.USER_TASK: ("tasks", _task),
    WaitKind.TIMER: ("timers", _timer),
    WaitKind.MESSAGE: ("subscriptions", _subscription),
    WaitKind.SIGNAL: ("signals", _signal),
    WaitKind.JOB: ("jobs", _job),
    WaitKind.INCIDENT: ("incidents", _incident),
}
CLOSED = {
    WaitKind.TIMER: "timers_closed",
    WaitKind.MESSAGE: "subscriptions_closed",
    WaitKind.SIGNAL: "signals_closed",
}


def history_rows(happened: Sequence[Happened]) -> list[Row]:
    return [
        {"ordinal": n, "path": h.path, "element_id": h.element_id, "event": h.event, "detail": h.detail}
        for n, h in enumerate(happened)
    ]


def message_rows(instance_id: UUID, revision: int, published: Iterable[Published]) -> list[Row]:
    """What the step gave out, with an id that the same step would give again."""
    return [
        {
            "id": uuid5(instance_id, f"message/{revision}/{n}"),
            "kind": message.kind,
            "name": message.name,
            "key": message.key or "",
            "payload": dict(message.payload),
        }
        for n, message in enumerate(published)
    ]


def told_events(instance_id: UUID, rows: Mapping[str, list[Any]], status: str | None) -> list[Row]:
    """What others may want to know of the step, for the outbox."""
    told = [{"event": f"user_task_{row['state']}", "id": row["id"]} for row in rows.get("tasks_done", ())]
    told += [{"event": "user_task_opened", "id": row["id"]} for row in rows.get("tasks", ())]
    told += [{"event": "incident_opened", "id": row["id"]} for row in rows.get("incidents", ())]
    if status is not None:
        told.append({"event": f"instance_{status}", "id": instance_id})
    return told
