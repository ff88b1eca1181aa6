"""`/api/batches`: one operation on many instances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from api.answers import at, reply
from api.operations.bodies import BatchBody, RateBody
from api.requests import idempotency, load, only, principal, query_choice, query_limit, query_uuid
from engine.commands.contracts import ControlBatch, CreateBatch
from engine.errors import Forbidden, NotFound
from engine.operations import batches
from engine.operations.batches import Batch, Result, Trial
from workflows import audited
from workflows.people.access import RIGHTS
from workflows.services import Services

OF_DESIGNERS = ("migrate", "revert")


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("batches", __name__, url_prefix="/api/batches")

    @bp.post("")
    def create() -> Response:
        """Find the instances of a query and do one operation on each; a dry run tries it on the first hundred."""
        asked = load(BatchBody())
        _may(asked["operation"])
        if asked.pop("dry_run"):
            named = {name: asked[name] for name in ("operation", "query", "parameters")}
            return reply(trial_json(batches.trial(services.engine, **named, by=principal().actor)))
        detail = {"operation": asked["operation"], "reason": asked["reason"]}
        command = CreateBatch(**asked)
        batch_id = audited.execute(services, command, principal(), "batch", detail=detail, idempotency=idempotency())
        return reply(batch_json(_found(batch_id)), 201)

    @bp.get("")
    def listed() -> Response:
        """The newest first."""
        only("after", "limit")
        limit = query_limit()
        with services.engine.read() as conn:
            found = batches.batches(conn, services.region_id, after=query_uuid("after"), limit=limit + 1)
        following = str(found[limit - 1].id) if len(found) > limit else None
        return reply({"items": [batch_json(one) for one in found[:limit]], "next": following})

    @bp.get("/<uuid:batch_id>")
    def batch(batch_id: UUID) -> Response:
        """One batch and how far it has come."""
        return reply(batch_json(_found(batch_id)))

    @bp.get("/<uuid:batch_id>/results")
    def results(batch_id: UUID) -> Response:
        """Instance by instance; of what failed, why."""
        only("state", "after", "limit")
        _found(batch_id)
        state = query_choice("state", ("all", "done", "failed", "waiting"), "all")
        limit = query_limit()
        chosen: dict[str, Any] = {
            "state": None if state == "all" else state,
            "after": query_uuid("after"),
            "limit": limit + 1,
        }
        with services.engine.read() as conn:
            found = batches.results(conn, services.region_id, batch_id, **chosen)
        following = str(found[limit - 1].instance_id) if len(found) > limit else None
        return reply({"items": [result_json(one) for one in found[:limit]], "next": following})

    @bp.post("/<uuid:batch_id>/pause")
    def pause(batch_id: UUID) -> Response:
        """Take no more of its items until it is resumed."""
        return _control(batch_id, "pause")

    @bp.post("/<uuid:batch_id>/resume")
    def resume(batch_id: UUID) -> Response:
        """Go on with a paused batch."""
        return _control(batch_id, "resume")

    @bp.post("/<uuid:batch_id>/cancel")
    def cancel(batch_id: UUID) -> Response:
        """Stop for good; what is done stays done."""
        return _control(batch_id, "cancel")

    @bp.post("/<uuid:batch_id>/retry")
    def retry(batch_id: UUID) -> Response:
        """Try once more what failed."""
        return _control(batch_id, "retry")

    @bp.post("/<uuid:batch_id>/rate")
    def rate(batch_id: UUID) -> Response:
        """Another number of instances a second."""
        return _control(batch_id, "rate", load(RateBody())["rate"])

    def _control(batch_id: UUID, action: str, speed: float | None = None) -> Response:
        _may(_found(batch_id).operation)
        command = ControlBatch(batch_id=batch_id, action=action, rate=speed)
        told = {"action": action}
        audited.execute(services, command, principal(), "batch", batch_id, told, idempotency=idempotency())
        return reply(batch_json(_found(batch_id)))

    def _found(batch_id: UUID) -> Batch:
        with services.engine.read() as conn:
            found = batches.batch(conn, services.region_id, batch_id)
        if found is None:
            raise NotFound("没有这个批次", "no such batch")
        return found

    return bp


def _may(operation: str) -> None:
    """Whoever draws diagrams takes instances to another version; everything else is for those who operate."""
    right = "migrate" if operation in OF_DESIGNERS else "operate"
    if not principal().roles & RIGHTS[right]:
        raise Forbidden("没有此操作的权限", "your roles do not include this operation")


def batch_json(batch: Batch) -> dict[str, Any]:
    return {
        "id": str(batch.id),
        "operation": batch.operation,
        "parameters": batch.parameters,
        "query": batch.query,
        "state": batch.state,
        "rate": _number(batch.rate),
        "reason": batch.reason,
        "created_at": at(batch.created_at),
        "created_by": batch.created_by,
        "ended_at": at(batch.ended_at),
        "total": batch.total,
        "done": batch.done,
        "failed": batch.failed,
        "waiting": batch.waiting,
    }


def _number(rate: float) -> Any:
    return int(rate) if rate == int(rate) else Decimal(f"{rate:.6g}")


def result_json(result: Result) -> dict[str, Any]:
    message = None if result.message is None else {"zh": result.message.zh, "en": result.message.en}
    return {
        "instance_id": str(result.instance_id),
        "state": result.state,
        "at": at(result.at),
        "code": result.code,
        "message": message,
    }


def trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "dry_run": True,
        "total": trial.total,
        "tried": trial.tried,
        "would": {"done": trial.done, "failed": trial.tried - trial.done},
        "failures": [
            {"code": code, "message": {"zh": text.zh, "en": text.en}, "count": count, "example": str(example)}
            for code, (count, text, example) in trial.failures.items()
        ],
        "groups": [
            {
                "element_id": group.path,
                "waiting": group.waiting,
                "tried": group.tried,
                "would": {"done": group.done, "failed": group.tried - group.done},
                "codes": dict(group.failures),
            }
            for group in trial.groups
        ],
    }
