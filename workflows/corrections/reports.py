"""The reports of a case (P06), and which result each of them rests on: told by the result's key, not by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.store import reads
from workflows.policies.gradings import place_of
from workflows.services import Services

REPORT = "task_report_risk"
BASIS = "grading_key"  # of the report form: the key of the result that it rests on
MOST = 50  # of one pregnancy


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report that was asked for and not called back. `key`: of the result; None for one of before reports had it,
    which is told by when it was asked for."""

    asked_at: datetime
    is_sent: bool
    key: str | None = None


def of_case(services: Services, tx: Any, pregnancy_id: str, variables: Mapping[str, Any]) -> list[Report]:
    """Those that were sent, and the one that is open: a new one calls back the one before it."""
    asked: dict[str, Any] = {"business_key": pregnancy_id, "element_id": REPORT, "limit": MOST}
    sent = reads.user_tasks(tx.conn, tx.region_id, state="completed", **asked).items
    waiting = reads.user_tasks(tx.conn, tx.region_id, state="open", **asked).items
    key = variables.get("report_key")
    return [
        *(Report(asked_at=task.created_at, is_sent=True, key=_basis(services, tx, task)) for task in sent),
        *(Report(asked_at=task.created_at, is_sent=False, key=str(key) if key else None) for task in waiting),
    ]


def place(report: Report, variables: Mapping[str, Any]) -> int | None:
    """Where in `gradings` the result stands that it rests on; None where that result was amended while it was in
    force, and for a report older than all of them."""
    if report.key is not None:
        return place_of(variables, report.key)
    before = [n for n, said in enumerate(variables["gradings"]) if _moment(said) <= report.asked_at]
    return before[-1] if before else None


def _basis(services: Services, tx: Any, task: Any) -> str | None:
    response = services.patients.response_to(tx.conn, task.id, restricted=True)
    form = services.forms.get(task.form, task.form_version, conn=tx.conn)
    if response is None or form is None or BASIS not in form.by_link_id:
        return None
    key = form.answers_from_response(dict(response)).get(BASIS)
    return None if key is None else str(key)


def _moment(said: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(said["graded_at"])).replace(microsecond=0)
