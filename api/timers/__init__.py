"""`/api/timers`: what falls due and when; another due moment, or now. Also of what begins a process by time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import fields, validate

from api import paging
from api.answers import at, reply
from api.operations.inspection import instance_for
from api.requests import Instant, Strict, idempotency, load, only, principal, query_limit, query_uuid
from engine.commands.contracts import FireTimerNow, MoveStart, MoveTimer, Operate
from engine.errors import Malformed
from engine.store import unattended_reads
from workflows import audited
from workflows.protected_places import told_rows
from workflows.services import Services


class DueBody(Strict):
    due_at = Instant(required=True)
    reason = fields.String(load_default="", validate=validate.Length(max=1000))
    dry_run = fields.Boolean(load_default=False)


class FiringBody(Strict):
    reason = fields.String(load_default="", validate=validate.Length(max=1000))
    dry_run = fields.Boolean(load_default=False)


class StartDueBody(Strict):
    due_at = Instant(required=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("timers", __name__, url_prefix="/api")

    @bp.get("/timers")
    def timers() -> Response:
        """Running timers, soonest due first; `starts` are those that begin a process."""
        only("due_before", "instance", "definition", "after", "limit")
        limit, now = query_limit(100), services.clock()
        with services.engine.read() as conn:
            found = unattended_reads.timers(
                conn,
                services.region_id,
                due_before=_due_before(),
                instance_id=query_uuid("instance"),
                definition_key=request.args.get("definition"),
                after=paging.after(paging.moment, UUID, int),
                limit=limit + 1,
            )
            starts = unattended_reads.timer_starts(conn, services.region_id)
        following = paging.next_after(found, limit, lambda row: (row.due_at, row.instance_id, row.wait_id))
        items = [timer_json(row, now) for row in told_rows(principal(), found[:limit])]
        return reply({"items": items, "next": following, "starts": [start_json(row) for row in starts]})

    @bp.post("/instances/<uuid:instance_id>/timers/<int:wait_id>/due-date")
    def due_date(instance_id: UUID, wait_id: int) -> Response:
        """Another due moment; a cycle goes on counting from it."""
        given = load(DueBody())
        dry_run = given.pop("dry_run")
        command = MoveTimer(instance_id=instance_id, wait_id=wait_id, **given)
        changes = _change(command, given["reason"], dry_run)
        return reply({"due_at": at(given["due_at"]), "dry_run": dry_run, "changes": changes})

    @bp.post("/instances/<uuid:instance_id>/timers/<int:wait_id>/firing")
    def firing(instance_id: UUID, wait_id: int) -> Response:
        """The timer fires now, as if it were due."""
        given = load(FiringBody(), required=False)
        changes = _change(FireTimerNow(instance_id=instance_id, wait_id=wait_id), given["reason"], given["dry_run"])
        return reply({"fired": not given["dry_run"], "dry_run": given["dry_run"], "changes": changes})

    @bp.post("/definitions/<key>/starts/<element_id>/due-date")
    def start_due_date(key: str, element_id: str) -> Response:
        """When the process begins next by this timer start event; it is tried anew however often it failed."""
        due = load(StartDueBody())["due_at"]
        command = MoveStart(definition_key=key, element_id=element_id, due_at=due)
        told = {"element": element_id}
        audited.execute(services, command, principal(), "definition", key, told, idempotency=idempotency())
        return reply({"due_at": at(due)})

    def _change(command: Any, reason: str, dry_run: bool) -> dict[str, Any]:
        with services.engine.read() as conn:
            instance_for(services, conn, principal(), command.instance_id)
        operate = Operate(instance_id=command.instance_id, command=command, dry_run=dry_run)
        changes: dict[str, Any] = audited.execute(
            services,
            operate,
            principal(),
            "instance",
            command.instance_id,
            {"wait": command.wait_id, "reason": reason},
            action=type(command).__name__,
            idempotency=None if dry_run else idempotency(),
        )
        return changes

    return bp


def _due_before() -> Any:
    given = request.args.get("due_before")
    try:
        return paging.moment(given) if given else None
    except ValueError:
        raise Malformed("参数 due_before 应为带时区的时刻", "due_before must be an instant", code="query") from None


def timer_json(row: Any, now: Any) -> dict[str, Any]:
    return {
        "instance_id": str(row.instance_id),
        "wait_id": row.wait_id,
        "element_id": row.path,
        "definition_key": row.definition_key,
        "definition_version": row.definition_version,
        "business_key": row.business_key,
        "due_at": at(row.due_at),
        "overdue_s": max(0.0, round((now - row.due_at).total_seconds(), 3)),
        "misfire": row.misfire,
        "attempts": row.attempts,
        "parked": row.parked,
        "instance_state": row.status,
    }


def start_json(row: Any) -> dict[str, Any]:
    return {
        "definition_key": row.definition_key,
        "definition_version": row.definition_version,
        "element_id": row.element_id,
        "timer": row.timer,
        "due_at": at(row.due_at),
        "attempts": row.attempts,
        "problem": row.problem,
    }
