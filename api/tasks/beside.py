"""`/api/user-tasks/{id}/comments|attachments|assignment`."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import fields

from api.answers import at, reply
from api.requests import Strict, expected_revision, idempotency, load, principal, text
from engine.errors import Incorrect
from engine.store import beside as rows
from workflows import task_beside
from workflows.reading_cases import reading_cases
from workflows.services import Services

ATTACHMENT_BODY = "multipart/form-data"


class AssignmentOfTaskBody(Strict):
    assignee = text(100, required=True)
    reason = text(task_beside.LONGEST_REASON)
    goes_back = fields.Boolean(load_default=False)


class CommentBody(Strict):
    body = text(task_beside.LONGEST_COMMENT, required=True)


def add_routes(bp: Blueprint, services: Services) -> None:
    @bp.get("/<uuid:task_id>/comments")
    def comments(task_id: UUID) -> Response:
        """What was said about the task, in sequence."""
        return reply({"items": [_comment(one) for one in _beside(task_id).comments]})

    @bp.post("/<uuid:task_id>/comments")
    def comment(task_id: UUID) -> Response:
        """Say something about an open task. 201 with the comment's number; 409 no longer open."""
        body = load(CommentBody())["body"]
        number = task_beside.comment(services, task_id, body, by=principal(), idempotency=idempotency())
        return reply({"number": number}, 201)

    @bp.get("/<uuid:task_id>/attachments")
    def attachments(task_id: UUID) -> Response:
        """The files put to the task, without their content."""
        return reply({"items": [_attachment(one) for one in _beside(task_id).attachments]})

    @bp.post("/<uuid:task_id>/attachments")
    def attach(task_id: UUID) -> Response:
        """Put one `file` (PDF, JPEG, PNG, at most 5 MB) to an open task. 201; 422 another kind, or not what it says."""
        key = idempotency()  # reads the body as it came, before it is taken apart
        sent = request.files.getlist("file")
        if len(sent) != 1 or len(request.files) != 1 or request.form:
            raise Incorrect("请发送一个 file", "send exactly one part, named file", code="file-missing")
        (file,) = sent
        with closing(file):
            content = file.read()
        made = task_beside.attach(
            services, task_id, file.filename or "", file.mimetype, content, by=principal(), idempotency=key
        )
        return reply({"id": str(made.id), "number": made.number, "sha256": made.sha256}, 201)

    @bp.get("/<uuid:task_id>/attachments/<uuid:attachment_id>")
    def attachment(task_id: UUID, attachment_id: UUID) -> Response:
        """The file itself; the look at it leaves a row in the audit."""
        found = task_beside.content_of(services, task_id, attachment_id, by=principal())
        return Response(found.content, headers=task_beside.headers_of(found))

    @bp.get("/<uuid:task_id>/assignment")
    def handovers(task_id: UUID) -> Response:
        """To whom the caller may give the task, and who gave it to whom so far."""
        found = _beside(task_id)
        receivers = [
            {"account": one.login, "name": one.name, "organisation": one.organisation_id}
            for one in found.receivers.values()
        ]
        return reply({"receivers": receivers, "handovers": [_handover(one) for one in found.handovers]})

    @bp.post("/<uuid:task_id>/assignment")
    def assignment(task_id: UUID) -> Response:
        """Give the task to somebody it is meant for: its holder, or a superior. 422 where it is not meant for them.
        `goes_back`: lend it; when it is released it is its holder's again."""
        body = load(AssignmentOfTaskBody())
        conditions: dict[str, Any] = {"expected_revision": expected_revision(), "idempotency": idempotency()}
        conditions |= {"reason": body.get("reason"), "goes_back": body["goes_back"]}
        changed = task_beside.assign(services, task_id, body["assignee"], by=principal(), **conditions)
        return reply({"assignee": changed.assignee, "revision": changed.revision}, revision=changed.revision)

    def _beside(task_id: UUID) -> task_beside.Beside:
        with reading_cases(services, principal()) as conn:
            found = task_beside.beside_task(services, conn, task_id, principal())
        services.people.audit(principal(), "read", task_beside.SUBJECT, str(task_id))
        return found


def _comment(one: rows.Comment) -> dict[str, Any]:
    return {"number": one.number, "body": one.body, "at": at(one.at), "by": one.by}


def _attachment(one: rows.Attachment) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "number": one.number,
        "title": one.title,
        "content_type": one.content_type,
        "size": one.size,
        "sha256": one.sha256,
        "at": at(one.at),
        "by": one.by,
    }


def _handover(one: rows.Handover) -> dict[str, Any]:
    return {
        "number": one.number,
        "from": one.held_by,
        "to": one.given_to,
        "reason": one.reason,
        "goes_back": one.goes_back,
        "at": at(one.at),
        "by": one.by,
        "seen_at": at(one.seen_at),
    }
