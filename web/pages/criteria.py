"""Whose grading another version of the criteria table would see differently (AC-34)."""

from __future__ import annotations

from flask import g, render_template

from web import risk
from web.pages.blueprint import bp, services, today
from web.woman import week_text
from workflows.corrections import criteria


@bp.get("/criteria-changes")
def criteria_changes() -> str:
    """Open cases keep their result until the next visit; the responsible doctor looks at them there."""
    with services().engine.read() as conn:
        versions = criteria.versions(services(), conn)
        found = criteria.affected(services(), conn, g.principal, today())
        banners = services().patients.banners(conn, [one.pregnancy_id for one in found])
    services().people.record_view(g.principal, interaction="search", detail={"list": "criteria-changes"})
    rows = [
        {
            "case": one,
            "name": banners.get(one.pregnancy_id, {}).get("name"),
            "week": week_text(one.variables, today()),
            "chips": risk.chips(one.variables, g.principal.roles),
        }
        for one in found
    ]
    return render_template("criteria_changes.html", versions=versions, rows=rows)
