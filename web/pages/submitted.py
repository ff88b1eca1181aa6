"""Reports that are handed in: what was said then, what is counted now, and the correction that refers to it."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import EngineError, NotFound
from fhir_adapters import submitting
from fhir_adapters.store import submitted as store
from web.errors import STATUS
from web.filling import idempotency
from web.pages.blueprint import bp, places, services, today
from workflows import indicators


@bp.get("/reports/submitted")
def submitted_reports() -> str:
    return _listed()


@bp.post("/reports/submitted")
def hand_in() -> Response:
    """303 to the report; the page with the reason where it cannot be handed in."""
    sent = request.form
    replaces = _replaced()
    try:
        done = submitting.submit(
            services(),
            indicators.read_period(sent.get("period", "").strip()),
            by=g.principal,
            organisation=sent.get("organisation") or None,
            replaces=replaces,
            reason=sent.get("reason", "")[:200] or None,
            key=idempotency(sent),
        )
    except EngineError as error:
        page = _one(replaces, error) if replaces else _listed(error)
        return make_response(page, STATUS[error.category])
    return redirect(url_for("web.submitted_report", report_id=done.id), 303)  # type: ignore[return-value]


@bp.get("/reports/submitted/<uuid:report_id>")
def submitted_report(report_id: UUID) -> str:
    """Each number as it was handed in, and beside it what is counted today."""
    return _one(report_id)


def _listed(error: EngineError | None = None) -> str:
    with services().people.reading(g.principal, "search", "indicator", None) as conn:
        found = store.reports(conn, services().region_id)
    own = [one for one in places().values() if one.id in g.principal.organisations]
    asked = request.form.get("period") or request.args.get("period") or _last_quarter(today()).text
    return render_template(
        "submitted_reports.html",
        rows=found,
        own=own,
        period=asked,
        organisation=request.form.get("organisation", ""),
        key=request.form.get("idempotency_key") or uuid4(),
        error=error,
    )


def _one(report_id: UUID, error: EngineError | None = None) -> str:
    with services().people.reading(g.principal, "read", "indicator", str(report_id)) as conn:
        report, rows = submitting.beside(services(), conn, report_id)
    return render_template(
        "submitted_report.html",
        report=report,
        rows=rows,
        names={one.id: one.name for one in indicators.definitions().values()},
        reason=request.form.get("reason", ""),
        key=request.form.get("idempotency_key") or uuid4(),
        error=error,
    )


def _replaced() -> UUID | None:
    """Which report is corrected. Raises NotFound for what no report can be."""
    text = request.form.get("replaces", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound("没有这份上报", "no such report") from None


def _last_quarter(on: date) -> indicators.Period:
    first = indicators.quarter_of(on).first
    return indicators.quarter_of(date.fromordinal(first.toordinal() - 1))
