"""`/api/messages`, `/api/signals`: what other systems tell the running instances."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response
from marshmallow import fields

from api.answers import reply
from api.requests import Duration, PlainObject, Strict, idempotency, load, principal, text
from engine.commands.contracts import BroadcastSignal, PublishMessage
from engine.errors import NotFound
from engine.store import reads
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


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("messages", __name__, url_prefix="/api")

    @bp.post("/messages")
    def message() -> Response:
        """Tell one instance; kept for `ttl` when nobody listens yet. A `message_id` seen before changes nothing."""
        command = PublishMessage(**load(MessageBody()))
        _require_care(services, command.key)
        result = services.engine.execute(command, by=principal().actor, idempotency=idempotency())
        instance_id = str(result.instance_id) if result.instance_id else None
        return reply({"result": result.result, "instance_id": instance_id})

    @bp.post("/signals")
    def signal() -> Response:
        """Tell everybody who waits for it now; nothing is kept."""
        command = BroadcastSignal(**load(SignalBody()))
        reached = services.engine.execute(command, by=principal().actor, idempotency=idempotency())
        return reply({"reached": reached})

    return bp


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
