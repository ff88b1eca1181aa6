"""Registering a woman: the form that opens her pregnancy."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect
from engine.store import plain, reads
from web import filling, forms
from web.blank import Blank, blank_form, one_case
from web.errors import STATUS
from web.pages.blueprint import bp, now, services
from web.woman import MAIN
from workflows import intake

FORM = "registration"


@bp.get("/register")
def register_form() -> str:
    blank = blank_form(FORM)
    return _page(blank, filling.signed(blank.form))


@bp.post("/register")
def register() -> Response:
    """303 to her page; 409 when she is in care already; 422 with everything that was typed."""
    blank = blank_form(FORM)
    answers = forms.read(blank.form, request.form)
    if forms.is_row_action(request.form):
        return make_response(_page(blank, answers))
    case = one_case(request.form.get("idempotency_key", ""))
    try:
        checked = blank.form.validate(answers, on=filling.filled_at(request.form), context={})
        if doubts := forms.unconfirmed(checked.warnings, request.form):
            return make_response(_page(blank, answers, None, doubts), 422)
        intake.open_case(
            services(),
            answers=answers,
            by=g.principal,
            pregnancy_id=case,
            idempotency=filling.idempotency(request.form),
            happened_at=filling.entered_at(request.form),
        )
    except (Incorrect, Conflict) as error:
        if not (isinstance(error, Conflict) and _is_open(case)):
            return make_response(_page(blank, answers, error), STATUS[error.category])
    return redirect(url_for("web.pregnancy", pregnancy_id=case), 303)  # type: ignore[return-value]


def _is_open(case: str) -> bool:
    with services().engine.read() as conn:
        return reads.instance_by_business_key(conn, services().region_id, MAIN, case) is not None


@bp.post("/register/evaluate")
def evaluate_registration() -> Response:
    """Calculated values and faults for the answers as typed so far."""
    sent = filling.sent_answers()
    result = blank_form(FORM).form.evaluate(sent["answers"], now(), {})
    return Response(plain.dumps({"seq": sent.get("seq"), **result}), mimetype="application/json")


def _page(blank: Blank, answers: Any, error: EngineError | None = None, doubts: Any = ()) -> str:
    return render_template("register.html", **filling.fields(blank, answers, error, doubts))
