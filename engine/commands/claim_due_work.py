"""What is due, handed to one worker."""

from __future__ import annotations

from typing import Any

from engine.commands.contracts import ClaimDueWork
from engine.commands.records import ClaimedJob, DueMessage, DueStart, DueTimer, DueWork
from engine.store.transaction import Tx

COLUMNS = (
    *("id", "instance_id", "type", "element_id", "headers", "variables", "business_key"),
    *("retries_left", "lease", "locked_until", "due_at", "attempts", "path"),
)


def handle(command: ClaimDueWork, tx: Tx) -> DueWork:
    """A statement per kind, one round trip. One job at most: a dead worker has nothing in hand but what killed it, and
    no attempt counts that was not made."""
    until, types = command.until, list(command.job_types)
    if command.in_order:
        until = min(tx.value("find_next_due", types=types) or until, until)
    asked = {"until": until, "limit": command.limit, "lock_for": command.lock_for, "suspect": command.suspect}
    more: dict[str, dict[str, Any]] = {
        "timer": {"spread": command.spread},
        "job": {"types": types, "worker": command.worker, "only": None, "limit": min(command.limit, 1)},
        "message": {"until": command.until},
        "start": {},
    }
    claims = {kind: tx.send(STATEMENTS[kind], **{**asked, **more[kind]}) for kind in command.kinds}
    suspects = tx.send("find_suspects", until=until, types=types) if command.suspect is False else None
    found = {kind: cursor.fetchall() for kind, cursor in claims.items()}
    timers = [DueTimer(instance_id=i, wait_id=w, due_at=d, attempts=a) for i, w, d, a in found.get("timer", ())]
    starts = [DueStart(definition_key=k, element_id=e, due_at=d, attempts=a) for k, e, d, a in found.get("start", ())]
    return DueWork(
        timers=tuple(sorted(timers, key=lambda t: (t.due_at, t.instance_id, t.wait_id))),
        jobs=tuple(sorted(map(claimed_job, found.get("job", ())), key=lambda j: (j.due_at, j.id))),
        messages=tuple(DueMessage(id=id, attempts=attempts) for id, attempts in found.get("message", ())),
        starts=tuple(sorted(starts, key=lambda s: (s.due_at, s.definition_key, s.element_id))),
        suspects=tuple(row[0] for row in suspects.fetchall()) if suspects else (),
    )


STATEMENTS = {
    "timer": "claim_due_timers",
    "job": "claim_due_jobs",
    "message": "claim_messages",
    "start": "claim_timer_starts",
}


def claimed_job(row: tuple[Any, ...]) -> ClaimedJob:
    return ClaimedJob(**dict(zip(COLUMNS, row)))
