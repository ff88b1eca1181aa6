"""F-15: the closing form begins with what each tracing recorded."""

from __future__ import annotations

from engine.commands.contracts import PublishMessage
from tests.web.conftest import example
from workflows import completion


def test_the_closing_form_holds_the_log_of_the_tracing(site):
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    officer = site.principal("officer")
    opened = site.services.clock()
    while not (traced := [t for t in site.tasks(business_key=case) if t.form == "tracing"]):
        opened = opened.replace(month=opened.month + 1)
        site.services.timekeeper.advance_to(opened)
    task = traced[0]
    day = site.services.clock().date().isoformat()
    answers = {
        **{name: value for name, value in example("tracing").items() if not name.endswith("_on")},
        **{"contacted_on": day, "contact_result": "not_reached", "reason": "电话停机"},
    }
    answers.pop("next_date", None)
    who = next(n for n in ("village", "nurse", "officer") if set(site.principal(n).roles) & set(task.candidate_roles))
    completion.complete(site.services, task.id, by=site.principal(who), answers=answers)
    payload = {"end_code": "lost", "reason": "失访", "ended_on": day}
    site.services.engine.execute(
        PublishMessage(name="message_end_reported", key=case, payload=payload), by=officer.actor
    )

    closing = next(t for t in site.tasks(business_key=case) if t.form == "closure")
    with site.services.engine.read() as conn:
        form = completion.open_form(site.services, conn, closing, today=site.services.clock().date())
    assert day in form.answers["tracing_log"] and "电话停机" in form.answers["tracing_log"]
