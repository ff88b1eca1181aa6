"""The course of a case as text, from registration to now, for a review that begins with it ([seed:001 7])."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engine.clock import CHINA
from engine.store import reads
from workflows.duplicates import JOURNEY
from workflows.people.visibility import is_protected

FORMS = frozenset({"near-miss", "death-review"})  # a review that has an item `timeline`
CLOSING = "closure"  # a form with an item `tracing_log` (F-15)
TRACING = "tracing"
SAID = ("contact_way", "contact_result", "contact_detail", "reason")  # of each tracing, in this order
LONGEST = 3900  # characters of the item
COLOURS = {"green": "绿", "yellow": "黄", "orange": "橙", "red": "红"}
DATES = (("registered_on", "建册"), ("delivered_on", "分娩"), ("discharged_at", "出院"), ("ended_on", "结局"))


def of_case(conn: Any, region_id: str, pregnancy_id: str) -> str | None:
    """One line a day and thing, oldest first; None where there is no case. Infections are not named."""
    case = reads.instance_by_business_key(conn, region_id, JOURNEY, pregnancy_id)
    if case is None:
        return None
    asked: dict[str, Any] = {"business_key": pregnancy_id, "state": "completed", "order": "created", "limit": 500}
    return written(case.variables, reads.user_tasks(conn, region_id, **asked).items)


def tracings(services: Any, conn: Any, pregnancy_id: str) -> str | None:
    """One line for each time that somebody looked for her: the day, who was to, and what came of it; None where nobody
    had to."""
    asked: dict[str, Any] = {"business_key": pregnancy_id, "state": "completed", "order": "created", "limit": 500}
    lines = []
    for task in (one for one in reads.user_tasks(conn, services.region_id, **asked).items if one.form == TRACING):
        response = services.patients.response_to(conn, task.id, restricted=False)
        form = services.forms.get(TRACING, task.form_version, conn=conn)
        if response is not None and form is not None and task.completed_at is not None:
            given = form.answers_from_response(dict(response))
            said = [_in_words(form, name, given[name]) for name in SAID if given.get(name)]
            lines.append(f"{_day(task.completed_at)} {task.name or task.element_id}：{'，'.join(said)}")
    return "\n".join(lines)[:LONGEST] or None


def _in_words(form: Any, name: str, answer: Any) -> str:
    option = form.by_link_id[name].option(answer)
    return str(option.text.zh if option else answer)


def written(variables: Mapping[str, Any], tasks: Iterable[Any]) -> str:
    lines = [(str(variables[name])[:10], text) for name, text in _dates(variables) if variables.get(name)]
    for grading in variables.get("gradings") or ():
        colour = COLOURS.get(str(grading.get("colour")), str(grading.get("colour")))
        lines.append((str(grading.get("graded_at", ""))[:10], f"评估分级：{colour}"))
    for task in tasks:
        if task.completed_at is not None and not is_protected(task.path or task.element_id):
            late = "（逾期）" if task.due_at is not None and task.completed_at > task.due_at else ""
            lines.append((_day(task.completed_at), f"{task.name or task.element_id}{late}"))
    kept = sorted(dict.fromkeys(lines))
    text = "\n".join(f"{day} {what}" for day, what in kept)
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit("\n", 1)[0] + "\n…"


def _dates(variables: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """A woman who gave birth outside and was not admitted left no hospital."""
    if variables.get("born_outside") is not True:
        return DATES
    words = {"delivered_on": "院外分娩，未住院"}
    return [(name, words.get(name, text)) for name, text in DATES if name != "discharged_at"]


def _day(at: datetime) -> str:
    return at.astimezone(CHINA).date().isoformat()
