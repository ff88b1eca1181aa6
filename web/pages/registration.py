"""Registering a woman: the form that opens her pregnancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4, uuid5

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect, NotFound
from engine.store import plain, reads
from web import filling, forms
from web.errors import STATUS
from web.pages.blueprint import bp, services, today
from web.woman import MAIN
from workflows import intake

FORM = "registration"
ONE_FORM = UUID("6f0f4f0e-6d3c-5b8e-9a52-0c7b1d1f2a11")  # names the ids that are made from forms


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
    case = _case_of(request.form.get("idempotency_key", ""))
    try:
        checked = blank.form.validate(answers, on=today(), context={})
        if doubts := forms.unconfirmed(checked.warnings, request.form):
            return make_response(_page(blank, answers, None, doubts), 422)
        intake.open_case(
            services(),
            answers=answers,
            by=g.principal,
            pregnancy_id=case,
            idempotency=filling.idempotency(request.form),
        )
    except (Incorrect, Conflict) as error:
        if not (isinstance(error, Conflict) and _is_open(case)):
            return make_response(_page(blank, answers, error), STATUS[error.category])
    return redirect(url_for("web.pregnancy", pregnancy_id=case), 303)  # type: ignore[return-value]


def _case_of(key: str) -> str:
    """One form on a page is one pregnancy, however often it is sent: a double click, the back button, a retry."""
    return str(uuid5(ONE_FORM, f"{g.principal.login}/{key}") if key else uuid4())


def _is_open(case: str) -> bool:
    with services().engine.read() as conn:
        return reads.instance_by_business_key(conn, services().region_id, MAIN, case) is not None


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
