"""A grading that was entered in error: the criteria as they should have been, the effect, then the amendment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect
from web import woman
from web.errors import STATUS
from web.language import gettext as _
from web.pages.blueprint import bp, services, today
from workflows import prefill, tables
from workflows.corrections import carrying_out, grading
from workflows.facts import assessed, date_of, derived
from workflows.routing import CRITERION, code_of

FORM = "risk-grading"
GROUPS = "RPOY"  # the most urgent first


@bp.get("/pregnancies/<pregnancy_id>/grading")
def amend_grading_form(pregnancy_id: str) -> str:
    """409 while she is not graded."""
    she, result, shown = _woman(pregnancy_id)
    return _page(she, result, shown, result.get("criteria") or ())


@bp.post("/pregnancies/<pregnancy_id>/grading")
def amend_grading(pregnancy_id: str) -> Response:
    """The first time the effect; with `confirmed` of just this effect it is done."""
    she, result, shown = _woman(pregnancy_id)
    criteria = request.form.getlist("criteria")[: grading.MOST_CRITERIA + 1]
    reason, graded_at = request.form.get("reason", "")[:1000], request.form.get("graded_at", "")[:40]
    given = (graded_at, criteria, reason)
    try:
        confirmed = _digest(graded_at, criteria)
        dry_run = request.form.get("confirmed") != confirmed
        asked = grading.amendment(services(), g.principal, she.pregnancy_id, *given, dry_run=dry_run)
        effect = carrying_out.carry_out(services(), asked)
    except (Incorrect, Conflict) as error:
        return make_response(_page(she, result, shown, criteria, reason, error=error), STATUS[error.category])
    if dry_run:
        return make_response(_page(she, result, shown, criteria, reason, effect=effect, confirmed=confirmed))
    return redirect(url_for("web.pregnancy", pregnancy_id=she.pregnancy_id), 303)  # type: ignore[return-value]


def _woman(pregnancy_id: str) -> tuple[woman.Woman, Any, Sequence[str]]:
    """She, the result in force, and the criteria that her facts show."""
    grading.require_grader(services(), g.principal)
    with services().engine.read() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
        facts = services().facts(conn, pregnancy_id)
    services().people.record_view(g.principal, interaction="read", pregnancy_id=pregnancy_id)
    result = grading.in_force(she.variables)
    if result is None:
        raise Conflict("她还没有分级结果", "she has no grading yet", code="not-graded")
    known = {name: fact.value for name, fact in facts.items()}
    edd, rules = date_of(she.variables.get("edd")), prefill.policy(she.variables)
    known = assessed(derived(known, today(), edd), rules["age_reference"], edd)
    return she, result, tables.grading_criteria(known, rules, today())


def _page(
    she: woman.Woman,
    result: Any,
    shown: Sequence[str],
    criteria: Sequence[str],
    reason: str = "",
    *,
    effect: Any = None,
    confirmed: str = "",
    error: EngineError | None = None,
) -> str:
    return render_template(
        "amend_grading.html",
        woman=she,
        result=result,
        groups=list(_groups(criteria, shown)),
        reason=reason,
        effect=effect,
        confirmed=confirmed,
        error=error,
    )


def _groups(criteria: Sequence[str], shown: Sequence[str]) -> Any:
    form = services().forms.get(FORM)
    every = [item for top in form.items for item in top.walk() if CRITERION.fullmatch(item.link_id)] if form else []
    titles = {"R": _("红"), "P": _("紫"), "O": _("橙"), "Y": _("黄")}
    for letter in GROUPS:
        rows = [
            {"code": code, "text": item.text, "ticked": code in criteria, "shown": code in shown}
            for item in every
            if item.type == "boolean" and (code := code_of(item.link_id)).startswith(letter)
        ]
        if rows:
            yield {"title": titles[letter], "rows": rows, "ticked": sum(row["ticked"] for row in rows)}


def _digest(graded_at: str, criteria: Sequence[str]) -> str:
    return hashlib.sha256("|".join([graded_at, *sorted(criteria)]).encode()).hexdigest()[:16]
