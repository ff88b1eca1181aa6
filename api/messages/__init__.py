"""`/api/messages`, `/api/signals`: what other systems tell the running instances."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import fields

from api import paging
from api.answers import at, reply
from api.requests import (
    Duration,
    PlainObject,
    Strict,
    idempotency,
    load,
    only,
    principal,
    query_choice,
    query_limit,
    text,
)
from engine.commands.contracts import BroadcastSignal, EvaluateConditions, PublishMessage, RetryMessage
from engine.errors import Forbidden, NotFound
from engine.store import reads, unattended_reads
from engine.store.unattended_reads import UNMATCHED
from fhir_adapters.corrections.merging import now_another
from workflows import audited
from workflows.corrections import grading
from workflows.intake import JOURNEY
from workflows.people.roles import OWNERS_OF_DIAGRAMS
from workflows.people.visibility import may_read_woman
from workflows.services import Services
from workflows.store import people as people_store


class Key(fields.Field[str]):
    """A number as key equals its text."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.make_error("invalid")
        return str(value)

    default_error_messages = {"invalid": "Not a valid string."}


class MessageBody(Strict):
    name = text(200, required=True)
    key = Key(required=True)
    payload = PlainObject(load_default=dict)
    message_id = text(200, load_default=None, allow_none=True)
    ttl = Duration(load_default=timedelta(days=7))


class SignalBody(Strict):
    name = text(200, required=True)
    payload = PlainObject(load_default=dict)


class DeliveryBody(Strict):
    ttl = Duration(load_default=timedelta(days=7))


class ConditionsBody(Strict):
    variables = PlainObject(required=True)
    business_key = text(200, load_default=None, allow_none=True)


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("messages", __name__, url_prefix="/api")

    @bp.post("/messages")
    def message() -> Response:
        """Tell one instance; kept for `ttl` when nobody listens yet. A `message_id` seen before changes nothing."""
        command = PublishMessage(**load(MessageBody()))
        if command.name in grading.INSIDE_ONLY:
            raise Forbidden("请经更正分级办理", "amend the grading instead")
        if command.name == grading.GRADED and principal().kind == "person":
            grading.require_grader(services, principal())
        _require_care(services, command.key)
        result = services.engine.execute(command, by=principal().actor, idempotency=idempotency())
        if result.result == "buffered" and (became := now_another(services, command.key)) is not None:
            again = replace(command, key=became)  # two records of one woman became one: what goes by the old key
            result = services.engine.execute(again, by=principal().actor)
        instance_id = str(result.instance_id) if result.instance_id else None
        return reply({"result": result.result, "instance_id": instance_id})

    @bp.get("/messages")
    def messages() -> Response:
        """Messages that nobody has received, newest first, without what they say: `state` unmatched (all of them),
        published (on their way), buffered, expired, failed."""
        only("state", "name", "key", "after", "limit")
        limit = query_limit(100)
        state = query_choice("state", ("unmatched", *UNMATCHED), "unmatched")
        with services.engine.read() as conn:
            found = unattended_reads.messages(
                conn,
                services.region_id,
                states=UNMATCHED if state == "unmatched" else (state,),
                name=request.args.get("name"),
                key=request.args.get("key"),
                before=paging.after(paging.moment, UUID),
                limit=limit + 1,
            )
        following = paging.next_after(found, limit, lambda row: (row.published_at, row.id))
        return reply({"items": [message_json(row) for row in found[:limit]], "next": following})

    @bp.post("/messages/<uuid:message_id>/delivery")
    def delivery(message_id: UUID) -> Response:
        """A message that failed, expired or waits looks for its receiver again."""
        command = RetryMessage(message_id=message_id, **load(DeliveryBody(), required=False))
        result = audited.execute(services, command, principal(), "message", message_id, idempotency=idempotency())
        return reply({"result": result.result, "instance_id": str(result.instance_id) if result.instance_id else None})

    @bp.post("/conditions")
    def conditions() -> Response:
        """Hold values against the conditional start events of all processes; each that is met begins an instance."""
        command = EvaluateConditions(**load(ConditionsBody()))
        began = services.engine.execute(command, by=principal().actor, idempotency=idempotency())
        return reply({"instance_ids": [str(id) for id in began]})

    @bp.post("/signals")
    def signal() -> Response:
        """Tell everybody who waits for it now, and begin the processes that it starts; nothing is kept."""
        command = BroadcastSignal(**load(SignalBody()))
        reached = services.engine.execute(command, by=principal().actor, idempotency=idempotency())
        return reply({"reached": reached})

    return bp


def message_json(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "kind": row.kind,
        "name": row.name,
        "key": row.key,
        "message_id": row.message_id,
        "source": str(row.source) if row.source else None,
        "state": row.state,
        "attempts": row.attempts,
        "problem": row.problem,
        "published_at": at(row.published_at),
        "expires_at": at(row.expires_at),
    }


def _require_care(services: Services, key: str) -> None:
    """What is told about a woman's pregnancy changes her case: only those who look after her may, and those who run
    the engine. A key that is no pregnancy's is nobody's in particular."""
    caller = principal()
    if caller.roles & OWNERS_OF_DIAGRAMS:
        return
    with services.engine.read() as conn:
        case = reads.instance_by_business_key(conn, services.region_id, JOURNEY, key)
        if case is not None and not may_read_woman(caller, people_store.care_of(conn, services.region_id, case.id)):
            raise NotFound("没有此孕产妇", "no such pregnancy")
