"""A grading that was entered in error: the criteria as they should have been, the effect, then the amendment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect
from web import risk, woman
from web.errors import STATUS
from web.language import gettext as _
from web.pages.blueprint import bp, services, today
from workflows import prefill, tables
from workflows.corrections import carrying_out, grading
from workflows.facts import assessed, date_of, derived
from workflows.policies.gradings import Numbered, numbered
from workflows.routing import CRITERION, code_of

FORM = "risk-grading"
GROUPS = "RPOY"  # the most urgent first


@bp.get("/pregnancies/<pregnancy_id>/grading")
def amend_grading_form(pregnancy_id: str) -> str:
    """The result in force, or the one of `number`. 409 while she is not graded, 404 for a number she does not have."""
    she, result, shown = _woman(pregnancy_id, request.args.get("number", type=int))
    return _page(she, result, shown, result.said.get("criteria") or ())


@bp.post("/pregnancies/<pregnancy_id>/grading")
def amend_grading(pregnancy_id: str) -> Response:
    """The first time the effect; with `confirmed` of just this effect it is done."""
    number, newest = (request.form.get(name, type=int) for name in ("number", "newest"))
    she, result, shown = _woman(pregnancy_id, number)
    criteria = request.form.getlist("criteria")[: grading.MOST_CRITERIA + 1]
    reason, graded_at = request.form.get("reason", "")[:1000], request.form.get("graded_at", "")[:40]
    given = (graded_at, criteria, reason)
    try:
        confirmed = _digest(f"{number}|{newest}|{graded_at}", criteria)
        dry_run = request.form.get("confirmed") != confirmed
        asked = grading.amendment(
            services(), g.principal, she.pregnancy_id, *given, dry_run=dry_run, number=number, newest=newest
        )
        effect = carrying_out.carry_out(services(), asked)
    except (Incorrect, Conflict) as error:
        return make_response(_page(she, result, shown, criteria, reason, error=error), STATUS[error.category])
    if dry_run:
        return make_response(_page(she, result, shown, criteria, reason, effect=effect, confirmed=confirmed))
    return redirect(url_for("web.pregnancy", pregnancy_id=she.pregnancy_id), 303)  # type: ignore[return-value]


def _woman(pregnancy_id: str, number: int | None) -> tuple[woman.Woman, Numbered, Sequence[str]]:
    """She, the result of that number or the one in force, and the criteria that her facts show now."""
    grading.require_grader(services(), g.principal)
    with services().engine.read() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
        facts = services().facts(conn, pregnancy_id)
    services().people.record_view(g.principal, interaction="read", pregnancy_id=pregnancy_id)
    result = grading.numbered_or_in_force(she.variables, number)
    known = {name: fact.value for name, fact in facts.items()}
    edd, rules = date_of(she.variables.get("edd")), prefill.policy(she.variables)
    known = assessed(derived(known, today(), edd), rules["age_reference"], edd)
    return she, result, tables.grading_criteria(known, rules, today())


def _page(
    she: woman.Woman,
    result: Numbered,
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
        chips=risk.chips(result.said, g.principal.roles),
        others=_others(she, result),
        newest=grading.numbered_or_in_force(she.variables, None).number,
        groups=list(_groups(criteria, shown)),
        reason=reason,
        effect=effect,
        confirmed=confirmed,
        error=error,
    )


def _others(she: woman.Woman, result: Numbered) -> list[tuple[Numbered, Sequence[risk.Colour]]]:
    """Her other results that may be amended, newest first."""
    held = [one for one in numbered(she.variables) if not one.is_error and one.number != result.number]
    return [(one, risk.chips(one.said, g.principal.roles)) for one in reversed(held)]


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


def _digest(which: str, criteria: Sequence[str]) -> str:
    return hashlib.sha256("|".join([which, *sorted(criteria)]).encode()).hexdigest()[:16]
