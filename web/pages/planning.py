"""A migration as a page asks for it: what lies between two versions, and what a person has chosen for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.operations.suggestion import Between, Row
from engine.store import reads
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


@dataclass(frozen=True, kw_only=True)
class Section:
    between: Between
    lines: tuple[Line, ...]  # what differs, and where somebody stands
    unchanged: int  # elements that keep their id, say the same, and have nobody at them
    timers: tuple[Line, ...]  # deadlines that say something else


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
    shown = [line for line in lines if _needs_a_look(line)]
    return Section(
        between=between,
        lines=tuple(sorted(shown, key=lambda line: ("gone", "renamed", "changed", "kept").index(line.row.fate))),
        unchanged=len(lines) - len(shown),
        timers=tuple(line for line in shown if line.row.is_timer and "event" in line.row.what),
    )


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


def versions(conn: Any, key: str) -> list[Any]:
    """Every version of a process, the newest first."""
    every = reads.definitions(conn, services().region_id)
    return sorted((d for d in every if d.kind == "process" and d.key == key), key=lambda d: -d.version)
