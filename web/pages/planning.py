"""A migration as a page asks for it: what lies between two versions, and what a person has chosen for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.operations.suggestion import Between, Row
from engine.store import plain, reads
from web.course import LISTENING
from web.pages.blueprint import services

GIVE_UP = "-"
RULES = ("keep", "recompute", "restart")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of the page: an element, how many stand there, and what was chosen for it ("" means: as suggested)."""

    row: Row
    field: str
    waiting: int
    chosen: str
    number: int = 0  # by which the page, and both diagrams, name it

    @property
    def goes_to(self) -> str | None:
        """The element of the new version; None: nowhere."""
        if self.chosen == GIVE_UP:
            return None
        return self.chosen or (None if self.row.fate == "gone" else self.row.element_id)


@dataclass(frozen=True, kw_only=True)
class Section:
    between: Between
    lines: tuple[Line, ...]  # what differs, and where somebody stands
    unchanged: int  # elements that keep their id, say the same, and have nobody at them
    timers: tuple[Line, ...]  # deadlines that say something else
    drawn: Mapping[str, Any]  # what the two diagrams are marked with, and what may be chosen on them


def sections(found: list[Between], waiting: Mapping[str, int], given: Mapping[str, str]) -> list[Section]:
    """What stays as it is and has nobody at it is only counted."""
    return [_section(one, waiting, given) for one in found]


def _section(between: Between, waiting: Mapping[str, int], given: Mapping[str, str]) -> Section:
    counts: dict[str, int] = {}
    for path, count in waiting.items():
        *calls, last = path.split("/")
        here = (calls or [last])[0] if between.is_root else last if calls else ""
        counts[here] = counts.get(here, 0) + count
    lines = [
        Line(
            row=row,
            field=field_of(between, row),
            waiting=counts.get(row.element_id, 0),
            chosen=given.get(field_of(between, row), _suggested(row)),
        )
        for row in between.rows
    ]
    looked_at = [line for line in lines if _needs_a_look(line)]
    looked_at.sort(key=lambda line: ("gone", "renamed", "changed", "kept").index(line.row.fate))
    shown = [replace(line, number=number) for number, line in enumerate(looked_at, 1)]
    return Section(
        between=between,
        lines=tuple(shown),
        unchanged=len(lines) - len(shown),
        timers=tuple(line for line in shown if line.row.is_timer and "event" in line.row.what),
        drawn=_drawn(between, lines, shown),
    )


def _drawn(between: Between, lines: list[Line], shown: list[Line]) -> dict[str, Any]:
    """`marks`: pairs that are numbered; `elements`: of the old version what a choice is sent as; `kinds`: of both, so
    that like is joined to like; `taken`: what of the new version keeps an id; `added`: what is new."""
    kinds = {line.row.element_id: line.row.kind for line in lines}
    new_kinds = {id: line.row.kind for line in lines for id, _ in line.row.choices}
    new_kinds |= {id: kind for id, _, kind in between.added}
    return {
        "key": between.key,
        "marks": [
            {
                "number": line.number,
                "from": line.row.element_id,
                "to": line.goes_to,
                "fate": line.row.fate,
                "waiting": line.waiting,
            }
            for line in shown
        ],
        "elements": {line.row.element_id: {"field": line.field, "kind": line.row.kind} for line in lines},
        "names": {line.row.element_id: line.row.name or "" for line in lines},
        "kinds": {"old": kinds, "new": new_kinds},
        "added": [id for id, _, _ in between.added],
    }


def _suggested(row: Row) -> str:
    return (row.to or "") if row.fate == "renamed" else ""


def _needs_a_look(line: Line) -> bool:
    stands = bool(line.waiting) and line.row.kind not in LISTENING
    return line.row.fate != "kept" or bool(line.chosen) or stands


def field_of(between: Between, row: Row) -> str:
    return f"map:{between.key}:{row.element_id}"


def parameters(found: list[Between], to: int, given: Mapping[str, str]) -> dict[str, Any]:
    """Of `MigrateInstance`, as a batch keeps them."""
    mapping: dict[str, Any] = {}
    called: dict[str, Any] = {}
    for between in found:
        chosen = {}
        for row in between.rows:
            value = given.get(field_of(between, row), "")
            if value:
                chosen[row.element_id] = None if value == GIVE_UP else value
        if between.is_root:
            mapping = chosen
        else:
            called[between.key] = {"version": between.new, "mapping": chosen}
    timers = {
        name.removeprefix("timer:"): value for name, value in given.items() if name.startswith("timer:") and value
    }
    return {"version": to, "mapping": mapping, "called": called, "timers": timers}


def seal(parameters: Mapping[str, Any], total: int) -> str:
    """Of a plan that was tried, on so many instances: what is begun afterwards is what was tried."""
    return hashlib.sha256(plain.dumps([parameters, total])).hexdigest()


def versions(conn: Any, key: str) -> list[Any]:
    """Every version of a process, the newest first."""
    every = reads.definitions(conn, services().region_id)
    return sorted((d for d in every if d.kind == "process" and d.key == key), key=lambda d: -d.version)
