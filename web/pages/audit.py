"""Who looked at what and did what: the auditor's first page. It names records by their number, never by a name."""

from __future__ import annotations

from flask import g, render_template, request

from web.pages.blueprint import bp, services

ROWS = 50


@bp.get("/audit")
def audit() -> str:
    """The trail, newest first, narrowed to an account or a record; the look itself leaves a row."""
    actor, subject = request.args.get("actor", "")[:100], request.args.get("subject", "")[:100]
    last = request.args.get("before", "")
    before = int(last) if last.isdecimal() and len(last) < 19 else None
    people = services().people
    rows = people.newest(actor=actor or None, subject_id=subject or None, before=before, limit=ROWS + 1)
    people.audit(g.principal, "search", "audit", None)
    names = people.names({row["actor_id"] for row in rows})
    return render_template(
        "audit.html",
        rows=rows[:ROWS],
        names=names,
        actor=actor,
        subject=subject,
        older=rows[ROWS - 1]["id"] if len(rows) > ROWS else None,
    )
