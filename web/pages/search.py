"""Finding a woman: the words travel in the body of a POST, so that no name ever stands in an address or a log."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request

from engine.store import reads
from web import risk, woman
from web.looking import looking
from web.pages.blueprint import bp, services, today

SHORTEST = 2  # one letter would list a county


@bp.post("/search")
def search() -> str:
    """By name, pinyin initials, last four of the identity card, phone, or handbook number."""
    words = request.form.get("q", "").strip()[:50]
    if len(words) < SHORTEST:
        return render_template("search.html", words=words, found=None)
    services().people.record_view(g.principal, interaction="search")
    with looking() as conn:
        found = services().patients.search(conn, words, g.principal.organisations)
        women = [{**person, **_state(conn, person["pregnancy_id"])} for person in found]
    return render_template("search.html", words=words, found=women)


def _state(conn: Any, pregnancy_id: str) -> dict[str, Any]:
    """Her week and colours, from the process."""
    instance = reads.instance_by_business_key(conn, services().region_id, woman.MAIN, pregnancy_id)
    known = instance.variables if instance else {}
    return {
        "gestational_age": woman.week_text(known, today()),
        "chips": risk.chips(known, g.principal.roles),
    }
