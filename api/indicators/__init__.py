"""`/api/indicators`: the numbers of the pathway for the county, and the women behind each."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.answers import reply
from api.requests import only, principal
from engine.errors import Malformed
from workflows import indicators
from workflows.services import Services


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

    return bp


def _period() -> indicators.Period:
    text = request.args.get("period")
    if not text:
        raise Malformed("请给 period，如 2026Q3", "give a period such as 2026Q3", code="query")
    return indicators.read_period(text)
