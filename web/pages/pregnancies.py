"""The woman's page: who she is, where she stands, what comes next, and everything that happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import g, render_template

from engine.errors import NotFound
from engine.store import reads
from web import diagram, outlines, risk, timeline, woman, worklist
from web.pages.blueprint import bp, now, places, services, today
from workflows.journey import gestational_age_text

LONGEST_LIST = 100


@bp.get("/pregnancies/<pregnancy_id>")
def pregnancy(pregnancy_id: str) -> str:
    """404 for a woman whom the caller may not know of; every look leaves an audit row."""
    with services().engine.read() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
        services().people.record_view(g.principal, interaction="read", pregnancy_id=pregnancy_id)
        region = services().region_id
        history = list(reads.history(conn, region, she.instance.id))
        waiting = list(reads.waiting(conn, region, she.instance.id))
        tasks = reads.user_tasks(conn, region, state="open", business_key=pregnancy_id, limit=LONGEST_LIST).items
        main = _main(conn, she)
        done, current = _done(history), _current(waiting, main)
        lines = timeline.entries(history, _places(conn, main, she.instance.pins), _weeks(she.variables))
        names = services().people.names({line.by for line in lines if line.by})
        rows = worklist.rows(services(), conn, list(tasks), g.principal, places(), now())
        links = services().patients.links(conn, pregnancy_id)
    g.shows_diagram = True
    return render_template(
        "pregnancy.html",
        woman=she,
        tasks=rows,
        entries=lines,
        names=names,
        changes=risk.changes(she.variables, g.principal.roles),
        steps=main.steps(done, current, _within(tasks)),
        markers={"done": sorted(done - current), "now": sorted(current)},
        links=links,
    )


def _main(conn: Any, she: woman.Woman) -> diagram.Outline:
    key, version = she.instance.definition_key, she.instance.definition_version
    found = outlines.of(services(), conn, key, version)
    if found is None:
        raise NotFound(f"没有流程“{key}”", f"no process {key}")
    return found


def _done(history: list[Any]) -> set[str]:
    """Elements of the main diagram that have been passed."""
    return {
        row.path for row in history if row.event in ("completed", "fired", "received", "ended") and "/" not in row.path
    }


def _current(waiting: list[Any], main: diagram.Outline) -> set[str]:
    """Elements of the main diagram at which, or inside which, something waits for people or time. Events that merely
    listen, at the edge of an activity or at the start of an event sub-process, are no place to be."""
    places = {wait.element_id.split("/")[0] for wait in waiting}
    return {place for place in places if main.kind_of(place) not in ("startEvent", "boundaryEvent")}


def _within(tasks: Any) -> dict[str, tuple[str, ...]]:
    """Call activity -> names of the tasks that are open inside what it calls."""
    inside: dict[str, tuple[str, ...]] = {}
    for task in tasks:
        call, _, rest = task.path.partition("/")
        if rest:
            inside[call] = (*inside.get(call, ()), task.name or task.element_id)
    return inside


def _places(conn: Any, main: diagram.Outline, pins: Any) -> Callable[[str], timeline.Place]:
    """Names for `call_a/task_b`: each call leads into the diagram it calls, in the version this case is pinned to."""
    called: dict[str, diagram.Outline | None] = {}

    def outline_of(key: str | None) -> diagram.Outline | None:
        if key is not None and key not in called:
            called[key] = outlines.of(services(), conn, key, (pins.get("process") or {}).get(key))
        return called.get(key) if key else None

    def place(path: str) -> timeline.Place:
        here: diagram.Outline | None = main
        *calls, last = path.split("/")
        for call in calls:
            element = here.elements.get(call) if here else None
            here = outline_of(element.calls if element else None)
        found = here.elements.get(last) if here else None
        if found is None:
            return timeline.Place(kind="", name="")
        return timeline.Place(kind=found.kind, name=found.name, is_inside=bool(calls or found.inside))

    return place


def _weeks(variables: Any) -> Callable[[date], str | None]:
    return lambda on: gestational_age_text(variables, on)
