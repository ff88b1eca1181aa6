"""Screening items that the data show and the screener did not tick, each with a reason that the grading step reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from engine.store import reads
from workflows import prefill, tables
from workflows.forms import Form
from workflows.routing import code_of

FORM = "risk-screening"
SHOWN = "screening_shown"  # the name by which the form reads the codes of the items that the data show
REASON = "_why"  # `s_7_1_5_why`: why S-7.1.5 does not stand although the data show it
INFECTIONS = prefill.NAMED_BY_CODE  # told to whoever may know of purple, by the results themselves


def shown(form: Form, facts: Mapping[str, Any], variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    """For the form's expressions; empty for every form that does not ask for it."""
    return {SHOWN: prefill.screening_shown(facts, variables, on)} if SHOWN in form.context else {}


def of_answers(form: Form, answers: Mapping[str, Any]) -> list[str]:
    """One line for each item that was overruled, as the grading doctor reads it."""
    return list(_lines(form, answers))


def of_case(services: Any, conn: Any, pregnancy_id: str) -> list[str]:
    """Of the newest screening of a case."""
    asked: dict[str, Any] = {"business_key": pregnancy_id, "state": "completed", "order": "created", "limit": 500}
    done = [task for task in reads.user_tasks(conn, services.region_id, **asked).items if task.form == FORM]
    if not done:
        return []
    newest = max(done, key=lambda task: task.completed_at or task.created_at)
    form = services.forms.get(FORM, newest.form_version, conn=conn)
    response = services.patients.response_to(conn, newest.id, restricted=True)
    return of_answers(form, form.answers_from_response(dict(response))) if form and response else []


def _lines(form: Form, answers: Mapping[str, Any]) -> Iterable[str]:
    for name, reason in answers.items():
        item = name.removesuffix(REASON)
        if item != name and (code := code_of(item)) not in INFECTIONS:
            option = form.by_link_id[item].option(answers.get(item))
            row = tables.row_of(code) or {}
            said = option.text.zh if option else answers.get(item)
            yield f"{code} {row.get('text', '')}：数据显示为“是”，筛查者填“{said}”，理由：{reason}"
