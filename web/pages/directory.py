"""The directory of institutions and their staff: lines, the change log, gaps, learning and workload."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Incorrect
from web.blank import one_case
from web.errors import STATUS
from web.pages.blueprint import bp, places, services, today
from web.pages.indicators import period_asked
from workflows.institutions import directory, staff


@bp.get("/institutions/directory")
def directory_page() -> str:
    """Every institution with its lines; of one, also the change log and the form for another line."""
    return _page()


@bp.post("/institutions/directory")
def add_line() -> Response:
    """303 to the institution; 422 with what was typed."""
    sent = request.form
    kind, place = sent.get("kind", ""), sent.get("organisation", "")
    try:
        directory.add(
            services(),
            by=g.principal,
            organisation=place,
            kind=kind,
            fields={name.removeprefix("f_"): value for name, value in sent.items() if name.startswith("f_") and value},
            since=_day("since"),
            until=_day("until"),
            line_id=UUID(one_case(sent.get("idempotency_key", ""))),
        )
    except Incorrect as error:
        return make_response(_page(error), STATUS[error.category])
    return redirect(url_for("web.directory_page", organisation=place), 303)  # type: ignore[return-value]


@bp.post("/institutions/directory/<uuid:line_id>/withdrawal")
def withdraw_line(line_id: UUID) -> Response:
    directory.withdraw(services(), line_id, by=g.principal)
    place = request.form.get("organisation") or None
    return redirect(url_for("web.directory_page", organisation=place), 303)  # type: ignore[return-value]


@bp.get("/institutions/staff")
def staff_page() -> str:
    """Posts against what the region wants, licences that end, who learnt this year, and who did how much."""
    period, _ = period_asked()
    with services().engine.read() as conn:
        worked = staff.workload(services(), conn, g.principal, period)
    services().people.audit(g.principal, "search", "institution", None)
    return render_template(
        "institution_staff.html",
        period=period,
        standards=staff.standards(services(), g.principal),
        learners=staff.learners(services(), g.principal, today().year),
        ending=staff.ending(services(), g.principal, today()),
        worked=worked,
    )


def _page(error: Any = None) -> str:
    asked = request.values.get("organisation", "")
    place = places().get(asked)
    found = directory.lines(services(), organisation=place.id if place else None)
    kept = [one for one in directory.kinds().values() if place and directory.may_keep(g.principal, one, place.id)]
    chosen = next((one for one in kept if one.id == request.values.get("kind")), None)
    return render_template(
        "institution_directory.html",
        place=place,
        all_places=sorted(places().values(), key=lambda one: (one.kind, one.id)),
        place_kinds=directory.KINDS_OF_INSTITUTION,
        kinds=directory.kinds(),
        lines=[line for line in found if place or line.kind in ("level", "line", "on_call")],
        log=directory.lines(services(), organisation=place.id, all=True) if place else [],
        kept=kept,
        chosen=chosen,
        error=error,
        typed=request.form,
        faults={fault.path: fault.message for fault in (error.faults if error else ())},
        idempotency_key=request.form.get("idempotency_key") or str(one_case("")),
    )


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Incorrect("日期应为 YYYY-MM-DD", "a date is YYYY-MM-DD", code="date") from None
