"""Taking the instances of a version to another one: what differs, what becomes what, a dry run, and the batch."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.commands.contracts import CreateBatch
from engine.errors import EngineError, Incorrect, NotFound
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
    """`try`: on a hundred instances from everywhere, nothing stays. `start`: a batch that the workers do, of the plan
    that was tried, confirmed with the number of instances."""
    given = request.form
    to = _target(key, version, given)
    plan = planning.parameters(between(services().engine, key, version, to), to, given)
    query = {"definition_key": key, "version": version}
    try:
        if given.get("do") == "start":
            _require_confirmed(given, plan)
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
    return _page(key, version, given, trial=trial, tried=planning.seal(plan, trial.total))


def _require_confirmed(given: Any, plan: dict[str, Any]) -> None:
    """Raises Incorrect where the plan is not the one that was tried, or the number is not that of its instances."""
    confirmed = given.get("confirmed", "").strip()
    if not confirmed.isdecimal() or given.get("total") != confirmed:
        raise Incorrect(
            f"请输入实例个数 {given.get('total') or ''} 以确认；没有开始",
            "type the number of instances to confirm; nothing was begun",
            code="unconfirmed",
        )
    if given.get("tried") != planning.seal(plan, int(confirmed)):
        raise Incorrect(
            "方案在试运行之后改过：请再试运行一次；没有开始",
            "the plan was changed after the dry run: try it again; nothing was begun",
            code="untried",
        )


def _page(
    key: str, version: int, given: Any, trial: Any = None, error: EngineError | None = None, tried: str = ""
) -> Response:
    to = _target(key, version, given)
    found = between(services().engine, key, version, to)
    with services().engine.read() as conn:
        region = services().region_id
        every = planning.versions(conn, key)
        counts = reads.instance_counts(conn, region, key).get(version, {})
        waiting = reads.waiting_counts(conn, region, key, version)
    g.shows_diagram = True
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
        tried=tried,
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
