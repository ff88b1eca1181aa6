"""Taking the instances of a version to another one: what differs, what becomes what, a dry run, and the batch."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.commands.contracts import CreateBatch
from engine.errors import EngineError, NotFound
from engine.operations import batches
from engine.operations.suggestion import between
from engine.store import reads
from web.errors import STATUS
from web.pages import planning
from web.pages.batches import rate_of
from web.pages.blueprint import bp, services
from workflows import audited


@bp.get("/design/<key>/<int:version>/migration")
def migration(key: str, version: int) -> Response:
    """The plan, filled in with what is suggested."""
    return _page(key, version, request.args)


@bp.post("/design/<key>/<int:version>/migration")
def migrate(key: str, version: int) -> Response:
    """`try`: on the first hundred instances, nothing stays. `start`: a batch that the workers do."""
    given = request.form
    to = _target(key, version, given)
    plan = planning.parameters(between(services().engine, key, version, to), to, given)
    query = {"definition_key": key, "version": version}
    try:
        if given.get("do") == "start":
            reason = given.get("reason", "")[:1000]
            command = CreateBatch(
                operation="migrate", query=query, parameters=plan, rate=rate_of(given.get("rate", "")), reason=reason
            )
            told = {"operation": "migrate", "reason": reason}
            batch_id = audited.execute(services(), command, g.principal, "batch", detail=told)
            return redirect(url_for("web.batch", batch_id=batch_id), 303)  # type: ignore[return-value]
        trial = batches.trial(services().engine, "migrate", query, plan, g.principal.actor)
    except EngineError as error:
        return _page(key, version, given, error=error)
    return _page(key, version, given, trial=trial)


def _page(key: str, version: int, given: Any, trial: Any = None, error: EngineError | None = None) -> Response:
    to = _target(key, version, given)
    found = between(services().engine, key, version, to)
    with services().engine.read() as conn:
        region = services().region_id
        every = planning.versions(conn, key)
        counts = reads.instance_counts(conn, region, key).get(version, {})
        waiting = reads.waiting_counts(conn, region, key, version)
    page = render_template(
        "migration.html",
        definition=next(d for d in every if d.version == version),
        versions=every,
        to=to,
        running=counts.get("active", 0) + counts.get("suspended", 0),
        sections=planning.sections(found, waiting, given),
        rules=planning.RULES,
        give_up=planning.GIVE_UP,
        given=given,
        trial=trial,
        error=error,
    )
    return make_response(page, STATUS.get(error.category, 500) if error else 200)


def _target(key: str, version: int, given: Any) -> int:
    """The version that is asked for; else the newest that starts instances, or this one, for its called processes."""
    with services().engine.read() as conn:
        every = planning.versions(conn, key)
    known = {d.version for d in every}
    if version not in known:
        raise NotFound("没有这个流程或版本", "no such process or version")
    asked = given.get("to", "")
    if asked.isdecimal() and int(asked) in known:
        return int(asked)
    return next((d.version for d in every if not d.suspended), version)
