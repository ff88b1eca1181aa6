"""Registering a woman: the form that opens her pregnancy."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect, NotFound
from engine.store import plain
from web import filling, forms
from web.errors import STATUS
from web.language import current
from web.pages.blueprint import bp, services, today
from workflows import completion

FORM = "registration"


@bp.get("/register")
def register_form() -> str:
    return _page({}, None)


@bp.post("/register")
def register() -> Response:
    """303 to her page; 409 when she is in care already; 422 with everything that was typed."""
    answers = forms.read(_form(), request.form)
    try:
        opened = completion.open_case(
            services(),
            answers=answers,
            by=g.principal,
            home_organisation=g.principal.organisation,
            idempotency=filling.idempotency(request.form),
        )
    except (Incorrect, Conflict) as error:
        return make_response(_page(answers, error), STATUS[error.category])
    return redirect(url_for("web.pregnancy", pregnancy_id=opened.pregnancy_id), 303)  # type: ignore[return-value]


@bp.post("/register/evaluate")
def evaluate_registration() -> Response:
    sent = plain.loads(request.get_data())
    result = _form().evaluate(sent.get("answers", {}), on=today(), context={})
    return Response(plain.dumps({"seq": sent.get("seq"), **result}), mimetype="application/json")


def _form() -> Any:
    form = services().forms.get(FORM)
    if form is None:
        raise NotFound("登记表尚未发布", "the registration form is not deployed")
    return form


def _page(answers: Any, error: EngineError | None) -> str:
    form = _form()
    fields = forms.render(
        form, answers, errors=error.faults if error else (), warnings=(), last_values={}, lang=current(), readonly=False
    )
    submission = request.form.get("submission") or str(uuid4())
    return render_template("register.html", form=form, fields=fields, error=error, submission=submission)
