"""`/api/user-tasks`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import fields

from api.answers import reply, task_json
from api.requests import Instant, PlainObject, Strict, expected_revision, idempotency, json_body, load, principal
from api.tasks import beside
from api.tasks.listing import listed
from engine.errors import Incorrect
from engine.store import reads
from workflows import completion, task_access
from workflows.reading_cases import reading_cases
from workflows.services import Services


class ClaimBody(Strict):
    take_over = fields.Boolean(load_default=False)


class NoBody(Strict):
    pass


class DraftBody(Strict):
    answers = PlainObject(required=True)


class CompletionBody(Strict):
    answers = PlainObject()
    variables = PlainObject()
    entered_at = Instant()  # when it was filled in, where there was no way to hand it in then


COMPLETION = CompletionBody()  # making a schema copies its fields


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("tasks", __name__, url_prefix="/api/user-tasks")

    @bp.get("")
    def user_tasks() -> Response:
        """The tasks that the caller may see, by window. Filters: state, pregnancy, instance, element, view."""
        return reply(listed(services, principal()))

    @bp.get("/<uuid:task_id>")
    def user_task(task_id: UUID) -> Response:
        """One task; its ETag is what If-Match wants."""
        return _answer(task_id)

    @bp.get("/<uuid:task_id>/form")
    def form(task_id: UUID) -> Response:
        """The Questionnaire of the task, with the draft or what is known already as a QuestionnaireResponse."""
        with reading_cases(services, principal()) as conn:
            task = task_access.task_for(services, conn, task_id, principal())
            opened = completion.open_form(services, conn, task, today=task_access.today_in_china(services))
        services.people.audit(principal(), "read", "form", task.business_key, {"task": str(task_id)})
        questionnaire = opened.form.questionnaire if opened.form else None
        response = opened.form.to_response(opened.answers, status="in-progress") if opened.form else None
        body = {"questionnaire": questionnaire, "response": response, "answers": opened.answers}
        return reply(body, revision=task.revision)

    @bp.post("/<uuid:task_id>/claim")
    def claim(task_id: UUID) -> Response:
        """Take the task; 409 when somebody else has it and take_over is not said."""
        body = load(ClaimBody(), required=False)
        completion.claim(services, task_id, by=principal(), take_over=body["take_over"], **_conditions())
        return _answer(task_id)

    @bp.post("/<uuid:task_id>/release")
    def release(task_id: UUID) -> Response:
        """Give the task back to its group."""
        load(NoBody(), required=False)
        completion.release(services, task_id, by=principal(), **_conditions())
        return _answer(task_id)

    @bp.post("/<uuid:task_id>/draft")
    def draft(task_id: UUID) -> Response:
        """Keep half-filled answers."""
        answers = load(DraftBody())["answers"]
        completion.save_draft(services, task_id, answers, by=principal(), **_conditions())
        return _answer(task_id)

    @bp.post("/<uuid:task_id>/completion", endpoint="completion")
    def complete(task_id: UUID) -> Response:
        """Finish the task. 409 no longer open, 412 stale If-Match, 422 by field."""
        question = reads.open_tasks_after(services.region_id)
        done = completion.complete(services, task_id, by=principal(), question=question, **_entered(), **_conditions())
        following = reads.told_open_tasks(question)
        if following is None:
            with services.engine.glance() as conn:
                following = reads.open_tasks(conn, services.region_id, done.instance_id)
        now = services.clock()
        return reply({"completed": str(done.user_task_id), "next": [task_json(t, now) for t in following]})

    beside.add_routes(bp, services)

    def _answer(task_id: UUID) -> Response:
        with reading_cases(services, principal()) as conn:
            task = task_access.task_for(services, conn, task_id, principal())
        return reply(task_json(task, services.clock()), revision=task.revision)

    return bp


def _conditions() -> dict[str, Any]:
    return {"expected_revision": expected_revision(), "idempotency": idempotency()}


def _entered() -> dict[str, Any]:
    """`answers`, or `variables`, or a whole QuestionnaireResponse."""
    body = json_body()
    if body.get("resourceType") == "QuestionnaireResponse":
        return {"response": body}
    entered = load(COMPLETION, body)
    happened_at = entered.pop("entered_at", None)
    if len(entered) != 1:
        raise Incorrect("请只给 answers 或 variables 之一", "give either answers or variables", code="answers-missing")
    return entered | {"happened_at": happened_at}
