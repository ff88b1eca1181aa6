"""Registering a woman: the form that opens her pregnancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect, NotFound
from engine.store import plain
from web import filling, forms
from web.errors import STATUS
from web.pages.blueprint import bp, services, today
from workflows import intake

FORM = "registration"


@dataclass(frozen=True, kw_only=True)
class Blank:
    """The registration form of a woman of whom nothing is known yet."""

    form: Any
    known: Mapping[str, Any] = field(default_factory=dict)
    last_values: Mapping[str, Any] = field(default_factory=dict)
    fillable: bool = True


@bp.get("/register")
def register_form() -> str:
    return _page(_blank(), {})


@bp.post("/register")
def register() -> Response:
    """303 to her page; 409 when she is in care already; 422 with everything that was typed."""
    blank = _blank()
    answers = forms.read(blank.form, request.form)
    if forms.is_row_action(request.form):
        return make_response(_page(blank, answers))
    try:
        checked = blank.form.validate(answers, on=today(), context={})
        if doubts := forms.unconfirmed(checked.warnings, request.form):
            return make_response(_page(blank, answers, None, doubts), 422)
        opened = intake.open_case(
            services(), answers=answers, by=g.principal, idempotency=filling.idempotency(request.form)
        )
    except (Incorrect, Conflict) as error:
        return make_response(_page(blank, answers, error), STATUS[error.category])
    return redirect(url_for("web.pregnancy", pregnancy_id=opened.pregnancy_id), 303)  # type: ignore[return-value]


@bp.post("/register/evaluate")
def evaluate_registration() -> Response:
    """Calculated values and faults for the answers as typed so far."""
    sent = filling.sent_answers()
    result = _blank().form.evaluate(sent["answers"], today(), {})
    return Response(plain.dumps({"seq": sent.get("seq"), **result}), mimetype="application/json")


def _blank() -> Blank:
    form = services().forms.get(FORM)
    if form is None:
        raise NotFound("登记表尚未发布", "the registration form is not deployed")
    return Blank(form=form)


def _page(blank: Blank, answers: Any, error: EngineError | None = None, doubts: Any = ()) -> str:
    return render_template("register.html", **filling.fields(blank, answers, error, doubts))
