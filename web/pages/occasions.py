"""What may be begun for a woman at any time, from her page: the form that begins it."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect
from engine.store import plain
from web import filling, forms, woman
from web.blank import Blank
from web.errors import STATUS
from web.pages.blueprint import bp, now, services, today
from workflows import journey, occasions, task_access
from workflows.institutions import beside


@bp.get("/pregnancies/<pregnancy_id>/begin/<occasion>")
def occasion_form(pregnancy_id: str, occasion: str) -> str:
    with services().engine.read() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
        services().people.record_view(g.principal, interaction="read", pregnancy_id=pregnancy_id)
        known = services().facts(conn, pregnancy_id)
        rule = occasions.of_id(occasion)
        sender = g.principal.organisation
        proposed = beside.receiver(services(), conn, rule.form, sender, she.variables, today())
    facts = {name: fact.value for name, fact in known.items()}
    known_already = journey.prefill(rule.form, facts, she.variables, today()) | proposed
    return _page(rule, she, filling.signed(_blank(rule, she).form) | known_already)


@bp.post("/pregnancies/<pregnancy_id>/begin/<occasion>")
def begin_occasion(pregnancy_id: str, occasion: str) -> Response:
    """303 to her page; 409 where she is not at this stage; 422 with everything that was typed."""
    rule = occasions.of_id(occasion)
    with services().engine.read() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
    blank = _blank(rule, she)
    answers = forms.read(blank.form, request.form)
    if forms.is_row_action(request.form):
        return make_response(_page(rule, she, answers))
    try:
        checked = blank.form.validate(answers, on=filling.filled_at(request.form), context=dict(blank.known))
        if doubts := forms.unconfirmed(checked.warnings, request.form):
            return make_response(_page(rule, she, answers, None, doubts), 422)
        occasions.begin(
            services(),
            by=g.principal,
            occasion=occasion,
            pregnancy_id=pregnancy_id,
            answers=answers,
            idempotency=filling.idempotency(request.form),
            happened_at=filling.entered_at(request.form),
        )
    except (Incorrect, Conflict) as error:
        return make_response(_page(rule, she, answers, error), STATUS[error.category])
    return redirect(url_for("web.pregnancy", pregnancy_id=pregnancy_id), 303)  # type: ignore[return-value]


@bp.post("/pregnancies/<pregnancy_id>/begin/<occasion>/evaluate")
def evaluate_occasion(pregnancy_id: str, occasion: str) -> Response:
    """Calculated values and faults for the answers as typed so far."""
    sent = filling.sent_answers()
    with services().engine.read() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
    blank = _blank(occasions.of_id(occasion), she)
    result = blank.form.evaluate(sent["answers"], now(), dict(blank.known))
    return Response(plain.dumps({"seq": sent.get("seq"), **result}), mimetype="application/json")


def _blank(rule: occasions.Occasion, she: woman.Woman) -> Blank:
    form = services().forms.get(rule.form)
    if form is None:
        raise Conflict("登记表尚未发布", "the form is not deployed")
    return Blank(form=form, known=task_access.context_of(she.variables, form, {}))


def _page(
    rule: occasions.Occasion, she: woman.Woman, answers: Any, error: EngineError | None = None, doubts: Any = ()
) -> str:
    return render_template(
        "occasion.html", woman=she, occasion=rule, **filling.fields(_blank(rule, she), answers, error, doubts)
    )
