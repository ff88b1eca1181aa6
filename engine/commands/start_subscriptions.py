"""What begins a process from outside: rows of its newest version, replaced when another is deployed."""

from __future__ import annotations

from engine.interpreter import Program, start_timer_due
from engine.store.transaction import Tx
from engine.timers import Due


def replace_starts(tx: Tx, program: Program, version: int) -> None:
    """A timer start event that says the same as before keeps its due moment: deploying again loses no deadline and
    repeats none."""
    tx.send("forget_message_starts", key=program.key)
    tx.send("forget_start_events", key=program.key)
    for name, element_id in program.start_messages.items():
        tx.send("insert_message_start", key=program.key, name=name, element_id=element_id)
    for name, element_id in program.start_signals.items():
        tx.send("insert_start_event", key=program.key, kind="signal", name=name, element_id=element_id)
    for element_id in program.start_conditions:
        tx.send("insert_start_event", key=program.key, kind="condition", name="", element_id=element_id)
    tx.send("forget_timer_starts", key=program.key, kept=list(program.start_timers))
    for element_id, timer in program.start_timers.items():
        due = start_timer_due(program, element_id, tx.now)
        said = f"{timer.event.sort} {timer.event.text}"
        tx.send("put_timer_start", key=program.key, element_id=element_id, version=version, timer=said, **columns(due))


def columns(due: Due) -> dict[str, object]:
    return {
        "due_at": due.due,
        "occurrence": due.occurrence,
        "cycle": due.cycle,
        "remaining": due.remaining,
        "day": due.day,
    }
