"""The county's numbers: every indicator in a period, the women behind each, and both as files."""

from __future__ import annotations

from typing import Any

from flask import Response, g, render_template, request

from engine.errors import NotFound
from web.pages.blueprint import bp, places, services, today
from workflows import indicators

SHOWN = 300  # rows of a list on the page; the file has all
FILES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@bp.get("/indicators")
def indicators_report() -> str:
    """Numbers of the region or of one organisation; the current quarter unless the address says another period."""
    period, organisation = period_asked()
    with services().people.reading(g.principal, "search", "indicator", None) as conn:
        found = indicators.report(services(), conn, period, organisation=organisation)
    return render_template("indicators.html", report=found, organisation=organisation, organisations=_organisations())


@bp.get("/indicators/<indicator>")
def indicator_women(indicator: str) -> str:
    """Who is counted and who is not, with the reason; 404 for what nothing records yet."""
    period, organisation = period_asked()
    known = indicators.definition(indicator)
    with services().people.reading(g.principal, "search", "indicator", known.id) as conn:
        rows, hidden = indicators.listed(services(), conn, known.id, period, by=g.principal, organisation=organisation)
        names = services().patients.banners(conn, [row.pregnancy_id for row in rows[:SHOWN] if row.pregnancy_id])
    parts = {part: sum(row.part == part for row in rows) for part in ("numerator", "denominator", "excluded")}
    return render_template(
        "indicator.html",
        known=known,
        period=period,
        organisation=organisation,
        rows=rows[:SHOWN],
        count=len(rows),
        parts=parts,
        hidden=hidden,
        names=names,
    )


@bp.get("/indicators/report.<kind>")
def indicators_file(kind: str) -> Response:
    """The report as a workbook, or its first table as CSV."""
    period, organisation = period_asked()
    _kind(kind)
    with services().people.reading(g.principal, "export", "indicator", None) as conn:
        found = indicators.report(services(), conn, period, organisation=organisation)
    tables = indicators.report_tables(found, _names())
    return _file(tables, kind, f"indicators-{period.text}")


@bp.get("/indicators/<indicator>/women.<kind>")
def indicator_file(indicator: str, kind: str) -> Response:
    """The women behind a number, by the number of their record."""
    period, organisation = period_asked()
    _kind(kind)
    known = indicators.definition(indicator)
    with services().people.reading(g.principal, "export", "indicator", known.id) as conn:
        rows, hidden = indicators.listed(services(), conn, known.id, period, by=g.principal, organisation=organisation)
    return _file([indicators.women_table(known, rows, hidden, _names())], kind, f"{known.id}-{period.text}")


def period_asked() -> tuple[indicators.Period, str | None]:
    """What the address asks for; without a period the current quarter."""
    text = request.args.get("period", "").strip()
    period = indicators.read_period(text) if text else indicators.quarter_of(today())
    return period, request.args.get("organisation") or None


def _organisations() -> list[Any]:
    return [one for one in places().values() if one.id in g.principal.organisations]


def _names() -> dict[str, str]:
    return {one.id: one.name for one in places().values()}


def _kind(kind: str) -> None:
    if kind not in FILES:
        raise NotFound("没有这种文件", "no such kind of file")


def _file(tables: list[indicators.Table], kind: str, name: str) -> Response:
    content = indicators.workbook(tables) if kind == "xlsx" else indicators.as_csv(tables[0])
    safe = name.replace("/", "_")
    headers = {"Content-Disposition": f'attachment; filename="{safe}.{kind}"'}
    return Response(content, content_type=FILES[kind], headers=headers)
