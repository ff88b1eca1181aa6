"""A pregnancy heard of: the form that begins a lead."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect
from engine.store import plain, reads
from web import filling, forms
from web.blank import Blank, blank_form, one_case
from web.errors import STATUS
from web.pages.blueprint import bp, now, services, today
from workflows import duplicates, journey, leads


@bp.get("/leads/new")
def lead_form() -> str:
    known = journey.prefill(duplicates.LEAD_FORM, {}, {}, today())
    source = {"lead_source": "village"} if "R-VDOC" in g.principal.roles else {}
    blank = _blank()
    return _page(blank, {**known, **source, **filling.signed(blank.form)})


@bp.post("/leads/new")
def open_lead() -> Response:
    """303 to the list, with the lead named; 409 where she is in care or a lead is open; 422 with everything typed."""
    blank = _blank()
    answers = forms.read(blank.form, request.form)
    if forms.is_row_action(request.form):
        return make_response(_page(blank, answers))
    lead = one_case(request.form.get("idempotency_key", ""))
    try:
        checked = blank.form.validate(leads.with_look_up(answers), on=filling.filled_at(request.form), context={})
        if doubts := forms.unconfirmed(checked.warnings, request.form):
            return make_response(_page(blank, answers, None, doubts), 422)
        leads.open_lead(
            services(),
            answers=answers,
            by=g.principal,
            lead_id=lead,
            idempotency=filling.idempotency(request.form),
            happened_at=filling.entered_at(request.form),
        )
    except (Incorrect, Conflict) as error:
        if not (isinstance(error, Conflict) and _is_open(lead)):
            return make_response(_page(blank, answers, error), STATUS[error.category])
    return redirect(url_for("web.task", task_id=_first_task(lead)), 303)  # type: ignore[return-value]


@bp.post("/leads/evaluate")
def evaluate_lead() -> Response:
    """Calculated values and faults for the answers as typed so far."""
    sent = filling.sent_answers()
    result = _blank().form.evaluate(sent["answers"], now(), {})
    return Response(plain.dumps({"seq": sent.get("seq"), **result}), mimetype="application/json")


def _is_open(lead: str) -> bool:
    with services().engine.read() as conn:
        return reads.instance_by_business_key(conn, services().region_id, duplicates.LEAD, lead) is not None


def _first_task(lead: str) -> Any:
    """What is to be done about the lead now."""
    with services().engine.read() as conn:
        found = reads.user_tasks(conn, services().region_id, state=None, business_key=lead, order="created", limit=50)
    return next((task for task in found.items if task.is_open), found.items[-1]).id


def _blank() -> Blank:
    return blank_form(duplicates.LEAD_FORM)


def _page(blank: Blank, answers: Any, error: EngineError | None = None, doubts: Any = ()) -> str:
    return render_template("lead.html", **filling.fields(blank, answers, error, doubts))
