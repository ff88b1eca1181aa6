"""Storing a step that an operator's hand has made, by the same diff as any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from engine import interpreter
from engine.commands.records import TaskRecord
from engine.errors import NotFound
from engine.interpreter import State
from engine.interpreter.codec import VERSION as CODEC
from engine.interpreter.contracts import Diff, Happened, InstanceStatus, Step, WaitKind
from engine.lifecycle import INSTANCE, raise_because
from engine.store import instances
from engine.store.instances import Held, TaskHead, held_from
from engine.store.library import Pins
from engine.store.transaction import Tx, as_json


def require_open(status: str) -> None:
    """Active or suspended. Raises Conflict."""
    if not INSTANCE[status]:
        raise_because(status)


def detail_of(command: Any, **more: Any) -> dict[str, Any] | None:
    """What history keeps of a command beside who and when."""
    batch = getattr(command, "batch_id", None)
    told = {"reason": getattr(command, "reason", ""), "batch": None if batch is None else str(batch), **more}
    return {name: value for name, value in told.items() if value not in (None, "", {}, [])} or None


def told(held: Held, event: str, detail: Mapping[str, Any] | None) -> Happened:
    """A line of history about the instance as a whole."""
    return Happened("", held.definition_key, event, detail)


def take(
    tx: Tx,
    held: Held,
    step: Step,
    diff: Diff | None = None,
    changed: tuple[TaskRecord, ...] = (),
    head: TaskHead | None = None,
) -> None:
    """Store a step of an instance whose lock is held; a suspended one stays so unless it has ended. `head`: of a task
    that changes, where it is known already."""
    ended = None if step.state.status is InstanceStatus.ACTIVE else step.state.status.value
    diff = interpreter.diff(held.state, step.state) if diff is None else diff
    instances.save(tx, held, diff, step, status=ended or held.status, told=ended, changed=changed, head=head)


def lock_with_tasks(tx: Tx, instance_id: UUID) -> tuple[Held, dict[int, TaskHead]]:
    """The instance under its lock, and what the rows of its open tasks know, by wait: one round trip.
    Raises NotFound."""
    locked = tx.send("lock_instance", instance_id=instance_id)
    heads = tx.all("read_open_task_heads", instance_id=instance_id)
    row = locked.fetchone()
    if row is None:
        raise NotFound("没有这个流程实例", "no such instance")
    return held_from(row), {row[1]: TaskHead(*row) for row in heads}


def keep_way_back(tx: Tx, held: Held, version: int, pins: Pins, state: bytes) -> None:
    """How an instance stood before what was done to it: good for as long as nothing else happens to it."""
    tx.send(
        "keep_state_before",
        instance_id=held.id,
        revision=held.revision,
        version=version,
        pins=as_json(pins),
        codec=CODEC,
        state=state,
        at=tx.now,
    )


def rename(tx: Tx, held: Held, heads: Mapping[int, TaskHead], version: int, pins: Pins, step: Step) -> None:
    """Store a step that leads to another version: rows get their new names, and everybody who looks at an open task,
    from outside too, sees the version that it belongs to now."""
    state: State = step.state
    old, forms = held.state.waits, (held.pins["form"], pins["form"])
    moved = [
        {"wait_id": wait.id, "element_id": wait.element_id, "path": wait.path}
        for wait in state.waits.values()
        if wait.id in old and old[wait.id].path != wait.path
    ]
    tx.send("rename_instance", instance_id=held.id, version=version, pins=as_json(pins), moved=as_json(moved))
    diff = interpreter.diff(held.state, state)
    known = {wait.id for wait in diff.changed}
    open_tasks = [
        w for w in state.waits.values() if w.kind is WaitKind.USER_TASK and w.id in heads and w.id not in known
    ]
    renamed = [w for w in open_tasks if w.path != old[w.id].path or _form(w, forms[0]) != _form(w, forms[1])]
    diff = replace(diff, changed=(*diff.changed, *renamed))
    head = next((heads[wait.id] for wait in diff.changed if wait.id in heads), None)
    held.definition_version, held.pins = version, pins
    take(tx, held, step, diff, tuple(heads[w.id].record(w) for w in open_tasks if w not in renamed), head)


def _form(wait: Any, forms: Mapping[str, int]) -> Any:
    form = wait.data.get("form")
    return wait.data.get("form_version") or (forms.get(form) if form else None)
