"""A message from outside."""

from __future__ import annotations

from uuid import uuid4

from engine.commands.contracts import MessageResult, PublishMessage
from engine.commands.correlation import Letter, deliver
from engine.store.transaction import Tx, as_json


def handle(command: PublishMessage, tx: Tx) -> MessageResult:
    """A sender's number is stored first: of two that come at once, the second waits here and is a duplicate."""
    row = uuid4()
    stored = command.message_id is not None
    if stored and not _store(command, tx, row):
        receiver, at = tx.one(
            "find_message_sent_before", name=command.name, key=command.key, message_id=command.message_id
        )
        return MessageResult(result="duplicate", instance_id=receiver, at=at)
    receiver = deliver(tx, Letter(command.name, command.key, command.payload))
    if receiver is None and not stored and command.ttl:
        stored = _store(command, tx, row)
    kept = "buffered" if command.ttl else "expired"
    if stored:
        tx.send("settle_message", id=row, state="delivered" if receiver else kept, instance_id=receiver)
    return MessageResult(result="delivered" if receiver else kept, instance_id=receiver, at=tx.now)


def _store(command: PublishMessage, tx: Tx, row: object) -> bool:
    inserted = tx.one(
        "insert_message",
        id=row,
        name=command.name,
        key=command.key,
        message_id=command.message_id,
        payload=as_json(dict(command.payload)),
        now=tx.now,
        expires_at=tx.now + command.ttl,
    )
    return inserted is not None
