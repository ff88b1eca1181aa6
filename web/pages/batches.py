"""One operation on many instances: tried, begun, watched, steered."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.clock import CHINA
from engine.commands.contracts import ControlBatch, CreateBatch
from engine.errors import EngineError, Forbidden, Incorrect, NotFound
from engine.operations import batches
from engine.store import reads
from web.errors import STATUS
from web.pages.blueprint import bp, services
from web.pages.operations import variables
from workflows import audited
from workflows.people.access import RIGHTS

OPERATIONS = ("suspend", "activate", "variables", "retry", "modify", "revert", "terminate")  # migrate has a page itself
OF_DESIGNERS = ("migrate", "revert")
RESULTS = 100  # on one page
STATES = ("", "failed", "waiting", "done")


@bp.get("/operations/batches/new")
def new_batch() -> Response:
    """Which operation, and on which instances."""
    return _form(request.args)


@bp.post("/operations/batches/new")
def create_batch() -> Response:
    """`try`: on the first hundred instances found, nothing stays. `start`: a batch that the workers do."""
    given = request.form
    operation = given.get("operation", "")
    _may(operation)
    try:
        query, parameters = _query(given), _parameters(operation, given)
        reason = given.get("reason", "")[:1000]
        if given.get("do") == "start":
            command = CreateBatch(
                operation=operation,
                query=query,
                parameters=parameters,
                rate=rate_of(given.get("rate", "")),
                reason=reason,
            )
            told = {"operation": operation, "reason": reason}
            batch_id = audited.execute(services(), command, g.principal, "batch", detail=told)
            return redirect(url_for("web.batch", batch_id=batch_id), 303)  # type: ignore[return-value]
        trial = batches.trial(services().engine, operation, query, parameters, g.principal.actor)
    except EngineError as error:
        return _form(given, error=error)
    return _form(given, trial=trial)


def _form(given: Any, trial: Any = None, error: EngineError | None = None) -> Response:
    with services().engine.read() as conn:
        every = [d for d in reads.definitions(conn, services().region_id) if d.kind == "process"]
        counts = {key: reads.instance_counts(conn, services().region_id, key) for key in {d.key for d in every}}
    running = {
        (d.key, d.version): count
        for d in every
        if (count := sum(counts[d.key].get(d.version, {}).get(state, 0) for state in ("active", "suspended")))
    }
    operation = given.get("operation", "")
    page = render_template(
        "batch_new.html",
        operations=[one for one in OPERATIONS if g.principal.roles & RIGHTS[_right(one)]],
        operation=operation if operation in OPERATIONS else "",
        names={d.key: d.name or d.key for d in every},
        running=running,
        given=given,
        trial=trial,
        error=error,
    )
    return make_response(page, STATUS.get(error.category, 500) if error else 200)


def _query(given: Any) -> dict[str, Any]:
    """What was filled in. Raises Incorrect."""
    key, _, version = given.get("process", "").partition(":")
    query: dict[str, Any] = {
        "definition_key": key or None,
        "version": int(version) if version.isdecimal() else None,
        "state": given.get("state") or None,
        "element_id": given.get("element_id", "").strip() or None,
        "business_keys": given.get("business_keys", "").split() or None,
        "instance_ids": given.get("instance_ids", "").split() or None,
        "incident": True if given.get("incident") else None,
        "started_after": _day(given.get("started_after", "")),
        "started_before": _day(given.get("started_before", "")),
        "variables": variables(given.get("where", "")) or None,
    }
    return {name: value for name, value in query.items() if value is not None}


def _day(text: str) -> str | None:
    """The beginning of a civil day in China. Raises Incorrect."""
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), CHINA).isoformat()
    except ValueError:
        raise Incorrect(f"日期“{text[:20]}”应写成 2026-01-10", f"write the date {text[:20]} as 2026-01-10") from None


def _parameters(operation: str, given: Any) -> dict[str, Any]:
    if operation == "variables":
        return {"variables": variables(given.get("variables", ""))}
    if operation == "modify":
        named = [(action, given.get(action, "").strip()) for action in ("cancel", "start_before", "start_after")]
        return {"instructions": [{action: path} for action, path in named if path]}
    return {}


def rate_of(text: str) -> float:
    """How many a second. Raises Incorrect."""
    try:
        return float(text or 50)
    except ValueError:
        raise Incorrect("速率应为数字", "the rate must be a number", code="rate") from None


@bp.get("/operations/batches/<uuid:batch_id>")
def batch(batch_id: UUID) -> str:
    """How far it has come, and instance by instance what became of it."""
    found = _found(batch_id)
    state = request.args.get("state", "")
    after = request.args.get("after", "")
    with services().engine.read() as conn:
        rows = batches.results(
            conn,
            services().region_id,
            batch_id,
            state=state if state in STATES and state else None,
            after=_id(after),
            limit=RESULTS + 1,
        )
    return render_template(
        "batch.html",
        batch=found,
        states=STATES,
        state=state,
        results=rows[:RESULTS],
        further=rows[RESULTS - 1].instance_id if len(rows) > RESULTS else None,
        may_take_back=found.operation == "migrate" and bool(found.done and g.principal.roles & RIGHTS["migrate"]),
        may_steer=bool(g.principal.roles & RIGHTS[_right(found.operation)]),
        done=request.args.get("done") == "1",
    )


@bp.post("/operations/batches/<uuid:batch_id>/reversal")
def take_batch_back(batch_id: UUID) -> Response:
    """What this migration has done, as a batch of its own: who was touched since stays, and is named."""
    _may("revert")
    found = _found(batch_id)
    if found.operation != "migrate":
        raise Incorrect("只有迁移可以撤回", "only a migration can be taken back")
    reason, query = request.form.get("reason", "")[:1000], {"batch_id": str(batch_id)}
    command = CreateBatch(operation="revert", query=query, parameters={}, rate=found.rate, reason=reason)
    told = {"operation": "revert", "reason": reason, "of": str(batch_id)}
    made = audited.execute(services(), command, g.principal, "batch", detail=told)
    return redirect(url_for("web.batch", batch_id=made), 303)  # type: ignore[return-value]


@bp.post("/operations/batches/<uuid:batch_id>/<action>")
def steer_batch(batch_id: UUID, action: str) -> Response:
    """Pause, resume, cancel, try again what failed, another rate."""
    _may(_found(batch_id).operation)
    rate = rate_of(request.form.get("rate", "")) if action == "rate" else None
    command = ControlBatch(batch_id=batch_id, action=action, rate=rate)
    audited.execute(services(), command, g.principal, "batch", batch_id, {"action": action})
    return redirect(url_for("web.batch", batch_id=batch_id, done=1), 303)  # type: ignore[return-value]


def _found(batch_id: UUID) -> Any:
    with services().engine.read() as conn:
        found = batches.batch(conn, services().region_id, batch_id)
    if found is None:
        raise NotFound("没有这个批次", "no such batch")
    return found


def _right(operation: str) -> str:
    return "migrate" if operation in OF_DESIGNERS else "operate"


def _may(operation: str) -> None:
    if not g.principal.roles & RIGHTS[_right(operation)]:
        raise Forbidden("没有此操作的权限", "your roles do not include this operation")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
