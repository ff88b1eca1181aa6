"""Referrals as both sides did them: each step with the time that its side said, when it came here, when it was told."""

from __future__ import annotations

from typing import Any

from flask import Response, g, redirect, render_template, request, url_for

from engine.errors import NotFound
from engine.store import reads
from fhir_adapters.store import referrals as rows
from web.pages.blueprint import bp, services
from workflows import referral_ends
from workflows.referrals import LEAVES, state_of


@bp.get("/referrals")
def referrals() -> str:
    """Those that one of the reader's institutions sends or receives, the newest first."""
    with services().people.reading(g.principal, "search", "referral", None) as conn:
        found = rows.recent(conn, services().region_id, g.principal.organisations)
    return render_template("referrals.html", rows=found, places=services().people.organisations())


@bp.get("/referrals/<referral_no>")
def referral(referral_no: str) -> str:
    """404 for one that is none of the reader's institutions'."""
    steps, instance = _found(referral_no)
    with services().engine.read() as conn:
        waiting = reads.user_tasks(conn, services().region_id, instance_id=instance.id).items
    state, sides = state_of(instance.variables), referral_ends.sides(instance.variables)
    mine = {side for side, organisation in sides.items() if organisation in g.principal.organisations}
    can = [how for how, (states, side) in referral_ends.MAY_END.items() if state in states and side in mine]
    unsaid = "receiver" in mine and any(task.element_id == LEAVES for task in waiting)
    places = services().people.organisations()
    names = services().people.names({step.by for step in steps})
    return render_template(
        "referral.html",
        no=referral_no,
        steps=steps,
        state=state,
        sides=sides,
        waiting=waiting,
        can=can,
        unsaid=unsaid,
        places=places,
        names=names,
        reason=instance.variables.get("transfer_reason"),
        pregnancy_id=instance.business_key,
        done=request.args.get("done") == "1",
    )


@bp.post("/referrals/<referral_no>/<any(withdrawn, 'no-show', arrived):how>")
def end_referral(referral_no: str, how: str) -> Response:
    """403 for the other side's step, 409 when it is too late, 422 without a reason."""
    _, instance = _found(referral_no)
    if how == "arrived":
        referral_ends.is_here(services(), instance.id, by=g.principal)
    else:
        referral_ends.end(
            services(), instance.id, by=g.principal, how=how, reason=request.form.get("reason", "")[:1000]
        )
    return redirect(url_for("web.referral", referral_no=referral_no, done=1), 303)  # type: ignore[return-value]


def _found(referral_no: str) -> tuple[list[rows.Told], Any]:
    """Its steps and its process; the look is noted."""
    unknown = NotFound("没有此转诊，或与您的机构无关", "no such referral, or none of your institutions'")
    with services().people.reading(g.principal, "read", "referral", referral_no[:64]) as conn:
        steps = rows.steps(conn, services().region_id, referral_no)
        named = {one for step in steps for one in (step.organisation, step.counterpart)}
        if not steps or not named & g.principal.organisations:
            raise unknown
        instance = reads.instance(conn, services().region_id, steps[0].instance_id)
    if instance is None:
        raise unknown
    return steps, instance
