"""The list of tasks, and the page on which one is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.clock import CHINA
from engine.errors import Conflict, EngineError, Incorrect, Stale
from engine.store import beside, plain, reads
from web import filling, forms, late, risk, worklist
from web.errors import STATUS
from web.language import gettext as _
from web.pages.beside import render_task
from web.pages.blueprint import bp, now, places, services, today
from workflows import completion, task_access, task_beside
from workflows.reading_cases import reading_cases

MINE = "mine"
MOST_HURRIED = 5
MOST_READY = 10  # [default]: forms that a browser keeps at hand


@bp.get("/tasks")
def tasks() -> str:
    """One view of the list; the address holds all of it."""
    region, principal = services().region_id, g.principal
    query = worklist.Query.read(request.args, worklist.views_of(principal))
    moment, start = now(), datetime.combine(today(), time(), CHINA)
    with reading_cases(services(), g.principal) as conn:
        page = reads.user_tasks(
            conn,
            region,
            **worklist.restriction(query, principal, moment, start),
            order=query.order,
            limit=worklist.ROWS,
            offset=(query.page - 1) * worklist.ROWS,
        )
        others = {
            view: reads.user_tasks(
                conn,
                region,
                **worklist.restriction(worklist.Query(view=view), principal, moment, start),
                limit=MOST_READY if view == MINE else 1,
            )
            for view in worklist.views_of(principal)
            if worklist.Query(view=view) != query
        }
        counts = {view: found.total for view, found in others.items()}
        mine = others[MINE].items if MINE in others else page.items if query.view == MINE else ()
        handed = beside.unseen(conn, region, principal.login)
        rows = worklist.rows(services(), conn, list(page.items), principal, places(), moment)
        counts.setdefault(query.view, page.total)
        done = _just_done(conn)
        following = _following(conn, done, moment)
        hurried = _hurried(conn, moment) if query.page == 1 and query.view != "done" else []
        elements = worklist.element_groups(services(), conn, query, principal)
        services().people.record_view(principal, interaction="search", detail={"shown": len(rows)})
    last_page = max(1, -(-page.total // worklist.ROWS))
    return render_template(
        "tasks.html",
        query=query,
        rows=rows,
        total=page.total,
        last_page=last_page,
        counts=counts,
        done=done,
        following=following,
        hurried=hurried,
        held=_ready(mine),
        handed=handed,
        handing=services().people.names({one.by for one in handed.values()}),
        elements=elements,
        colours=risk.offered(principal.roles),
    )


def _ready(mine: Sequence[Any]) -> list[tuple[str, int]]:
    """The forms that the browser keeps for opening without a network: of tasks that the person holds. What is not in
    the list it forgets."""
    return [(url_for("web.task", task_id=task.id), task.revision) for task in mine[:MOST_READY] if task.form]


def _just_done(conn: Any) -> Any:
    """The task that the person has just finished, when the address names one of theirs."""
    try:
        task = reads.user_task(conn, services().region_id, UUID(request.args.get("done", "")))
    except ValueError:
        return None
    return task if task is not None and task.completed_by == g.principal.login else None


def _following(conn: Any, done: Any, moment: datetime) -> list[worklist.Row]:
    """What finishing it has brought the person to do for the same woman; what is due first stands first."""
    if done is None or not done.business_key:
        return []
    asked = worklist.restriction(worklist.Query(view="team"), g.principal, moment, moment)
    page = reads.user_tasks(conn, services().region_id, business_key=done.business_key, **asked)
    new = [task for task in page.items if task.created_at >= done.completed_at]
    return worklist.rows(services(), conn, new, g.principal, places(), moment)


def _hurried(conn: Any, moment: datetime) -> list[worklist.Row]:
    """What the person may do that was given an hour at the most: last month's equipment check is later than it, and
    would stand before it."""
    asked = worklist.restriction(worklist.Query(view="team"), g.principal, moment, moment)
    page = reads.user_tasks(conn, services().region_id, **asked, hurried=True, limit=MOST_HURRIED)
    return worklist.rows(services(), conn, list(page.items), g.principal, places(), moment)


@bp.get("/tasks/<uuid:task_id>")
def task(task_id: UUID) -> str:
    """The form to fill in; looking at a woman's task leaves an audit row."""
    is_kept = request.args.get("ready") == "1"  # the browser keeps it for later: nobody has looked at it yet
    with filling.opened(task_id) as page:
        if page.woman is not None:
            kept = {"detail": {"kept": "offline"}} if is_kept else {}
            about = page.woman.pregnancy_id
            services().people.record_view(g.principal, interaction="read", pregnancy_id=about, **kept)
        shown = render_task(page)
    if page.task.assignee == g.principal.login and not is_kept:
        task_beside.seen(services(), task_id, g.principal)
    return shown


@bp.post("/tasks/<uuid:task_id>")
def submit_task(task_id: UUID) -> Response:
    """303 to where the person goes next; 409, 412, 422 with everything that was typed still on the page."""
    with filling.opened(task_id) as page:
        answers = page.answers_of(request.form)
        if not page.task.is_open and forms.is_row_action(request.form):
            return _too_late(page, answers)
        if forms.is_row_action(request.form):
            return make_response(render_task(page, answers))
        try:
            doubts = page.doubts(answers, request.form) if page.fillable else []
        except Incorrect as error:
            return _again(page, answers, error)
        if doubts:
            return _again(page, answers, None, doubts)
    try:
        note = request.form.get("done_note", "").strip()
        if note and page.form is None and page.task.is_open:
            task_beside.comment(services(), task_id, note, by=g.principal, idempotency=_for_the_note())
        completion.complete(
            services(),
            task_id,
            **page.as_arguments(answers),
            by=g.principal,
            expected_revision=_revision(request.form.get("revision")),
            idempotency=filling.idempotency(request.form),
            happened_at=filling.entered_at(request.form),
        )
    except (Incorrect, Conflict, Stale) as error:
        with filling.opened(task_id) as fresh:
            if fresh.task.is_open:
                return _again(fresh, answers, error)
            return _too_late(fresh, {_("办理情况"): note} if note and fresh.form is None else answers)
    return redirect(_onward(task_id), 303)  # type: ignore[return-value]


def _for_the_note() -> Any:
    """What is written beside is said once too, under a key of its own: sending the page again adds nothing."""
    key = filling.idempotency(request.form)
    return None if key is None else replace(key, key=f"note:{key.key}"[:100])


def _again(page: filling.Opened, answers: Any, error: EngineError | None, doubts: Any = ()) -> Response:
    """The same page with what was typed, and what is wrong or doubtful about it."""
    body = render_task(page, answers, error, doubts)
    return make_response(body, STATUS[error.category] if error else 422)


def _too_late(page: filling.Opened, answers: Any) -> Response:
    """409: what was recorded, and beside it what this person typed, marked as not saved, to be copied."""
    lines = late.compared(page, answers, today())
    body = render_template("late.html", **page.context(), lines=lines, text=late.as_text(lines))
    return make_response(body, STATUS["conflict"])


def _onward(task_id: UUID) -> str:
    """The next task of the same list where that was asked for, else the list itself."""
    query = worklist.Query.read(filling.listed(request.form.get("list", "")), worklist.views_of(g.principal))
    address = query.address()
    if request.form.get("then") == "next":
        start = datetime.combine(today(), time(), CHINA)
        with reading_cases(services(), g.principal) as conn:
            asked = worklist.restriction(query, g.principal, now(), start)
            following = reads.user_tasks(conn, services().region_id, **asked, order=query.order, limit=1).items
        if following and following[0].state != "completed":
            return url_for("web.task", task_id=following[0].id, list=address or None, done=task_id)
    return f"{url_for('web.tasks')}?{address}{'&' if address else ''}done={task_id}"


@bp.post("/tasks/<uuid:task_id>/evaluate")
def evaluate_task(task_id: UUID) -> Response:
    """Calculated values, what is shown, and what does not fit yet, for the answers as typed so far."""
    sent = filling.sent_answers()
    with filling.opened(task_id) as page:
        result = completion.evaluate(services(), page.conn, page.task, sent["answers"], now=now())
    return _answer({"seq": sent.get("seq"), **result})


@bp.put("/tasks/<uuid:task_id>/draft")
def draft_task(task_id: UUID) -> Response:
    """Keep an unfinished form; whoever types first holds the task."""
    sent = filling.sent_answers()
    over = sent["over"] if isinstance(sent.get("over"), str) else None
    revision = _revision(sent.get("revision"))
    completion.save_draft(services(), task_id, sent["answers"], by=g.principal, expected_revision=revision, over=over)
    with reading_cases(services(), g.principal) as conn:
        task = task_access.task_for(services(), conn, task_id, g.principal)
    if task.assignee is None:
        completion.claim(services(), task_id, by=g.principal)
        with reading_cases(services(), g.principal) as conn:
            task = task_access.task_for(services(), conn, task_id, g.principal)
    saved_at = now().astimezone(CHINA).strftime("%H:%M:%S")
    return _answer({"revision": task.revision, "saved_at": saved_at, "mark": filling.draft_mark(task)})


@bp.post("/tasks/<uuid:task_id>/claim")
def claim_task(task_id: UUID) -> Response:
    """Take the task; from somebody else only when asked for in so many words."""
    completion.claim(services(), task_id, by=g.principal, take_over=request.form.get("take_over") == "1")
    return redirect(url_for("web.task", task_id=task_id, list=request.form.get("list") or None), 303)  # type: ignore[return-value]


@bp.post("/tasks/<uuid:task_id>/release")
def release_task(task_id: UUID) -> Response:
    completion.release(services(), task_id, by=g.principal)
    return redirect(url_for("web.tasks"), 303)  # type: ignore[return-value]


def _answer(value: Any) -> Response:
    return Response(plain.dumps(value), mimetype="application/json")


def _revision(value: Any) -> int | None:
    return int(value) if str(value or "").isdecimal() else None
