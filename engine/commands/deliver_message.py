"""A stored message looks for its receiver: one that a step gave out, or one that waited."""

from __future__ import annotations

from engine.commands.broadcast_signal import broadcast
from engine.commands.contracts import DeliverMessage, MessageResult
from engine.commands.correlation import Letter, TakenAlready, deliver
from engine.store.transaction import Again, Tx


def handle(command: DeliverMessage, tx: Tx) -> MessageResult:
    """Safe to ask for at any time by any number of processes: the message's row is locked before it is consumed."""
    row = tx.one("read_message", id=command.message_id)
    if row is None:
        return MessageResult(result="expired")
    kind, name, key, payload, state, receiver, _ = row
    if state in ("delivered", "expired"):
        return MessageResult(result=state, instance_id=receiver)
    if kind == "signal":
        return _broadcast_once(command, tx, name, payload)
    try:
        receiver = deliver(tx, Letter(name, key, payload, row=command.message_id))
    except TakenAlready as taken:
        return MessageResult(result="delivered", instance_id=taken.instance_id)
    state = "delivered" if receiver else "buffered"
    tx.send("settle_message", id=command.message_id, state=state, instance_id=receiver)
    return MessageResult(result=state, instance_id=receiver, at=tx.now)


def _broadcast_once(command: DeliverMessage, tx: Tx, name: str, payload: dict[str, object]) -> MessageResult:
    """A signal is never kept. Its row is locked last, as every message's: who comes second finds it delivered and takes
    back what it did."""
    broadcast(tx, name, payload)
    if tx.one("lock_message", id=command.message_id)[0] != "published":
        raise Again
    tx.send("settle_message", id=command.message_id, state="delivered", instance_id=None)
    return MessageResult(result="delivered", at=tx.now)
