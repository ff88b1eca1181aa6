"""The rules of the region: what a county reports when, its score sheet, and what its pack says with how sure we are."""

from __future__ import annotations

import re
from functools import cache

from flask import Response, g, render_template, request

from engine.errors import Incorrect, NotFound
from web.pages.blueprint import bp, services
from web.pages.indicators import FILES, period_asked
from workflows import indicators, parameters, unsure
from workflows.institutions import directory, reviews
from workflows.regions import Pack

POINTS = re.compile(r"p(\d{1,2})")


@bp.get("/reports")
def reports() -> str:
    """What falls due in a period, and the quarter's score sheet where the region has one."""
    period, _ = period_asked()
    rules = pack()
    sheet = _sheet(period, rules) if _has_sheet(rules) and period.is_quarter else None
    return render_template(
        "reports.html",
        period=period,
        pack=rules,
        due=indicators.due_dates(rules, period),
        sheet=sheet,
        points={f"p{number}": value for number, value in _points().items()},
    )


@bp.get("/reports/score.<kind>")
def score_file(kind: str) -> Response:
    """The score sheet as printed, with what is computed filled in."""
    if kind not in FILES:
        raise NotFound("没有这种文件", "no such kind of file")
    period, _ = period_asked()
    table = indicators.score_table(_sheet(period, pack()))
    services().people.audit(g.principal, "export", "indicator", None)
    content = indicators.workbook([table]) if kind == "xlsx" else indicators.as_csv(table)
    headers = {"Content-Disposition": f'attachment; filename="score-{period.text}.{kind}"'}
    return Response(content, content_type=FILES[kind], headers=headers)


@bp.get("/region")
def region_rules() -> str:
    """What of the pack an installation has to confirm, where its sources contradict each other, and its validity."""
    rules = pack()
    told = [(one, unsure.kind_of(one)) for one in rules.contradictions]
    leaves = rules.leaves()
    words = parameters.words(rules)
    return render_template(
        "region.html", pack=rules, told=told, values=unsure.values(rules), rows=_rows(), words=words, leaves=leaves
    )


def pack() -> Pack:
    """The pack of this installation."""
    found: Pack = services().regions(services().settings.pack)
    return found


def _has_sheet(rules: Pack) -> bool:
    return "quarterly_score" in (rules.values.get("returns") or {})


def _sheet(period: indicators.Period, rules: Pack) -> indicators.ScoreSheet:
    with services().people.reading(g.principal, "search", "indicator", None) as conn:
        report = indicators.report(services(), conn, period, pack=rules)
        noted = reviews.noted(services(), conn, period, g.principal)
    own = {line.body["number"]: (line.body["points"], line.body["scoring"]) for line in _own_rules()}
    return indicators.score_sheet(report, rules, _points(), rules=own, noted=noted)


def _own_rules() -> list[directory.Line]:
    """The county's own scoring rules, the newest last."""
    found = directory.lines(services(), kind="score_rule")
    return sorted(found, key=lambda line: line.recorded_at)


def _points() -> dict[int, int]:
    """Points that the county sets itself: `p5=5` in the address."""
    given = {}
    for name, value in request.args.items():
        if (found := POINTS.fullmatch(name)) and value:
            if not (value.isascii() and value.isdecimal()):
                raise Incorrect("分值应为整数", "points are whole numbers", code="points")
            given[int(found[1])] = int(value[:4])
    return given


@cache
def _rows() -> list[unsure.Row]:
    """Rows of the tables do not change while the process runs."""
    return unsure.rows()
