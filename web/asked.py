"""What was asked before a step that answers: a transfer is accepted or refused over the sheet that asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import g

from engine.store import reads
from web import forms
from web.language import current
from web.pages.blueprint import services, today
from workflows.task_access import form_of, over

ASK = frozenset(
    {"transfer-request", "consultation-request", "handover-request", "blood-request", "appointment-request"}
)
MOST = 50  # [default]: steps of one case that are looked through


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A finished step of the same request: its task, who did it, and every field that was answered."""

    task: Any
    by: str
    lines: Sequence[forms.Spoken]


def before(conn: Any, task: Any) -> list[Asked]:
    """The request that this open task is about and what was said to it since, the oldest first. What the reader may
    not know stays out."""
    if not task.is_open:
        return []
    done = reads.user_tasks(
        conn, services().region_id, instance_id=task.instance_id, state="completed", order="created", limit=MOST
    ).items
    scope = task.path.rpartition("/")[0]
    inside = [one for one in done if one.path.rpartition("/")[0] == scope]
    inside.sort(key=lambda one: (str(one.completed_at), one.wait_id))
    first = max((n for n, one in enumerate(inside) if one.form in ASK), default=None)
    if first is None:
        return []
    found = [one for one in inside[first:] if one.form]
    names = services().people.names({one.completed_by for one in found if one.completed_by})
    said = [Asked(task=one, by=names.get(one.completed_by, ""), lines=_lines(conn, one)) for one in found]
    return [one for one in said if one.lines]


def _lines(conn: Any, task: Any) -> list[forms.Spoken]:
    response = services().patients.response_to(conn, task.id, restricted=g.principal.restricted)
    form = form_of(services(), over(conn), task)
    if response is None or form is None:
        return []
    answers = form.answers_from_response(dict(response))
    told = forms.spoken(form, answers, on=today(), context={}, lang=current())
    return [one for one in told if one.value]
