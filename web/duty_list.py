"""The duties of each case on the woman's page: what is asked of the record and of her tasks to fill in the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine.errors import NotFound, Text
from engine.store import reads
from web.woman import Woman
from workflows.duties import ELEMENTS, Duty, Known, colours_of, duties
from workflows.people import Principal
from workflows.regions import Pack

CASE_FILE = "task_open_case_file"
NEWEST = 50  # tasks of one element in one pregnancy


def of(services: Any, conn: Any, woman: Woman, principal: Principal, now: datetime) -> list[Duty]:
    """Empty for a woman who is not high-risk as far as the reader may know."""
    colours = colours_of(woman.variables, may_know_purple=principal.restricted)
    if not colours:
        return []
    tasks = _tasks(services, conn, woman.pregnancy_id)
    known = Known(
        variables=woman.variables,
        tasks=tasks,
        case_file=_case_file(services, conn, tasks.get(CASE_FILE), principal),
        colours=colours,
        pack=_pack(services, woman),
        now=now,
    )
    return duties(known)


def pack_reason(services: Any, woman: Woman, on: date) -> Text | None:
    """Why the rules that her case was started with are for demonstration only; None where they are in force."""
    return _pack(services, woman).only_shown(on)


def _pack(services: Any, woman: Woman) -> Pack:
    """Her own; of a case older than the packs that come with this release, the installation's."""
    try:
        found: Pack = services.regions(str(woman.variables.get("pack") or services.settings.pack))
    except NotFound:
        found = services.regions(services.settings.pack)
    return found


def _tasks(services: Any, conn: Any, pregnancy_id: str) -> dict[str, Any]:
    """The newest task of each element that was not cancelled."""
    found = {}
    for element in ELEMENTS:
        asked: dict[str, Any] = {"business_key": pregnancy_id, "element_id": element, "state": None, "order": "created"}
        kept = [
            t for t in reads.user_tasks(conn, services.region_id, limit=NEWEST, **asked).items if t.state != "cancelled"
        ]
        if kept:
            found[element] = max(kept, key=lambda task: task.created_at)
    return found


def _case_file(services: Any, conn: Any, task: Any, principal: Principal) -> Mapping[str, Any] | None:
    """The answers of the case file; empty before it is filled in, None where they are not the reader's to know."""
    if task is None or task.completed_at is None:
        return {}
    response = services.patients.response_to(conn, task.id, restricted=principal.restricted)
    form = services.forms.get(task.form, task.form_version, conn=conn) if task.form else None
    if response is None or form is None:
        return None
    answers: Mapping[str, Any] = form.answers_from_response(dict(response))
    return answers
