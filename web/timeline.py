"""What has happened in a pregnancy, in words, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.clock import CHINA

SHOWN = {  # event of the history -> what it is on the page; everything else is the engine's own business
    "completed": "done",
    "received": "message",
    "fired": "deadline",
    "cancelled": "cancelled",
    "incident": "incident",
    "ended": "end",
    "terminated": "end",
}
OF = {  # which elements such a line may be about: a pause that is over, for one, is nobody's deadline
    "done": frozenset({"userTask"}),
    "cancelled": frozenset({"userTask"}),
    "deadline": frozenset({"boundaryEvent", "startEvent"}),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the timeline. `kind`: done message deadline cancelled incident end colour."""

    at: datetime
    kind: str
    title: str
    by: str | None
    week: str | None
    detail: Any = None
    task_id: Any = None  # where what was written down then can be read


@dataclass(frozen=True, kw_only=True)
class Place:
    """What an element of the history is: its kind and its name in the diagram that was running."""

    kind: str
    name: str
    is_inside: bool = False  # a sub-process or a called process: its end is not the end


def entries(
    history: Iterable[Any],
    place: Callable[[str], Place],
    week: Callable[[date], str | None],
    finished: Iterable[Any] = (),
) -> list[Entry]:
    """The history of an instance as a person reads it, newest first.

    `place(path)` names an element, `week(day)` the gestational age on a day in China. `finished` are the tasks of the
    instance whose records this person may open.
    """
    records = {(task.path, task.completed_at): task.id for task in finished}
    lines = [entry for row in history if (entry := _entry(row, place, week, records)) is not None]
    return sorted(lines, key=lambda entry: entry.at, reverse=True)


def _entry(
    row: Any, place: Callable[[str], Place], week: Callable[[date], str | None], records: Mapping[Any, Any]
) -> Entry | None:
    kind = SHOWN.get(row.event)
    if kind is None:
        return None
    here = place(row.path)
    if not here.name or here.kind not in OF.get(kind, {here.kind}):
        return None
    if kind == "end" and here.is_inside:
        return None
    on = row.at.astimezone(CHINA).date()
    record = records.get((row.path, row.at)) if kind == "done" else None
    return Entry(at=row.at, kind=kind, title=here.name, by=row.by, week=week(on), detail=row.detail, task_id=record)
