"""How a version of a process is used: counts and times on the diagram, and the same as a table."""

from __future__ import annotations

from typing import Any

from flask import g, render_template

from engine.store import insight, reads
from web.language import gettext as _
from web.pages.blueprint import bp, now, services
from web.text import span

WARMEST = 4  # shades; the words beside them say the same
SHOWN = frozenset({"userTask", "serviceTask", "sendTask", "receiveTask", "callActivity", "subProcess"})
HOLDERS = frozenset({"callActivity", "subProcess"})
SHADED = SHOWN - {"subProcess"}  # its colour would lie over everything inside


@bp.get("/design/<key>/<int:version>/statistics")
def statistics(key: str, version: int) -> str:
    """404 where there is no such version."""
    with services().engine.read() as conn:
        found = insight.statistics(conn, services().region_id, key, version, now())
        definition = reads.definition(conn, services().region_id, "process", key, version)
    g.shows_diagram = True
    used = [one for one in found.elements if one.entered or one.open or one.incidents]
    return render_template(
        "statistics.html",
        definition=definition,
        found=found,
        used=used,
        standing={one.element_id: _standing(one) for one in used},
        marks=_marks(found.elements),
    )


def _standing(one: Any) -> int:
    """How many stand here: what waits, or in what holds others what has begun and not ended."""
    return max(one.open, one.entered - one.completed - one.cancelled) if one.kind in HOLDERS else one.open


def _marks(elements: Any) -> dict[str, dict[str, Any]]:
    """What is drawn on an element: how many stand there, how many went on and how long that took as a rule. The
    shade is the share of the longest of these times."""
    longest = max((one.p50_s or 0.0 for one in elements if one.kind in SHADED), default=0.0)
    marks = {}
    for one in elements:
        if one.kind in SHOWN and one.entered:
            shade = round(WARMEST * (one.p50_s or 0.0) / longest) if longest and one.kind in SHADED else 0
            here = _standing(one)
            words = _("%(open)s 在办 · %(done)s 次 · %(time)s", open=here, done=one.completed, time=span(one.p50_s))
            marks[one.element_id] = {"text": words.removesuffix(" · "), "shade": shade, "open": here}
    return marks
