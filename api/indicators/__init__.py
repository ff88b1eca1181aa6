"""`/api/indicators`: the numbers of the pathway for the county, and the women behind each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import fields

from api.answers import reply
from api.requests import Strict, idempotency, load, only, principal, text
from engine.errors import Malformed
from fhir_adapters import submitting
from fhir_adapters.store import submitted as store
from workflows import indicators
from workflows.services import Services


class ReportBody(Strict):
    period = text(40, required=True)
    organisation = text(100)
    replaces = fields.UUID()
    reason = text(200)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("indicators", __name__, url_prefix="/api/indicators")

    @bp.get("")
    def report() -> Response:
        """Every indicator in a period, by organisation; null where nothing records it yet.
        `?period=2026Q3&organisation=`"""
        only("period", "organisation")
        period, organisation = _period(), request.args.get("organisation") or None
        with services.people.reading(principal(), "search", "indicator", None) as conn:
            found = indicators.report(services, conn, period, organisation=organisation)
        return reply(indicators.report_json(found))

    @bp.get("/<indicator>/women")
    def women(indicator: str) -> Response:
        """The women behind a number, with the reason of each who is not met or left out. `?period=&organisation=`"""
        only("period", "organisation")
        period, organisation = _period(), request.args.get("organisation") or None
        with services.people.reading(principal(), "search", "indicator", indicators.definition(indicator).id) as conn:
            rows, hidden = indicators.listed(
                services, conn, indicator, period, by=principal(), organisation=organisation
            )
        return reply(indicators.women_json(rows, hidden))

    @bp.get("/reports")
    def submitted() -> Response:
        """Reports that were handed in, the newest first, with what replaces each."""
        only()
        with services.people.reading(principal(), "search", "indicator", None) as conn:
            found = store.reports(conn, services.region_id)
        return reply({"items": [_json(one) for one in found]})

    @bp.post("/reports")
    def submit() -> tuple[Response, int]:
        """Hand in the indicators of a period that is over: they are kept as MeasureReports and never change. A
        correction names the report that it replaces and why. `{"period","organisation"?,"replaces"?,"reason"?}`
        409 handed in before."""
        asked = load(ReportBody())
        period = indicators.read_period(asked["period"])
        done = submitting.submit(
            services,
            period,
            by=principal(),
            organisation=asked.get("organisation"),
            replaces=asked.get("replaces"),
            reason=asked.get("reason"),
            key=idempotency(),
        )
        return reply(_json(done)), 201

    @bp.get("/reports/<uuid:report_id>")
    def submitted_report(report_id: UUID) -> Response:
        """A report as it was handed in, and beside each number what is counted today."""
        only()
        with services.people.reading(principal(), "read", "indicator", str(report_id)) as conn:
            report, rows = submitting.beside(services, conn, report_id)
        told = [
            {
                "id": row.indicator,
                "submitted": dict(row.then),
                "now": {
                    "numerator": row.now.numerator,
                    "denominator": row.now.denominator,
                    "denominator-exclusion": row.now.excluded,
                },
                "differs": row.differs,
            }
            for row in rows
        ]
        return reply({**_json(report), "indicators": told})

    return bp


def _json(one: store.Submitted) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "period": {"first": one.first.isoformat(), "last": one.last.isoformat()},
        "organisation": one.organisation,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "late": one.is_late,
        "submitted_at": one.submitted_at.isoformat(),
        "submitted_by": one.submitted_by,
        "submitter": one.submitter,
        "replaces": str(one.replaces) if one.replaces else None,
        "reason": one.reason,
        "replaced_by": str(one.replaced_by) if one.replaced_by else None,
    }


def _period() -> indicators.Period:
    text = request.args.get("period")
    if not text:
        raise Malformed("请给 period，如 2026Q3", "give a period such as 2026Q3", code="query")
    return indicators.read_period(text)
