"""A wrong last menstrual period: what would change is shown first, then a doctor is asked to settle it."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.commands.contracts import PublishMessage
from engine.errors import Conflict, EngineError, Incorrect
from web import woman
from web.errors import STATUS
from web.looking import looked_at
from web.pages.blueprint import bp, services, today
from workflows import corrections
from workflows.policies import lunar

PROPOSED = "message_redating_proposed"


@bp.get("/pregnancies/<pregnancy_id>/dates")
def correct_dates_form(pregnancy_id: str) -> str:
    return _page(looked_at(pregnancy_id))


@bp.post("/pregnancies/<pregnancy_id>/dates")
def correct_dates(pregnancy_id: str) -> Response:
    """The first time the effect; with `confirmed` a task for the doctor. Nothing moves before she has confirmed."""
    she = looked_at(pregnancy_id)
    lmp, reason = request.form.get("lmp", "").strip()[:20], request.form.get("reason", "")[:1000]
    ended = she.instance.status not in ("active", "suspended")
    try:
        effect = corrections.effect_of_lmp(she.variables, lmp, today(), ended=ended)
        reason = corrections.reason_of(reason)
    except (Incorrect, Conflict) as error:
        return make_response(_page(she, lmp, reason, error=error), STATUS[error.category])
    if request.form.get("confirmed") != effect.new_edd.isoformat():
        return make_response(_page(she, lmp, reason, effect=effect))
    payload = {
        "edd_proposed": effect.new_edd.isoformat(),
        "proposed_basis": "lmp",
        "proposed_lmp": effect.lmp.isoformat(),
        "proposed_reason": f"{reason}（所述农历：{lmp}）" if lunar.is_told(lmp) else reason,
    }
    services().engine.execute(
        PublishMessage(name=PROPOSED, key=she.pregnancy_id, payload=payload), by=g.principal.actor
    )
    services().people.record_view(g.principal, interaction="correct", pregnancy_id=she.pregnancy_id)
    return redirect(url_for("web.pregnancy", pregnancy_id=she.pregnancy_id), 303)  # type: ignore[return-value]


def _page(
    she: woman.Woman,
    lmp: str = "",
    reason: str = "",
    *,
    effect: corrections.Effect | None = None,
    error: EngineError | None = None,
) -> str:
    return render_template("correct_dates.html", woman=she, lmp=lmp, reason=reason, effect=effect, error=error)
