"""What has been overdue for so long that it is the next level's to see. The task stays with whoever has to do it."""

from __future__ import annotations

from typing import Any

from flask import g, render_template

from engine.store import reads
from web import worklist
from web.pages.blueprint import bp, now, places, services
from workflows import escalation

MOST = 200


@bp.get("/escalations")
def escalations() -> str:
    """Overdue tasks that have come to the caller's step of the ladder, longest overdue first."""
    steps = escalation.ladder(services().regions(services().settings.pack))
    own = services().people.organisations().get(g.principal.organisation)
    mine = escalation.step_of(steps, g.principal.roles, own.kind if own else None)
    with services().engine.read() as conn:
        reached = _reached(conn, steps, mine) if mine else []
        rows = worklist.rows(services(), conn, [task for task, _ in reached], g.principal, places(), now())
    services().people.record_view(g.principal, interaction="search", detail={"list": "escalations"})
    levels = {task.id: [step.role for step in found] for task, found in reached}
    return render_template("escalations.html", rows=rows, levels=levels, steps=steps, mine=mine)


def _reached(conn: Any, steps: list[escalation.Step], mine: escalation.Step) -> list[tuple[Any, list[escalation.Step]]]:
    asked = {"organisations": g.principal.organisations, "overdue_at": escalation.earliest(mine, now())}
    tasks = list(reads.user_tasks(conn, services().region_id, limit=MOST, **asked).items)
    known = reads.variables(conn, services().region_id, [task.instance_id for task in tasks])
    found = []
    for task in tasks:
        urgent = escalation.is_urgent(known.get(task.instance_id, {}), task.definition_key)
        come = escalation.reached(steps, task.due_at, now(), urgent=urgent) if task.due_at else []
        if mine in come:
            found.append((task, come))
    return found
