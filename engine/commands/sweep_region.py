"""Housekeeping that no step waits for."""

from __future__ import annotations

from engine.commands.contracts import SweepRegion
from engine.commands.start_subscriptions import take_up_starts
from engine.store.transaction import Tx


def handle(command: SweepRegion, tx: Tx) -> None:
    take_up_starts(tx)
    tx.send("expire_messages", now=tx.now)
    tx.send("forget_messages", now=tx.now)
    tx.send("forget_old_answers")
    tx.send("forget_told_events", now=tx.now)
    tx.send("resolve_incidents_of_ended", now=tx.now)
    tx.send("forget_old_states", now=tx.now)
