"""What does not go on by itself: incidents, late timers, messages without a receiver, jobs, what hospital systems were
not told yet, batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for

from engine.commands.contracts import AssignIncident, RetryIncident, RetryMessage, SkipIncident
from engine.errors import Incorrect, NotFound
from engine.operations import batches
from engine.store import job_reads, plain, unattended_reads
from engine.timers import HOLIDAYS_AHEAD, known_until
from fhir_adapters.store.subscriptions import Subscribed, Subscriptions
from fhir_adapters.subscriptions.replay import replay
from web.pages.blueprint import bp, now, services, today
from workflows import audited
from workflows.protected_places import told_rows

ROWS = 100


def _late_timers(conn: Any, region: str) -> list[Any]:
    return list(unattended_reads.timers(conn, region, due_before=now(), limit=ROWS))


@dataclass(frozen=True, kw_only=True)
class Told:
    """One subscription, and since when its first event waits. What it asks for may name a woman: not shown."""

    found: Subscribed
    oldest_at: datetime | None

    @property
    def waiting(self) -> int:
        return self.found.event_count - self.found.sent_number


def _subscriptions(conn: Any, region: str) -> list[Told]:
    """By client; those in trouble first."""
    rows = Subscriptions(conn, region)
    found = [Told(found=one, oldest_at=rows.oldest_waiting(one)) for one in rows.of()]
    return sorted(found, key=lambda one: (one.found.client, one.found.status != "error", one.found.id))


TABS: dict[str, Callable[[Any, str], list[Any]]] = {
    "incidents": lambda conn, region: list(unattended_reads.incident_list(conn, region, limit=ROWS)),
    "timers": _late_timers,
    "messages": lambda conn, region: list(unattended_reads.messages(conn, region, limit=ROWS)),
    "jobs": lambda conn, region: list(job_reads.jobs(conn, region, limit=ROWS)),
    "subscriptions": _subscriptions,
    "batches": lambda conn, region: list(batches.batches(conn, region, limit=ROWS)),
}


@bp.get("/operations")
def operations() -> str:
    """One tab of what needs somebody; each with its cause and its owner."""
    tab = request.args.get("tab", "")
    tab = tab if tab in TABS else "incidents"
    with services().engine.read() as conn:
        rows = TABS[tab](conn, services().region_id)
    if tab in ("incidents", "timers"):
        rows = told_rows(g.principal, rows)
    return render_template(
        "operations.html",
        tab=tab,
        tabs=list(TABS),
        rows=rows,
        done=request.args.get("done") == "1",
        holidays_end=known_until() if (known_until() - today()).days < HOLIDAYS_AHEAD else None,
    )


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


@bp.post("/operations/subscriptions/<subscription_id>/replay")
def replay_subscription(subscription_id: str) -> Response:
    """Tell it again, beginning with this event."""
    first = request.form.get("from", "").strip()
    if not (first.isascii() and first.isdecimal() and int(first[:12]) > 0):
        raise Incorrect("起始编号应为正整数", "the number to begin with is a whole number from 1", code="from")
    with services().pool.connection() as conn, conn.transaction():
        id_ = replay(conn, services().region_id, subscription_id, int(first[:12]), now())
        services().people.audit(g.principal, "replay", "subscription", id_, {"from": int(first[:12])}, conn=conn)
    return _back("subscriptions")


def variables(text: str) -> dict[str, Any]:
    """A JSON object typed by an operator; nothing typed is an empty one. Raises Malformed, Incorrect."""
    value = plain.loads(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise Incorrect("变量应为 JSON 对象", "the variables must be a JSON object")
    return value


def _back(tab: str) -> Response:
    return redirect(url_for("web.operations", tab=tab, done=1), 303)  # type: ignore[return-value]
