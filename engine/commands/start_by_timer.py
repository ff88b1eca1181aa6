"""A timer start event is due: one instance per occurrence, of the newest version."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from engine.commands.contracts import FailStart, MoveStart, StartByTimer
from engine.commands.records import MAX_ATTEMPTS
from engine.commands.start_instance import open_instance
from engine.commands.start_subscriptions import columns
from engine.errors import NotFound
from engine.interpreter import start_timer_next
from engine.store.incidents import LONGEST_REASON
from engine.store.transaction import Tx
from engine.timers import Due


def handle(command: StartByTimer, tx: Tx) -> bool:
    """The row's lock orders those who come at once; the instance's id follows from the occurrence, so that even a row
    that comes back begins nothing twice."""
    place = {"key": command.definition_key, "element_id": command.element_id}
    row = tx.one("lock_timer_start", **place)
    newest = tx.library.catalogue(tx).newest("process", command.definition_key)
    if row is None or newest is None or newest.suspended or row[0] > tx.now:
        return False
    last = Due(*row)
    program = tx.library.program(tx, newest.key, newest.version)
    begins, following = start_timer_next(program, command.element_id, last, tx.now)
    if following is None:
        tx.send("end_timer_start", **place)
    else:
        tx.send("go_on_with_timer_start", **place, **columns(following))
    instance_id = occurrence_id(tx.region_id, command, last)
    if not begins or tx.one("find_instance", id=instance_id) is not None:
        return False
    open_instance(tx, newest, {}, instance_id=instance_id, start_element=command.element_id)
    return True


def occurrence_id(region_id: str, command: StartByTimer, due: Due) -> UUID:
    name = f"{region_id}/{command.definition_key}/{command.element_id}/{due.due.isoformat()}"
    return uuid5(NAMESPACE_URL, f"urn:yuntu:start:{name}")


def fail(command: FailStart, tx: Tx) -> None:
    tx.send(
        "fail_timer_start",
        key=command.definition_key,
        element_id=command.element_id,
        spent=command.attempts >= MAX_ATTEMPTS,
        back_off=command.back_off,
        problem=command.problem[:LONGEST_REASON],
    )


def move(command: MoveStart, tx: Tx) -> None:
    found = tx.one("move_timer_start", key=command.definition_key, element_id=command.element_id, due_at=command.due_at)
    if found is None:
        raise NotFound("没有这个定时启动", "no such timer start")
