"""What does not go on by itself: incidents, timers that are late, messages without a receiver, jobs, batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for

from engine.commands.contracts import AssignIncident, RetryIncident, RetryMessage, SkipIncident
from engine.errors import Incorrect, NotFound
from engine.operations import batches
from engine.store import job_reads, plain, unattended_reads
from web.pages.blueprint import bp, now, services
from workflows import audited

ROWS = 100


def _late_timers(conn: Any, region: str) -> list[Any]:
    return list(unattended_reads.timers(conn, region, due_before=now(), limit=ROWS))


TABS: dict[str, Callable[[Any, str], list[Any]]] = {
    "incidents": lambda conn, region: list(unattended_reads.incident_list(conn, region, limit=ROWS)),
    "timers": _late_timers,
    "messages": lambda conn, region: list(unattended_reads.messages(conn, region, limit=ROWS)),
    "jobs": lambda conn, region: list(job_reads.jobs(conn, region, limit=ROWS)),
    "batches": lambda conn, region: list(batches.batches(conn, region, limit=ROWS)),
}


@bp.get("/operations")
def operations() -> str:
    """One tab of what needs somebody; each with its cause and its owner."""
    tab = request.args.get("tab", "")
    tab = tab if tab in TABS else "incidents"
    with services().engine.read() as conn:
        rows = TABS[tab](conn, services().region_id)
    return render_template("operations.html", tab=tab, tabs=list(TABS), rows=rows, done=request.args.get("done") == "1")


@bp.post("/operations/incidents/<uuid:incident_id>/<action>")
def settle_incident(incident_id: UUID, action: str) -> Response:
    """Try again or skip, with repaired values where some are given; or say whose it is."""
    values = variables(request.form.get("variables", ""))
    if action == "owner":
        command: Any = AssignIncident(incident_id=incident_id, owner=request.form.get("owner", "").strip()[:100])
    elif action in ("retry", "skip"):
        kind = RetryIncident if action == "retry" else SkipIncident
        command = kind(incident_id=incident_id, variables=values)
    else:
        raise NotFound("没有这个操作", "no such operation")
    audited.execute(services(), command, g.principal, "incident", incident_id)
    return _back("incidents")


@bp.post("/operations/messages/<uuid:message_id>/delivery")
def resend_message(message_id: UUID) -> Response:
    """Try to deliver a message again whose delivery had failed."""
    audited.execute(services(), RetryMessage(message_id=message_id), g.principal, "message", message_id)
    return _back("messages")


def variables(text: str) -> dict[str, Any]:
    """A JSON object typed by an operator; nothing typed is an empty one. Raises Malformed, Incorrect."""
    value = plain.loads(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise Incorrect("变量应为 JSON 对象", "the variables must be a JSON object")
    return value


def _back(tab: str) -> Response:
    return redirect(url_for("web.operations", tab=tab, done=1), 303)  # type: ignore[return-value]
