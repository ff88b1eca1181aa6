"""One instance: where it stands, who did what when, and what may be done to it from outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for

from engine.commands.contracts import ActivateInstance, SetVariables, SuspendInstance, TerminateInstance
from engine.errors import NotFound
from engine.operations.way_back import came_from
from engine.store import reads, unattended_reads
from web.course import Course
from web.pages.blueprint import bp, services
from web.pages.operations import variables
from workflows import audited, history
from workflows.people.roles import OWNERS_OF_DIAGRAMS
from workflows.people.visibility import may_read_case
from workflows.protected_places import told_incidents, told_waits
from workflows.reading_cases import reading_cases

NEWEST = 300  # lines of history on the page
SIMPLE = {"suspend": SuspendInstance, "activate": ActivateInstance, "terminate": TerminateInstance}


@bp.get("/instances/<uuid:instance_id>")
def instance(instance_id: UUID) -> str:
    """404 for an instance the caller may not know of; every look leaves an audit row."""
    region = services().region_id
    with reading_cases(services(), g.principal) as conn:
        found = instance_for(conn, instance_id)
        lines = history.of_instance(services(), conn, g.principal, found)
        care = services().people.care_of(instance_id)
        waiting = told_waits(g.principal, care, reads.waiting(conn, region, instance_id))
        open_ones = unattended_reads.incident_list(conn, region, instance_id=instance_id)
        repairs = bool(g.principal.roles & OWNERS_OF_DIAGRAMS)
        incidents = told_incidents(g.principal, care, open_ones, repairs=repairs)
        before = came_from(conn, region, found.id, found.revision)
        course = Course(services(), conn, found, [], waiting)
        names = {path: course.place(path).name for path in {line.path for line in lines} | _paths(waiting, incidents)}
    services().people.audit(g.principal, "read", "instance", str(instance_id))
    return render_template(
        "instance.html",
        instance=found,
        lines=lines[: -NEWEST - 1 : -1],
        earlier=max(0, len(lines) - NEWEST),
        waiting=waiting,
        incidents=incidents,
        names=names,
        came_from=before,
        done=request.args.get("done") == "1",
    )


@bp.post("/instances/<uuid:instance_id>/<action>")
def operate_instance(instance_id: UUID, action: str) -> Response:
    """Hold, let go, end, or change variables; each with its reason in the history and a row in the audit."""
    reason = request.form.get("reason", "")[:1000]
    if action == "variables":
        command: Any = SetVariables(
            instance_id=instance_id, variables=variables(request.form.get("variables", "")), reason=reason
        )
    elif action in SIMPLE:
        command = SIMPLE[action](instance_id=instance_id, reason=reason)
    else:
        raise NotFound("没有这个操作", "no such operation")
    audited.execute(services(), command, g.principal, "instance", instance_id, {"reason": reason})
    return redirect(url_for("web.instance", instance_id=instance_id, done=1), 303)  # type: ignore[return-value]


def instance_for(conn: Any, instance_id: UUID) -> Any:
    """The caller's women, and what is about nobody; for owners of diagrams any."""
    found = reads.instance(conn, services().region_id, instance_id)
    if found is not None:
        care = services().people.care_of(instance_id)
        may_read = may_read_case(g.principal, found.definition_key, care)
        if not care or g.principal.roles & OWNERS_OF_DIAGRAMS or may_read:
            return found
    raise NotFound("没有此流程实例", "no such instance")


def _paths(waiting: list[Any], incidents: list[Any]) -> set[str]:
    return {wait.element_id for wait in waiting} | {one.path for one in incidents}
