"""未识别的消息: what hospital systems sent otherwise than over FHIR, and what of it waits for a person.

An address names the arrival alone. Its text is covered but for its structure where the caller may not know of her.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for

from fhir_adapters.arrivals.desk import STATES, Desk
from fhir_adapters.store.arrivals import Outcome
from web.pages.blueprint import bp, services

MOST = 100


@bp.get("/arrivals")
def arrivals() -> str:
    state = request.args.get("state", "")
    state = state if state in STATES else "open"
    rows = _desk().listed(state, MOST)
    return render_template("arrivals.html", rows=rows, state=state, states=list(STATES), done=request.args.get("done"))


@bp.get("/arrivals/<uuid:arrival_id>")
def arrival(arrival_id: UUID) -> str:
    return render_template("arrival.html", shown=_desk().shown(arrival_id, g.principal), done=request.args.get("done"))


@bp.post("/arrivals/<uuid:arrival_id>/retry")
def retry_arrival(arrival_id: UUID) -> Response:
    """Looked at again as it came."""
    return _then(_desk().retry(arrival_id, g.principal))


@bp.post("/arrivals/<uuid:arrival_id>/correction")
def correct_arrival(arrival_id: UUID) -> Response:
    """A corrected copy takes its place; what came stays as it came."""
    text, reason = request.form.get("text", ""), request.form.get("reason", "")
    return _then(_desk().correct(arrival_id, text, reason, g.principal))


@bp.post("/arrivals/<uuid:arrival_id>/discard")
def discard_arrival(arrival_id: UUID) -> Response:
    return _then(_desk().discard(arrival_id, request.form.get("reason", ""), g.principal))


def _desk() -> Desk:
    return Desk(services())


def _then(outcome: Outcome) -> Response:
    """To the list where it is settled, else to what is still wrong with it."""
    if outcome.state in STATES["open"]:
        where = url_for("web.arrival", arrival_id=outcome.arrival_id, done=outcome.state)
    else:
        where = url_for("web.arrivals", done=outcome.state)
    return redirect(where, 303)  # type: ignore[return-value]
