"""Institutions at work: what they owe, what they tell each other, and the forms that begin either."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, Incorrect, NotFound
from engine.store import reads
from web.blank import one_case
from web.errors import STATUS
from web.pages.blueprint import bp, places, services, today
from workflows.institutions import calendar, matters


@bp.get("/institutions")
def institutions() -> str:
    """The duties of the caller's institutions, what was begun, and what may be."""
    with services().engine.read() as conn:
        periods = calendar.periods(services(), conn, g.principal, today())
        begun = matters.listed(services(), conn, g.principal)
    state = request.args.get("state", "")
    shown = [one for one in periods if not state or one.state == state]
    return render_template(
        "institutions.html",
        periods=shown,
        counts={name: sum(one.state == name for one in periods) for name in ("overdue", "open", "waiting", "done")},
        state=state,
        begun=begun,
        kinds=matters.kinds_for(g.principal),
        keeps=bool(g.principal.roles & calendar.KEEPERS),
    )


@bp.post("/institutions/calendar")
def take_up_duties() -> Response:
    """The duties of the region's institutions by today's table; those that run already are left alone."""
    calendar.take_up(services(), by=g.principal)
    return redirect(url_for("web.institutions"), 303)  # type: ignore[return-value]


@bp.get("/institutions/begin/<kind>")
def begin_form(kind: str) -> str:
    """Whom it is about: an institution, or the case named in the address."""
    return _begin_page(kind)


@bp.post("/institutions/begin/<kind>")
def begin_matter(kind: str) -> Response:
    """303 to the first form; 409 and 422 with the page again."""
    pregnancy = request.form.get("pregnancy") or None
    try:
        instance = matters.begin(
            services(),
            kind,
            by=g.principal,
            organisation=request.form.get("organisation") or None,
            pregnancy_id=pregnancy,
            matter_id=one_case(request.form.get("idempotency_key", "")),
        )
    except (Incorrect, Conflict) as error:
        return make_response(_begin_page(kind, error), STATUS[error.category])
    return redirect(url_for("web.task", task_id=_first_task(instance)), 303)  # type: ignore[return-value]


def _begin_page(kind: str, error: Any = None) -> str:
    known = matters.kinds().get(kind)
    if known is None or not known.roles & g.principal.roles:
        raise NotFound("没有这种事项", "no such kind of matter")
    meant = [one for one in places().values() if one.kind in known.at]
    return render_template(
        "institution_begin.html",
        kind=known,
        meant=meant,
        error=error,
        pregnancy=request.values.get("pregnancy", ""),
        idempotency_key=request.form.get("idempotency_key") or str(one_case("")),
    )


def _first_task(instance_id: UUID) -> Any:
    with services().engine.read() as conn:
        found = reads.user_tasks(conn, services().region_id, instance_id=instance_id, order="created", limit=1)
    return found.items[0].id
