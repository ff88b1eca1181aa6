"""`/api/messages`, `/api/signals`: what other systems tell the running instances."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response
from marshmallow import fields

from api.answers import reply
from api.requests import Duration, PlainObject, Strict, idempotency, load, principal, text
from engine.commands.contracts import BroadcastSignal, PublishMessage
from workflows.services import Services


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
