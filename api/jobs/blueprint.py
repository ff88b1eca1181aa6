"""`/api/jobs`: activate, complete, fail, throw a BPMN error, extend the lease."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import ValidationError, fields, validate, validates_schema

from api.answers import at, reply
from api.jobs.activation import Asked, activate
from api.requests import Duration, PlainObject, Strict, idempotency, load, only, principal, query_limit, text
from engine.commands.contracts import CompleteJob, ExtendJob, FailJob, IdempotencyKey, ThrowJobError
from engine.store import job_reads
from workflows.services import Services

LONGEST_LEASE = timedelta(hours=1)
LONGEST_WAIT = timedelta(seconds=30)
SHORT = timedelta(0)


class UpTo(Duration):
    """A duration with a limit."""

    def __init__(self, most: timedelta, least: timedelta = SHORT, **more: Any) -> None:
        super().__init__(**more)
        self._least, self._most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> timedelta:
        found = super()._deserialize(value, attr, data, **kwargs)
        if not self._least <= found <= self._most:
            raise ValidationError(f"时长须不超过 {self._most}。 At most {self._most}, at least {self._least}.")
        return found


class ActivationBody(Strict):
    type = text(200)
    types = fields.List(text(200), validate=validate.Length(min=1, max=20))
    worker = text(100, required=True)
    max_jobs = fields.Integer(strict=True, validate=validate.Range(min=1, max=100), load_default=10)
    lease = UpTo(LONGEST_LEASE, timedelta(seconds=1), load_default=timedelta(minutes=1))
    wait = UpTo(LONGEST_WAIT, load_default=SHORT)

    @validates_schema
    def one_of_them(self, given: dict[str, Any], **_: Any) -> None:
        if ("type" in given) == ("types" in given):
            raise ValidationError("请给 type 或 types 之一。 Give either type or types.")


class JobBody(Strict):
    lease = text(100, required=True)


class CompletedBody(JobBody):
    variables = PlainObject(load_default=dict)


class FailedBody(JobBody):
    message = text(2000, required=True)
    retries_left = fields.Integer(
        strict=True, validate=validate.Range(min=0, max=1000), load_default=None, allow_none=True
    )
    back_off = UpTo(timedelta(days=30), load_default=None, allow_none=True)


class ThrownBody(JobBody):
    code = text(200, required=True)
    message = fields.String(load_default="", validate=validate.Length(max=2000))
    variables = PlainObject(load_default=dict)


class ExtendedBody(JobBody):
    lock_for = UpTo(LONGEST_LEASE, timedelta(seconds=1), data_key="for", required=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("jobs", __name__, url_prefix="/api/jobs")

    @bp.get("")
    def jobs() -> Response:
        """Jobs that wait, run or failed, oldest first, without what they are given."""
        only("type", "limit")
        with services.engine.read() as conn:
            found = job_reads.jobs(conn, services.region_id, type=request.args.get("type"), limit=query_limit(100))
        return reply({"items": [row_json(row) for row in found]})

    @bp.post("/activation")
    def activation() -> Response:
        """Take up to `max_jobs` due jobs of a type until `lease` has passed; with `wait` the answer is held back until
        there is one, or for that long."""
        given = load(ActivationBody())
        types = tuple(given["types"]) if "types" in given else (given["type"],)
        asked = Asked(types, given["worker"], given["max_jobs"], given["lease"], given["wait"])
        return reply({"jobs": activate(services, principal(), asked, idempotency())})

    @bp.post("/<uuid:job_id>/completion")
    def completion(job_id: UUID) -> Response:
        """The job is done; its variables go the way of the element's output mappings. Sent again, the same answer."""
        _answer(job_id, CompletedBody(), "completion", CompleteJob)
        return reply({"completed": True})

    @bp.post("/<uuid:job_id>/failure")
    def failure(job_id: UUID) -> Response:
        """The job could not be done: again after a rest, and with no retries left an incident."""
        left = _answer(job_id, FailedBody(), "failure", FailJob)
        return reply({"retries_left": left, "incident": left == 0})

    @bp.post("/<uuid:job_id>/error")
    def error(job_id: UUID) -> Response:
        """What the diagram foresees: an error event with this code catches it; caught by none it is an incident."""
        _answer(job_id, ThrownBody(), "error", ThrowJobError)
        return reply({"thrown": True})

    @bp.post("/<uuid:job_id>/extension")
    def extension(job_id: UUID) -> Response:
        """Keep the job for as long again from now on."""
        command = ExtendJob(job_id=job_id, **load(ExtendedBody()))
        return reply({"locked_until": at(services.engine.execute(command, by=principal().actor))})

    def _answer(job_id: UUID, body: Strict, kind: str, command: type[Any]) -> Any:
        """A lease answers once: the same answer sent again after a lost reply is told what the first was told."""
        given = load(body)
        key = idempotency() or _own_key(job_id, kind, given["lease"])
        return services.engine.execute(command(job_id=job_id, **given), by=principal().actor, idempotency=key)

    return bp


def _own_key(job_id: UUID, kind: str, lease: str) -> IdempotencyKey:
    caller = principal()
    return IdempotencyKey(client=f"{caller.kind}:{caller.id}", key=f"job/{job_id}/{kind}/{lease}", request_hash=lease)


def row_json(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "type": row.type,
        "state": row.state,
        "instance_id": str(row.instance_id),
        "definition_key": row.definition_key,
        "definition_version": row.definition_version,
        "business_key": row.business_key,
        "element_id": row.path,
        "attempts": row.attempts,
        "retries_left": row.retries_left,
        "due_at": at(row.due_at),
        "locked_by": row.locked_by,
        "locked_until": at(row.locked_until),
        "message": row.message,
    }
