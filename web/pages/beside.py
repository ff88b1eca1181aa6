"""Beside the form of a task: handing it on, saying something about it, putting files to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect, Stale
from web import filling
from web.errors import STATUS
from web.pages.blueprint import bp, places, services
from workflows import task_beside

AT = "beside"  # where the page stands again afterwards


@bp.post("/tasks/<uuid:task_id>/assignment")
def assign_task(task_id: UUID) -> Response:
    """Give the task to somebody it is meant for."""
    return _done_beside(
        task_id,
        lambda key: task_beside.assign(
            services(),
            task_id,
            request.form.get("assignee", ""),
            by=g.principal,
            reason=request.form.get("reason", "").strip() or None,
            goes_back=request.form.get("goes_back") == "1",
            idempotency=key,
        ),
    )


@bp.post("/tasks/<uuid:task_id>/comments")
def comment_on_task(task_id: UUID) -> Response:
    """Say something about the task."""
    body = request.form.get("body", "")
    return _done_beside(
        task_id, lambda key: task_beside.comment(services(), task_id, body, by=g.principal, idempotency=key)
    )


@bp.post("/tasks/<uuid:task_id>/attachments")
def attach_to_task(task_id: UUID) -> Response:
    """Put a file to the task; the same file twice is one."""
    return _done_beside(task_id, lambda key: _attach(task_id))


def _attach(task_id: UUID) -> Any:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Incorrect("请选择一个文件", "choose a file", code="file-missing")
    with closing(file):
        content = file.read()
    return task_beside.attach(services(), task_id, file.filename, file.mimetype, content, by=g.principal)


@bp.get("/tasks/<uuid:task_id>/attachments/<uuid:attachment_id>")
def task_attachment(task_id: UUID, attachment_id: UUID) -> Response:
    """The file, to be saved: it is never shown as a page of ours."""
    found = task_beside.content_of(services(), task_id, attachment_id, by=g.principal)
    return Response(found.content, headers=task_beside.headers_of(found))


def _done_beside(task_id: UUID, act: Callable[[Any], Any]) -> Response:
    """303 back to the task; what cannot be is said where it was tried, with what was typed."""
    try:
        act(filling.idempotency(request.form))
    except (Incorrect, Conflict, Stale) as error:
        with filling.opened(task_id) as page:
            body = render_task(page, beside_error=error, typed=request.form)
        return make_response(body, STATUS[error.category])
    address = url_for("web.task", task_id=task_id, list=request.form.get("list") or None, _anchor=AT)
    return redirect(address, 303)  # type: ignore[return-value]


def render_task(page: filling.Opened, *filled: Any, beside_error: EngineError | None = None, typed: Any = None) -> str:
    """The page of a task with what stands beside it. `filled`: what `Opened.context` is given."""
    found = task_beside.beside_task(services(), page.conn, page.task.id, g.principal)
    people = {c.by for c in found.comments} | {a.by for a in found.attachments} | {h.by for h in found.handovers}
    people |= {login for one in found.handovers for login in (one.held_by, one.given_to) if login}
    return render_template(
        "task.html",
        **page.context(*filled),
        beside=found,
        people=services().people.names(people),
        workplaces=places(),
        beside_error=beside_error,
        typed=typed or {},
        accepted=",".join(task_beside.KINDS),
    )
