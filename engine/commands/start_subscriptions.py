"""What begins a process from outside: rows of its newest version, replaced when another is deployed.

A message or a condition begins an instance in the region where it comes up, a signal where it is thrown: what listens
for them belongs to the installation. Time passes everywhere: timer start events belong to each region, which takes
them up when they are deployed there or, when another region deploys, at its next sweep.
"""

from __future__ import annotations

from engine.interpreter import Program, start_timer_due
from engine.store.transaction import Tx
from engine.timers import Due


def replace_starts(tx: Tx, program: Program, version: int) -> None:
    tx.send("forget_message_starts", key=program.key)
    tx.send("forget_start_events", key=program.key)
    for name, element_id in program.start_messages.items():
        tx.send("insert_message_start", key=program.key, name=name, element_id=element_id)
    for name, element_id in program.start_signals.items():
        tx.send("insert_start_event", key=program.key, kind="signal", name=name, element_id=element_id)
    for element_id in program.start_conditions:
        tx.send("insert_start_event", key=program.key, kind="condition", name="", element_id=element_id)
    _put_timers(tx, program, version)


def take_up_starts(tx: Tx) -> None:
    """Of what was deployed or let go on since this region last looked, by any region. A single date that lies in the
    past is not made up for: the region did not know of it."""
    catalogue = tx.library.catalogue(tx)
    seen = tx.value("read_region_catalogue") or 0
    if seen >= catalogue.number:
        return
    for kind, key in catalogue.versions:
        newest = catalogue.newest(kind, key)
        if kind == "process" and newest is not None and newest.deployment_id > seen:
            _put_timers(tx, tx.library.program(tx, key, newest.version), newest.version, late=True)
    tx.send("look_again_for_starts", now=tx.now)
    tx.send("keep_region_catalogue", number=catalogue.number)


def _put_timers(tx: Tx, program: Program, version: int, *, late: bool = False) -> None:
    """A timer start event that says the same as before keeps its due moment: deploying again loses no deadline and
    repeats none."""
    tx.send("forget_timer_starts", key=program.key, kept=list(program.start_timers))
    for element_id, timer in program.start_timers.items():
        due = start_timer_due(program, element_id, tx.now)
        if late and timer.event.sort == "date" and due.due <= tx.now:
            continue
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
