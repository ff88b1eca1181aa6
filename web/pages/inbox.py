"""What hospital systems sent and what could not be matched: a person sees what it says and decides whose it is.

An address names the item alone. Whoever may not know of a resource or its patient sees only that something waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for

from engine.errors import Incorrect, NotFound
from fhir_adapters.access import Viewer
from fhir_adapters.inbound.evidence import Case, Evidence, cases_of, evidence_of
from fhir_adapters.inbound.inbox import DecideInboxItem
from fhir_adapters.store import inbound, resources
from web.pages.blueprint import bp, services
from workflows import audited

MOST = 100
LONGEST_REASON = 1000
STATES = {"open": ("open",), "decided": ("assigned", "dismissed")}


@dataclass(frozen=True, kw_only=True)
class Row:
    """`evidence` None: not the caller's to see, nor to decide."""

    item: inbound.InboxItem
    evidence: Evidence | None
    cases: list[Case]


@bp.get("/inbox")
def inbox() -> str:
    """What waits, oldest first, or what was decided."""
    state = request.args.get("state", "")
    state = state if state in STATES else "open"
    with _looking() as conn:
        rows = [_row(conn, item) for item in inbound.inbox(conn, services().region_id, STATES[state], MOST)]
        women = {row.item.patient_id for row in rows if row.evidence and row.item.patient_id}
        services().people.record_access(
            conn, principal=g.principal, interaction="search", resource_type="inbox", patient_ids=women
        )
    names = services().people.names({row.item.decided_by for row in rows if row.item.decided_by})
    done = request.args.get("done") == "1"
    return render_template("inbox.html", rows=rows, state=state, states=list(STATES), names=names, done=done)


@bp.post("/inbox/<uuid:item_id>/assignment")
def assign_inbox_item(item_id: UUID) -> Response:
    """It belongs to this case of hers."""
    chosen = request.form.get("episode_id", "")
    if chosen not in {case.id for case in _decidable(item_id).cases}:
        raise Incorrect("请选择一个个案", "choose a case", code="case")
    return _decide(DecideInboxItem(item_id=item_id, episode_id=chosen), {})


@bp.post("/inbox/<uuid:item_id>/dismissal")
def dismiss_inbox_item(item_id: UUID) -> Response:
    """It belongs to no case, or was seen to; the resource stays stored."""
    reason = request.form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Incorrect("请填写理由，不超过 1000 字", "give a reason of at most 1000 characters", code="reason")
    _decidable(item_id)
    return _decide(DecideInboxItem(item_id=item_id, episode_id=None), {"reason": reason})


@contextmanager
def _looking() -> Iterator[Any]:
    """What the caller may not know of is not there; what is read and the trace of it stand or fall together."""
    with services().pool.connection() as conn, conn.transaction():
        resources.narrow(conn, Viewer.of(g.principal))
        yield conn


def _row(conn: Any, item: inbound.InboxItem) -> Row:
    asked = (conn, services().region_id, item, Viewer.of(g.principal))
    found = evidence_of(*asked)
    return Row(item=item, evidence=found, cases=cases_of(*asked) if found else [])


def _decidable(item_id: UUID) -> Row:
    """Raises NotFound also where the item is about somebody whom the caller may not know of."""
    with _looking() as conn:
        item = inbound.inbox_item(conn, services().region_id, item_id)
        row = _row(conn, item) if item else None
    if row is None or row.evidence is None:
        raise NotFound("没有此待办项", "no such item")
    return row


def _decide(command: DecideInboxItem, detail: dict[str, Any]) -> Response:
    audited.execute(services(), command, g.principal, "inbox-item", command.item_id, detail)
    return redirect(url_for("web.inbox", done=1), 303)  # type: ignore[return-value]
