"""A stored message whose delivery raises rests, then is listed as failed; somebody may send it on its way again."""

from __future__ import annotations

from engine.commands.contracts import DeliverMessage, FailMessage, MessageResult, RetryMessage
from engine.commands.records import MAX_ATTEMPTS
from engine.errors import Conflict, NotFound
from engine.store.incidents import LONGEST_REASON
from engine.store.transaction import Tx


def fail(command: FailMessage, tx: Tx) -> None:
    tx.send(
        "fail_message",
        id=command.message_id,
        spent=command.attempts >= MAX_ATTEMPTS,
        back_off=command.back_off,
        problem=command.problem[:LONGEST_REASON],
    )


def retry(command: RetryMessage, tx: Tx) -> MessageResult:
    row = tx.one("read_message", id=command.message_id)
    if row is None:
        raise NotFound("没有这条消息", "no such message")
    if row[4] == "delivered":
        raise Conflict("消息已送达", "the message was delivered", code="message-delivered")
    tx.send("revive_message", id=command.message_id, expires_at=tx.now + command.ttl)
    result: MessageResult = tx.run(DeliverMessage(message_id=command.message_id))
    return result
