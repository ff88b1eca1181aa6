"""A running timer gets another due moment, or fires now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.commands.contracts import FireTimerNow, MoveTimer
from engine.errors import Conflict
from engine.interpreter.contracts import Diff, Happened, Step, TimerFired, Wait, WaitKind, instant_text
from engine.lifecycle import require_active
from engine.operations.steps import detail_of, require_open, take
from engine.store import instances
from engine.store.transaction import Tx


def move(command: MoveTimer, tx: Tx) -> datetime:
    """The state is what counts; the row follows from it, and its spent attempts are forgotten."""
    held = instances.lock(tx, command.instance_id)
    require_open(held.status)
    wait = _timer(held, command.wait_id)
    due = instant_text(command.due_at)
    moved = replace(wait, data={**wait.data, "due": due})
    state = held.state.copy()
    state.waits[wait.id] = moved
    line = Happened(wait.path, wait.element_id, "moved", detail_of(command, was=wait.data["due"], due=due))
    take(tx, held, Step(state, (line,), {}, ()), Diff((), (), (moved,)))
    _resolve(tx, held, wait)
    return command.due_at


def fire(command: FireTimerNow, tx: Tx) -> bool:
    held = instances.lock(tx, command.instance_id)
    require_active(held.status)
    wait = _timer(held, command.wait_id)
    instances.advance(tx, held, TimerFired(wait.id))
    _resolve(tx, held, wait)
    return True


def _timer(held: instances.Held, wait_id: int) -> Wait:
    wait: Wait | None = held.state.waits.get(wait_id)
    if wait is None or wait.kind is not WaitKind.TIMER:
        raise Conflict("此处没有等待中的定时器", "no timer waits there", code="timer-gone")
    return wait


def _resolve(tx: Tx, held: instances.Held, wait: Wait) -> None:
    """The incident of a timer that could not be fired is over: the timer has been seen to."""
    tx.send("resolve_timer_incident", instance_id=held.id, wait_id=wait.id, at=tx.now, by=tx.by.id)
