"""A correction in one transaction, with everything its messages set going, and what that came to. A dry run is the
same, and then nothing is stored: what the page shows first is what will happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.commands.contracts import DeliverMessage, IdempotencyKey
from engine.errors import Incorrect
from engine.store import reads
from engine.store.transaction import Answered
from workflows.duplicates import JOURNEY
from workflows.institutions import evidence_lock
from workflows.people import People
from workflows.people.model import Principal
from workflows.people.visibility import is_protected
from workflows.services import Services

MOST_MESSAGES = 200  # that one correction may set going
MOST_TASKS = 200
KNOWN = ("colour", "purple", "case_file", "edd", "stage", "end_code", "patient_id")  # of a case, shown before and after

Json = dict[str, Any]
Case = tuple[Mapping[str, Any], str | None, list[Any]]  # variables, state, open tasks
NOTHING: Case = ({}, None, [])


@dataclass(frozen=True, kw_only=True)
class CarryOut:
    """Answers the effect: by case what opens, closes and moves, and what is known of it before and after; in `noted`
    what the command itself answers."""

    command: Any
    pregnancies: tuple[str, ...]
    principal: Principal
    kind: str  # as it stands in the audit
    dry_run: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)  # ids and codes for the audit, never a name


def carry_out(services: Services, asked: CarryOut, idempotency: IdempotencyKey | None = None) -> Json:
    """Raises what the command raises."""
    kept = None if asked.dry_run else idempotency
    return services.engine.execute(asked, by=asked.principal.actor, idempotency=kept)


def handlers(people: Callable[[], People]) -> dict[type, Any]:
    def handle(asked: CarryOut, tx: Any) -> Json:
        tx.answer_is_new()
        evidence_lock.require_unlocked(tx.conn, tx.region_id, asked.pregnancies)
        before = _cases(tx, asked.pregnancies)
        noted = tx.run(asked.command)
        _run_messages(tx)
        after = _cases(tx, asked.pregnancies)
        effect = {
            "noted": noted,
            "cases": [
                _changes(one, before.get(one), after.get(one), asked.principal.restricted) for one in asked.pregnancies
            ],
        }
        if asked.dry_run:
            raise Answered(effect)  # leaves the transaction without committing it
        for one in asked.pregnancies:
            people().audit(asked.principal, asked.kind, "pregnancy", one, dict(asked.detail), conn=tx.conn)
        return effect

    return {CarryOut: handle}


def _run_messages(tx: Any) -> None:
    """What its steps sent is received here and now, not after the commit: the answer is the whole effect."""
    done: set[Any] = set()
    while ahead := [one for one in tx.following() if one.kind == "message" and one.id not in done]:
        for one in ahead:
            done.add(one.id)
            tx.run(DeliverMessage(message_id=one.id))
        if len(done) > MOST_MESSAGES:
            raise Incorrect("更正引起的步骤过多", "the correction sets too much going", code="correction")


def _cases(tx: Any, pregnancies: Iterable[str]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for one in pregnancies:
        case = reads.instance_by_business_key(tx.conn, tx.region_id, JOURNEY, one)
        if case is not None:
            tasks = reads.user_tasks(tx.conn, tx.region_id, business_key=one, limit=MOST_TASKS).items
            found[one] = dict(case.variables), case.status, tasks
    return found


def _changes(pregnancy_id: str, before: Case | None, after: Case | None, restricted: bool) -> Json:
    was, _, had = before or NOTHING
    now, status, has = after or NOTHING
    ids_before, ids_after = {task.id for task in had}, {task.id for task in has}
    closed = [task for task in had if task.id not in ids_after]
    opened = [task for task in has if task.id not in ids_before]
    moved = []
    for task in list(opened):  # the same duty planned anew
        twin = next((gone for gone in closed if gone.path == task.path), None)
        if twin is not None:
            closed.remove(twin)
            opened.remove(task)
            if twin.due_at != task.due_at:
                moved.append((twin, task))
    by_id = {task.id: task for task in had}
    moved += [(by_id[t.id], t) for t in has if t.id in by_id and by_id[t.id].due_at != t.due_at]
    names = [name for name in KNOWN if was.get(name) != now.get(name) and (restricted or name != "purple")]
    return {
        "pregnancy_id": pregnancy_id,
        "state": status,
        "changed": {name: {"was": was.get(name), "now": now.get(name)} for name in names},
        "opened": [_task(task) for task in _told(opened, restricted)],
        "closed": [_task(task) for task in _told(closed, restricted)],
        "moved": [
            {**_task(task), "was_due_at": _at(twin.due_at)}
            for twin, task in moved
            if restricted or not is_protected(task.path)
        ],
        "kept": len(_told([task for task in has if task not in opened], restricted)) - len(moved),
    }


def _told(tasks: Sequence[Any], restricted: bool) -> list[Any]:
    return [task for task in tasks if restricted or not is_protected(task.path)]


def _task(task: Any) -> Json:
    return {
        "element_id": task.element_id,
        "name": task.name,
        "organisation": task.organisation,
        "due_at": _at(task.due_at),
    }


def _at(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
