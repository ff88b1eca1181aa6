"""A worker is still at what it has claimed."""

from __future__ import annotations

from engine.commands.contracts import RenewLeases
from engine.store.transaction import Tx


def handle(command: RenewLeases, tx: Tx) -> None:
    """The attempt's number, and of a job its lease, tell whether a piece is still this worker's. A row that somebody
    has locked is passed over: it is being served, and nobody here waits for it."""
    work, lock_for = command.work, command.lock_for
    if work.timers:
        tx.send(
            "renew_timers",
            lock_for=lock_for,
            instances=[timer.instance_id for timer in work.timers],
            waits=[timer.wait_id for timer in work.timers],
            attempts=[timer.attempts for timer in work.timers],
        )
    if work.jobs:
        jobs = {"ids": [job.id for job in work.jobs], "leases": [job.lease for job in work.jobs]}
        tx.send("renew_jobs", lock_for=lock_for, **jobs)
    if work.messages:
        messages = {"ids": [each.id for each in work.messages], "attempts": [each.attempts for each in work.messages]}
        tx.send("renew_messages", lock_for=lock_for, **messages)
    if work.deliveries:
        tx.send(
            "renew_deliveries",
            lock_for=lock_for,
            destinations=[each.destination for each in work.deliveries],
            streams=[each.stream for each in work.deliveries],
            revisions=[each.revision for each in work.deliveries],
            attempts=[each.attempts for each in work.deliveries],
        )
    if work.items:
        tx.send(
            "renew_batch_items",
            lock_for=lock_for,
            batches=[item.batch_id for item in work.items],
            instances=[item.instance_id for item in work.items],
            attempts=[item.attempts for item in work.items],
        )
    if work.starts:
        tx.send(
            "renew_timer_starts",
            lock_for=lock_for,
            keys=[start.definition_key for start in work.starts],
            elements=[start.element_id for start in work.starts],
            attempts=[start.attempts for start in work.starts],
        )
