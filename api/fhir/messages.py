"""`$process-message`: what a message says is stored in one transaction, and answered by a message."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, request

from api.fhir import replies
from api.fhir.guard import principal, scopes, viewer
from api.fhir.writing import document
from engine.commands.contracts import IdempotencyKey
from engine.errors import EngineError
from fhir_adapters.bundles import ApplyBundle
from fhir_adapters.entries import checked
from fhir_adapters.issues import refuse, translate
from fhir_adapters.messages import Message, read_message, reply
from fhir_adapters.tolerances.agreeing import tolerant


def register(bp: Blueprint, services: Any) -> None:
    @bp.post("/$process-message")
    def process_message() -> Response:
        return _process(services)


def _process(services: Any) -> Response:
    """200 with a message `ok`; what cannot be carried out is answered by one that says why, with the status of it."""
    for name in request.args:
        if name not in ("_format", "_pretty"):
            text = "不支持此参数：消息当场处理并答复", "parameter not supported: a message is answered at once"
            raise refuse(400, "not-supported", "MCH-S-001", *text, expression=name[:64])
    message = read_message(document(services))
    who, error, done = principal(), None, []
    try:
        done = _carried_out(services, message)
    except EngineError as failed:
        error = translate(failed)
    answer = reply(
        message,
        sender=f"{who.kind}:{who.id}",
        base=replies.base(services),
        at=services.clock(),
        done=done,
        error=error,
    )
    return replies.json(answer, 200 if error is None else error.status)


def _carried_out(services: Any, message: Message) -> list[dict[str, Any]]:
    """What the same message made before, where it was here already. Raises FhirError, EngineError."""
    entries = checked(tolerant(services, principal(), list(message.entries)), scopes())
    command = ApplyBundle(entries=tuple(entries), viewer=viewer())
    applied = services.engine.execute(command, by=principal().actor, idempotency=_key(message))
    found: list[dict[str, Any]] = applied["entries"]
    return found


def _key(message: Message) -> IdempotencyKey:
    """The message is its own key; another one under the same key is refused."""
    who = principal()
    seal = hashlib.sha256(request.get_data()).hexdigest()
    return IdempotencyKey(client=f"{who.kind}:{who.id}", key=f"fhir-message/{message.key}", request_hash=seal)
