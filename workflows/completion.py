"""Finishing a user task: one way for the page, the JSON interface and FHIR. Who may, does the form hold, what then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import workflows.journey as journey
from engine.clock import CHINA
from engine.commands.contracts import (
    Actor,
    ClaimUserTask,
    Completed,
    CompleteUserTask,
    IdempotencyKey,
    ReleaseUserTask,
    SaveDraft,
    Submission,
)
from engine.errors import Conflict, Incorrect
from engine.store.questions import Question
from engine.store.revisions import require_revision
from workflows import closing, course_of_case, duplicates, handed_in, overruled, tables
from workflows.forms import Form
from workflows.institutions import beside, levels, session
from workflows.institutions.reported import SHEET, MovedIn, Registered, SheetReported, follow
from workflows.people.model import Principal
from workflows.places import NAMED, with_places
from workflows.rules_of_case import policy_of
from workflows.services import Services
from workflows.store import people as people_store
from workflows.task_access import (
    Found,
    Reading,
    actor_of,
    context_of,
    find,
    form_of,
    known,
    over,
    variables_of,
)

GRADING, SLIP = "risk-grading", "screening-referral"
Finish = CompleteUserTask | SheetReported | Registered | MovedIn | duplicates.OneWoman


@dataclass(frozen=True, kw_only=True)
class OpenForm:
    """A task's form as its page shows it. `form` None: the task takes plain variables."""

    form: Form | None
    answers: dict[str, Any] = field(default_factory=dict)  # the draft, before there is one what is known already
    last_values: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was sent to finish a task: `answers`, `response` or `variables`. `source`: a response stored already."""

    answers: Mapping[str, Any] | None = None
    response: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] | None = None
    expected_revision: int | None = None
    source: str | None = None
    happened_at: datetime | None = None  # when it was filled in, where it is handed in later


def complete(
    services: Services,
    task_id: UUID,
    *,
    by: Principal | Actor,
    answers: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    expected_revision: int | None = None,
    idempotency: IdempotencyKey | None = None,
    happened_at: datetime | None = None,
    question: Question | None = None,
) -> Completed:
    """Check and store, in one transaction. `happened_at`: when it was filled in, where there was no way to hand it in;
    dates are checked and deadlines counted from then. `question`: about what is there afterwards (`Engine.execute`).
    Raises NotFound, Forbidden, Conflict, Stale, Incorrect (by linkId)."""
    with services.engine.glance() if isinstance(by, Principal) else services.engine.read() as conn:
        found = find(services, conn, task_id, by)
    given = Given(
        answers=answers,
        response=response,
        variables=variables,
        expected_revision=expected_revision,
        happened_at=handed_in.since(services, happened_at, found.task.created_at),
    )
    asking, reading = services.engine.glance, services.engine.read
    command = _checked(services, asking, reading, found, given, repeated=idempotency is not None)
    return services.engine.execute(command, by=actor_of(by), idempotency=idempotency, question=question)


def command_for(
    services: Services,
    conn: Any,
    task_id: UUID,
    *,
    by: Principal | Actor,
    answers: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    expected_revision: int | None = None,
    source: str | None = None,
    repeated: bool = False,
    allowed: bool = False,
    happened_at: datetime | None = None,
) -> Finish:
    """The checked command, for whoever has a transaction of their own. `repeated`: the request carries an idempotency
    key, so a closed task is left to the engine, which knows the first answer. `allowed`: another rule
    has said already that this person may."""
    found = find(services, conn, task_id, by)
    given = Given(
        answers=answers,
        response=response,
        variables=variables,
        expected_revision=expected_revision,
        source=source,
        happened_at=happened_at,
    )
    asking = over(conn)
    return _checked(services, asking, asking, found, given, repeated=repeated, allowed=allowed)


def _checked(
    services: Services,
    asking: Reading,
    reading: Reading,
    found: Found,
    given: Given,
    *,
    repeated: bool,
    allowed: bool = False,
) -> Finish:
    """Where the form needs more than its task and case it asks for the facts by `asking`, the rest by `reading`."""
    task = found.task
    if not task.is_open and not repeated:
        raise Conflict("任务已办结或已取消", "the task is not open any more", code="task-not-open")
    if not allowed:
        found.require_may_complete()
    if task.is_open:
        require_revision(task.revision, given.expected_revision)  # before the form: an older page is no wrong answer
    form = form_of(services, reading, task)
    if form is None:
        return _with_variables(task, given)
    if given.answers is None and given.response is None:
        raise Incorrect("此任务需填写表单：请给出 answers", "the task has a form: give answers", code="answers-missing")
    filled_at = handed_in.moment(services, given.happened_at)
    today = filled_at.date()
    response = given.response
    entered = form.answers_from_response(dict(response)) if response is not None else dict(given.answers or {})
    facts = known(services, asking, task.business_key, found.variables)
    with tables.as_published(services, reading, found.catalogue):
        context = context_of(found.variables, form, facts) | overruled.shown(form, facts, found.variables, today)
    checked = form.validate(entered, on=filled_at, context=context)
    values = {**checked.values, **checked.calculated}
    if form.id in session.FORMS and "session" in form.by_link_id and task.element_id != session.RECORDS:
        session.require(values)
    _require_place(services, reading, found, form, values, today)
    if form.id == closing.FORM:
        with reading() as conn:
            closing.require(conn, services.region_id, task.business_key, values, found.variables)
    if form.id == SHEET:
        with reading() as conn:
            values = beside.marked(services, conn, form, task, values, found.variables)
    with tables.as_published(services, reading, found.catalogue):
        routing = journey.derive(form.id, values, facts, today)
    if NAMED.keys() & routing.keys():
        with reading() as conn:
            routing = with_places(routing, people_store.organisations(conn, services.region_id))
    submission = Submission(
        form=form.id, form_version=form.version, answers=values, response=response, source=given.source
    )
    command = CompleteUserTask(
        user_task_id=task.id,
        variables=routing,
        submission=submission,
        expected_revision=given.expected_revision,
        happened_at=given.happened_at,
    )
    finish = follow(command, values, found.variables)
    if form.id in (duplicates.LEAD_FORM, duplicates.REGISTRATION):
        return duplicates.OneWoman(command=finish, form=form.id, answers=values, case=task.business_key)
    return finish


def _require_place(
    services: Services, reading: Reading, found: Found, form: Form, values: Mapping[str, Any], today: date
) -> None:
    """Raises Forbidden where the caller's institution may not grade, Incorrect where a slip goes where none goes."""
    if form.id not in (GRADING, SLIP) or found.caller.kind == "engine":
        return
    rules = policy_of(found.variables)
    with reading() as conn:
        if form.id == GRADING:
            own = found.caller.organisation
            levels.require_assessor(services, conn, own, rules["assessor_orgs"], today)
        else:
            levels.require_destination(services, conn, values.get("destination"), rules["screen_positive_to"], today)


def _with_variables(task: Any, given: Given) -> CompleteUserTask:
    if given.answers or given.response is not None:
        raise Incorrect("此任务没有表单：请给出 variables", "the task has no form: give variables", code="no-form")
    return CompleteUserTask(
        user_task_id=task.id,
        variables=dict(given.variables or {}),
        expected_revision=given.expected_revision,
        happened_at=given.happened_at,
    )


def claim(
    services: Services,
    task_id: UUID,
    *,
    by: Principal | Actor,
    take_over: bool = False,
    expected_revision: int | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Any:
    """Take the task for oneself. Raises Conflict where somebody else has it and `take_over` is not said."""
    _require(services, task_id, by)
    command = ClaimUserTask(
        user_task_id=task_id, assignee=actor_of(by).id, expected_revision=expected_revision, take_over=take_over
    )
    return services.engine.execute(command, by=actor_of(by), idempotency=idempotency)


def release(
    services: Services,
    task_id: UUID,
    *,
    by: Principal | Actor,
    expected_revision: int | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Any:
    """Give the task back to the group."""
    _require(services, task_id, by)
    command = ReleaseUserTask(user_task_id=task_id, expected_revision=expected_revision)
    return services.engine.execute(command, by=actor_of(by), idempotency=idempotency)


def save_draft(
    services: Services,
    task_id: UUID,
    answers: Mapping[str, Any],
    *,
    by: Principal | Actor,
    expected_revision: int | None = None,
    over: str | None = None,
    idempotency: IdempotencyKey | None = None,
) -> int:
    """Keep what is filled in so far, however incomplete; answers the new revision. `over`: mark of the draft that this
    one began with; Stale where another one stands there by now."""
    _require(services, task_id, by)
    command = SaveDraft(user_task_id=task_id, draft=dict(answers), expected_revision=expected_revision, over=over)
    return services.engine.execute(command, by=actor_of(by), idempotency=idempotency).revision


def open_form(services: Services, conn: Any, task: Any, *, today: date) -> OpenForm:
    """The form with its draft, or with what is known of the woman filled in."""
    form = form_of(services, over(conn), task)
    if form is None:
        return OpenForm(form=None)
    facts = known(services, over(conn), task.business_key)
    variables = variables_of(services, conn, task)
    with tables.as_published(services, over(conn)):
        prefill = journey.prefill(form.id, facts, variables, today)
        context = context_of(variables, form, facts) | overruled.shown(form, facts, variables, today)
    prefill |= beside.known(services, conn, form, task, variables, today)
    if form.id in course_of_case.FORMS and task.business_key:
        prefill |= {"timeline": course_of_case.of_case(conn, services.region_id, task.business_key)}
    if form.id == GRADING and task.business_key and (said := overruled.of_case(services, conn, task.business_key)):
        prefill |= {"raised_by": [*(prefill.get("raised_by") or ()), *said]}
    if form.id == course_of_case.CLOSING and task.business_key and "tracing_log" in form.by_link_id:
        prefill |= {"tracing_log": course_of_case.tracings(services, conn, task.business_key)}
    known_items = {name: value for name, value in facts.items() if name not in prefill}
    return OpenForm(
        form=form,
        answers=prefill if task.draft is None else dict(task.draft),
        last_values=known_items,
        context=context,
    )


def evaluate(services: Services, conn: Any, task: Any, answers: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Calculated values, enabled items and faults of half-filled answers, for the open page."""
    form = form_of(services, over(conn), task)
    if form is None:
        return {"calculated": {}, "enabled": {}, "faults": []}
    facts, variables = known(services, over(conn), task.business_key), variables_of(services, conn, task)
    with tables.as_published(services, over(conn)):
        shown = overruled.shown(form, facts, variables, now.astimezone(CHINA).date())
    return form.evaluate(dict(answers), now, context_of(variables, form, facts) | shown)


def _require(services: Services, task_id: UUID, by: Principal | Actor) -> None:
    with services.engine.glance() if isinstance(by, Principal) else services.engine.read() as conn:
        find(services, conn, task_id, by).require_may_complete()
