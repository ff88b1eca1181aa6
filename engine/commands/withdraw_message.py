"""A message that waits for its receiver is taken back by whoever sent it."""

from __future__ import annotations

from engine.commands.contracts import WithdrawMessage
from engine.store.transaction import Tx


def handle(command: WithdrawMessage, tx: Tx) -> bool:
    found = tx.one("withdraw_message", name=command.name, key=command.key, message_id=command.message_id)
    return found is not None
