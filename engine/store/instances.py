"""Instances under their lock: read, moved by the interpreter, saved with everything that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from psycopg.types.json import Jsonb

from engine import interpreter
from engine.commands.contracts import Submission
from engine.commands.records import Sequel, Statement, StepRecord, TaskChanged, TaskRecord, task_id
from engine.errors import NotFound
from engine.interpreter.codec import VERSION as CODEC
from engine.interpreter.contracts import Diff, Event, Happened, Step, UserTaskDone, Wait, WaitKind
from engine.lifecycle import Status, UserTaskState, require_active
from engine.store import derive, drafts, given, reads, standing
from engine.store.incidents import projection_incident
from engine.store.library import Pins
from engine.store.transaction import Tx, Unprojected

NOTHING = Diff((), (), ())
Projected: TypeAlias = Sequence[Statement | Sequel]


@dataclass(slots=True)
class Held:
    """An instance whose row this transaction has locked."""

    id: UUID
    definition_key: str
    definition_version: int
    business_key: str | None
    status: str
    revision: int
    state: Any
    variables: dict[str, Any]
    pins: Pins
    started_at: datetime

    def closure(self, tx: Tx) -> interpreter.Closure:
        return tx.library.closure(tx, self.definition_key, self.definition_version, self.pins)


@dataclass(slots=True)
class TaskHead:
    """What a user task's row knows and the state does not."""

    id: UUID
    wait_id: int
    state: str
    revision: int
    assignee: str | None
    created_at: datetime
    completed_at: datetime | None
    completed_by: str | None
    draft: dict[str, Any] | None = None

    def record(self, wait: Wait, **changes: Any) -> TaskRecord:
        made = TaskRecord(
            id=self.id,
            wait=wait,
            state=self.state,
            revision=self.revision,
            assignee=self.assignee,
            created_at=self.created_at,
            completed_at=self.completed_at,
            completed_by=self.completed_by,
        )
        for name, value in changes.items():
            setattr(made, name, value)
        return made


def lock(tx: Tx, instance_id: UUID) -> Held:
    row = tx.one("lock_instance", instance_id=instance_id)
    if row is None:
        raise NotFound("没有这个流程实例", "no such instance")
    return held_from(row)


def lock_for_user_task(tx: Tx, user_task_id: UUID) -> tuple[Held, TaskHead]:
    row = tx.one("lock_for_user_task", task_id=user_task_id)
    if row is None:
        raise NotFound("没有这个任务", "no such user task")
    return held_from(row[:11]), TaskHead(*row[11:])


def held_from(row: tuple[Any, ...]) -> Held:
    """Of the columns of `lock_instance`, which every statement that locks an instance gives first."""
    id, key, version, business_key, status, revision, blob, own, text, pins, started_at = row
    variables = given.whole(own, text)
    state = interpreter.decode(blob, variables)
    return Held(id, key, version, business_key, status, revision, state, variables, pins, started_at)


def start(
    tx: Tx, instance_id: UUID, key: str, version: int, business_key: str | None, pins: Pins, step: Step
) -> tuple[TaskRecord, ...]:
    """Store a new instance after its first step. Answers the user tasks that opened."""
    diff = interpreter.diff(None, step.state)
    rows = derive.rows_of(instance_id, diff, {}, None, pins["form"])
    status = step.state.status.value
    opened = _opened(tx, instance_id, diff)
    held = Held(instance_id, key, version, business_key, status, 0, None, step.state.variables, pins, tx.now)
    statements = _project(tx, _record(tx, held, diff, step, opened, (), ()), rows)
    _complete_rows(rows, held, step, "started" if status == Status.ACTIVE else status)
    own, handed = given.divided(step.state.variables)
    tx.send(
        "start_instance",
        instance_id=instance_id,
        key=key,
        version=version,
        business_key=business_key,
        status=status,
        codec=CODEC,
        state=interpreter.encode(step.state),
        variables=Jsonb(own),
        given=Jsonb(handed),
        pins=Jsonb(pins),
        at=tx.now,
        by=tx.by.id,
        rows=Jsonb(rows),
    )
    held.state = step.state
    standing.look(tx, held, None)
    _finish(tx, instance_id, rows, statements)
    return opened


def advance(
    tx: Tx, held: Held, event: Event, head: TaskHead | None = None, *, happened_at: datetime | None = None
) -> tuple[TaskRecord, ...]:
    """One step of an active instance. `head`: the user task that it completes. `happened_at`: what the diagram takes
    for now, where the event is told later than it was; it is stored as of now. Answers the user tasks that opened."""
    require_active(held.status)
    return move(tx, held, event, head, happened_at=happened_at)


def move(
    tx: Tx, held: Held, event: Event, head: TaskHead | None = None, *, happened_at: datetime | None = None
) -> tuple[TaskRecord, ...]:
    """The same whatever the status: only ending an instance may do that."""
    stood: interpreter.State = held.state
    if head is not None:  # nobody comes back to a state whose task is being completed: only its waits are asked for
        held.state = interpreter.State(stood.scopes, dict(stood.waits))
    step = interpreter.apply(held.closure(tx), stood, event, happened_at or tx.now, used_up=head is not None)
    if happened_at is not None:
        step = _dated(step, happened_at)
    diff = interpreter.diff(held.state, step.state)
    completed = event.wait_id if isinstance(event, UserTaskDone) else None
    ended = step.state.status.value if step.state.status.value != Status.ACTIVE else None
    return save(tx, held, diff, step, completed=completed, head=head, status=ended or held.status, told=ended)


def _dated(step: Step, at: datetime) -> Step:
    """History tells at what time that was done which is stored now."""
    first, *others = step.happened
    return replace(
        step, happened=(first._replace(detail={**(first.detail or {}), "happened_at": at.isoformat()}), *others)
    )


def note(
    tx: Tx,
    held: Held,
    event: str,
    wait: Wait | None = None,
    *,
    task: TaskRecord | None = None,
    status: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """What a person did that moves no token: a history row, and the projection of the task that changed."""
    place = (wait.path, wait.element_id) if wait else ("", held.definition_key)
    step = Step(held.state, (Happened(place[0], place[1], event, detail),), {}, ())
    save(tx, held, NOTHING, step, changed=(task,) if task else (), status=status or held.status, told=status)


def change_user_task(
    tx: Tx,
    held: Held,
    head: TaskHead,
    state: UserTaskState,
    assignee: str | None,
    event: str,
    detail: dict[str, Any] | None = None,
) -> TaskChanged:
    """Another holder for an open user task."""
    wait = held.state.waits[head.wait_id]
    tx.send("change_user_task", task_id=head.id, state=state.value, assignee=assignee)
    record = head.record(wait, state=state.value, revision=head.revision + 1, assignee=assignee)
    note(tx, held, event, wait, task=record, detail=detail)
    return TaskChanged(user_task_id=head.id, revision=record.revision, state=record.state, assignee=assignee)


def project_again(tx: Tx, held: Held, closed_ids: list[str], submission: Submission | None) -> None:
    """Project an instance as it stands, and the tasks that an earlier projection, which failed, should have closed."""
    open_waits = [wait for wait in held.state.waits.values() if wait.kind is WaitKind.USER_TASK]
    heads = {
        row[1]: TaskHead(*row) for row in tx.all("read_task_heads", ids=[task_id(held.id, w.id) for w in open_waits])
    }
    rows: dict[str, list[Any]] = {}
    step = Step(held.state, (), held.state.variables, ())
    opened = tuple(heads[wait.id].record(wait) for wait in open_waits if wait.id in heads)
    closed = tuple(_record_of_closed(tx, UUID(id)) for id in closed_ids)
    diff = interpreter.diff(None, held.state)
    statements = _project(tx, _record(tx, held, diff, step, opened, closed, (), submission), rows)
    for row in rows.get("incidents", ()):
        tx.send("open_incident", **{**row, "instance_id": held.id, "opened_at": tx.now})
    _finish(tx, held.id, {}, statements)


def _record_of_closed(tx: Tx, id: UUID) -> TaskRecord:
    task = reads.user_task(tx.conn, tx.region_id, id)
    assert task is not None, "user tasks are never deleted"
    data = {
        "name": task.name,
        "form": task.form,
        "form_version": task.form_version,
        "candidate_roles": task.candidate_roles,
        "candidate_users": task.candidate_users,
        "organisation": task.organisation,
        "assignee": task.assignee,
        "priority": task.priority,
        "window_from": task.window_from.isoformat() if task.window_from else None,
        "due": task.due_at.isoformat() if task.due_at else None,
        "until": task.until_at.isoformat() if task.until_at else None,
        "clock": task.clock,
    }
    wait = Wait(task.wait_id, 0, task.element_id, task.path, WaitKind.USER_TASK, data)
    head = TaskHead(
        *(task.id, task.wait_id, task.state, task.revision, task.assignee),
        *(task.created_at, task.completed_at, task.completed_by),
    )
    return head.record(wait)


def save(
    tx: Tx,
    held: Held,
    diff: Diff,
    step: Step,
    *,
    status: str,
    completed: int | None = None,
    head: TaskHead | None = None,
    changed: tuple[TaskRecord, ...] = (),
    told: str | None = None,
) -> tuple[TaskRecord, ...]:
    """Queue everything that a step leaves: one call of one SQL function, then what the projection wants. Answers the
    user tasks that opened. The database saves while the projection is made; only a second try, after a mapping raised,
    makes it first, since its fault is one of the rows."""
    before = held.state.waits
    rows = derive.rows_of(held.id, diff, before, completed, held.pins["form"])
    closed, changed, unsent = _closed_and_changed(tx, held, diff, completed, head, changed)
    held.status = status
    opened = _opened(tx, held.id, diff)
    record = _record(tx, held, diff, step, opened, closed, changed)
    statements: Projected = _project(tx, record, rows) if tx.projects_first else []
    _complete_rows(rows, held, step, told)
    moved = step.state is not held.state
    tx.send(
        "save_step",
        instance_id=held.id,
        revision=held.revision,
        status=status,
        codec=CODEC if moved else None,
        state=interpreter.encode(step.state) if moved else None,
        written=Jsonb(dict(step.written)) if step.written else None,
        at=tx.now,
        by=tx.by.id,
        rows=Jsonb(rows),
    )
    if unsent:
        drafts.keep(tx, unsent, closed, opened)
    if not tx.projects_first:
        tx.hurry()
        statements = _projected(tx, record)
    held.revision += 1
    was, held.state = held.state, step.state
    standing.look(tx, held, was if moved and head is None else None)
    _finish(tx, held.id, rows, statements)
    return opened


def _closed_and_changed(
    tx: Tx, held: Held, diff: Diff, completed: int | None, head: TaskHead | None, changed: tuple[TaskRecord, ...]
) -> tuple[tuple[TaskRecord, ...], tuple[TaskRecord, ...], dict[int, Any]]:
    """Records of tasks that ended or changed, and the drafts of those that were cancelled, by wait. Rows of tasks the
    command did not name are read: that is rare."""
    gone = [wait for wait in diff.closed if wait.kind is WaitKind.USER_TASK]
    other = [wait for wait in diff.changed if wait.kind is WaitKind.USER_TASK]
    heads = {head.wait_id: head} if head else {}
    missing = [task_id(held.id, wait.id) for wait in (*gone, *other) if wait.id not in heads]
    if missing:
        heads |= {row[1]: TaskHead(*row) for row in tx.all("read_task_heads", ids=missing)}
    closed = tuple(
        heads[wait.id].record(
            wait,
            state=UserTaskState.COMPLETED if wait.id == completed else UserTaskState.CANCELLED,
            revision=heads[wait.id].revision + 1,
            completed_at=tx.now,
            completed_by=tx.by.id if wait.id == completed else None,
        )
        for wait in gone
        if wait.id in heads
    )
    altered = tuple(
        heads[wait.id].record(wait, revision=heads[wait.id].revision + 1) for wait in other if wait.id in heads
    )
    unsent = {
        wait.id: heads[wait.id].draft
        for wait in gone
        if wait.id != completed and wait.id in heads and heads[wait.id].draft is not None
    }
    return closed, (*changed, *altered), unsent


def _opened(tx: Tx, instance_id: UUID, diff: Diff) -> tuple[TaskRecord, ...]:
    return tuple(
        TaskRecord(
            id=task_id(instance_id, wait.id),
            wait=wait,
            state=derive.opened_state(wait),
            revision=1,
            assignee=wait.data.get("assignee"),
            created_at=tx.now,
        )
        for wait in diff.opened
        if wait.kind is WaitKind.USER_TASK
    )


def _record(
    tx: Tx,
    held: Held,
    diff: Diff,
    step: Step,
    opened: tuple[TaskRecord, ...],
    closed: tuple[TaskRecord, ...],
    changed: tuple[TaskRecord, ...],
    submission: Submission | None = None,
) -> StepRecord:
    return StepRecord(
        region_id=tx.region_id,
        instance_id=held.id,
        definition_key=held.definition_key,
        definition_version=held.definition_version,
        business_key=held.business_key,
        revision=held.revision + 1,
        status=held.status,
        started_at=held.started_at,
        at=tx.now,
        happened_at=getattr(tx.command, "happened_at", None) or tx.now,
        by=tx.by,
        command=tx.command,
        submission=submission or getattr(tx.command, "submission", None),
        is_first=held.state is None,
        after=step.state,
        diff=diff,
        opened_tasks=opened,
        closed_tasks=closed,
        changed_tasks=changed,
        happened=step.happened,
        variables=step.state.variables,
        written=step.written,
    )


def _projected(tx: Tx, record: StepRecord) -> Projected:
    if tx.projection is None:
        return []
    try:
        return tx.projection(record)
    except Exception as error:
        raise Unprojected from error


def _project(tx: Tx, record: StepRecord, rows: dict[str, list[Any]]) -> Projected:
    """What the projection makes of this step. A mapping that raises opens an incident, and the step commits without it:
    a fault in a mapping never blocks a person at work."""
    if tx.projection is None:
        return []
    try:
        if tx.projection_error is None:
            return tx.projection(record)
        problem = tx.projection_error
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    rows.setdefault("incidents", []).append(projection_incident(record, problem))
    return []


def _complete_rows(rows: dict[str, list[Any]], held: Held, step: Step, told: str | None) -> None:
    rows["history"] = derive.history_rows(step.happened)
    if step.published:
        rows["messages"] = derive.message_rows(held.id, held.revision + 1, step.published)
    if events := derive.told_events(held.id, rows, told):
        rows["events"] = events


def _finish(tx: Tx, instance_id: UUID, rows: dict[str, list[Any]], statements: Projected) -> None:
    """Queue the projection's statements, and remember what is to be done after the commit."""
    for statement in statements:
        if isinstance(statement, Sequel):
            tx.afterwards(statement)
        else:
            tx.project(statement)
    for row in rows.get("jobs", ()):
        if tx.runs_here(row["type"]):
            tx.follow("job", row["id"])
    for row in rows.get("messages", ()):
        tx.follow("message", row["id"])
    if "subscriptions" in rows:
        tx.look_for_buffered(instance_id)
