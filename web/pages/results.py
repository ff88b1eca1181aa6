"""What was measured: a result entered after its day, and one that was entered in error taken back."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect
from fhir_adapters.corrections.asked import late_result, withdrawal
from fhir_adapters.corrections.results import results_of
from web import woman
from web.errors import STATUS
from web.language import pick
from web.looking import looked_at, looking
from web.pages.blueprint import bp, services
from workflows.corrections import carrying_out
from workflows.corrections.results import enterable, unit_of, words_of

FIELDS = ("name", "value", "observed_at", "reason")


@bp.get("/pregnancies/<pregnancy_id>/results")
def results(pregnancy_id: str) -> str:
    """`withdraw` names the result that is to be taken back."""
    return _page(looked_at(pregnancy_id), withdrawn=request.args.get("withdraw", "")[:64])


@bp.post("/pregnancies/<pregnancy_id>/results")
def enter_result(pregnancy_id: str) -> Response:
    """The first time the effect; with `confirmed` of just these answers it is stored."""
    given = {name: request.form.get(name, "")[:1000] for name in FIELDS}
    she = looked_at(pregnancy_id)
    said = "|".join(given[name] for name in FIELDS[:3])
    dry_run = request.form.get("confirmed") != said
    try:
        asked = late_result(services(), g.principal, pregnancy_id, **given, dry_run=dry_run)
        effect = carrying_out.carry_out(services(), asked)
    except (Incorrect, Conflict) as error:
        return make_response(_page(she, given=given, error=error), STATUS[error.category])
    if dry_run:
        return make_response(_page(she, given=given, effect=effect, confirmed=said))
    return _back(pregnancy_id)


@bp.post("/pregnancies/<pregnancy_id>/results/<result_id>/withdrawal")
def withdraw_result(pregnancy_id: str, result_id: str) -> Response:
    given = {"reason": request.form.get("reason", "")[:1000]}
    she = looked_at(pregnancy_id)
    dry_run = request.form.get("confirmed") != result_id
    try:
        asked = withdrawal(services(), g.principal, pregnancy_id, result_id, **given, dry_run=dry_run)
        effect = carrying_out.carry_out(services(), asked)
    except (Incorrect, Conflict) as error:
        page = _page(she, given=given, withdrawn=result_id, error=error)
        return make_response(page, STATUS[error.category])
    if dry_run:
        page = _page(she, given=given, withdrawn=result_id, effect=effect, confirmed=result_id)
        return make_response(page)
    return _back(pregnancy_id)


def _back(pregnancy_id: str) -> Response:
    return redirect(url_for("web.results", pregnancy_id=pregnancy_id), 303)  # type: ignore[return-value]


def _page(
    she: woman.Woman,
    *,
    given: dict[str, str] | None = None,
    withdrawn: str = "",
    effect: Any = None,
    confirmed: str = "",
    error: EngineError | None = None,
) -> str:
    with looking() as conn:
        found = results_of(conn, services().region_id, she.pregnancy_id, restricted=g.principal.restricted)
    choices = [(name, f"{pick(item.text)} ({unit_of(name)})") for name, item in enterable().items()]
    return render_template(
        "results.html",
        woman=she,
        results=[(one, pick(words_of(one.name, one.display))) for one in found],
        choices=choices,
        given=given or {},
        chosen=next((one for one in found if one.id == withdrawn), None),
        effect=effect,
        confirmed=confirmed,
        error=error,
    )
