"""Questions that change nothing. Every function takes a connection (`engine.read()`) and the region first."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from engine import interpreter
from engine.commands.records import task_id
from engine.errors import Malformed, NotFound, Text
from engine.interpreter.contracts import WaitKind
from engine.store import given
from engine.store.questions import Question
from engine.store.rows import (
    Definition,
    DefinitionRow,
    Health,
    HistoryRow,
    IncidentRow,
    Instance,
    Page,
    UserTask,
    Waiting,
)
from engine.store.sql import load
from engine.store.wire import Alone, ask

SQL = load(__file__)
COUNTED = 1000  # lists count no further
HIGHEST_VERSION = 2**31 - 1  # what the column holds
FOREVER = datetime.max.replace(tzinfo=UTC)
_TASK = tuple(UserTask.__dataclass_fields__)  # the statements in completion.sql name their columns in this order

Conn = Connection[Any]


def user_task(conn: Conn, region_id: str, id: UUID) -> UserTask | None:
    row = _one(conn, "read_user_task", region_id=region_id, id=id)
    return UserTask(**row) if row else None


def task_in_case(conn: Conn | Alone, region_id: str, id: UUID) -> tuple[UserTask, dict[str, Any], int] | None:
    """A user task with the process variables of its instance and the number of the catalogue, in one statement."""
    rows = ask(conn, SQL["read_task_in_case"], {"region_id": region_id, "id": id})
    if not rows:
        return None
    *task, own, text, catalogue = rows[0]
    return _task(tuple(task)), given.whole(own, text), catalogue


def open_tasks(conn: Conn | Alone, region_id: str, instance_id: UUID) -> list[UserTask]:
    """What is to be done next in this instance, at most 200, in one statement."""
    return [_task(row) for row in ask(conn, *_open_tasks(region_id, instance_id))]


def open_tasks_after(region_id: str) -> Question:
    """The same, of the instance of the task that a command completes."""
    return Question(lambda completed: _open_tasks(region_id, completed.instance_id))


def told_open_tasks(question: Question) -> list[UserTask] | None:
    """None: they have to be asked for."""
    return None if question.rows is None else [_task(row) for row in question.rows]


def _open_tasks(region_id: str, instance_id: UUID) -> tuple[LiteralString, dict[str, Any]]:
    return SQL["read_open_tasks_of"], {"region_id": region_id, "instance_id": instance_id}


def user_tasks(
    conn: Conn,
    region_id: str,
    *,
    state: str | None = "open",
    business_key: str | None = None,
    instance_id: UUID | None = None,
    element_id: str | None = None,
    definition_key: str | None = None,
    organisations: Collection[str] | None = None,
    roles: Collection[str] | None = None,
    assignee: str | None = None,
    unassigned: bool = False,
    drafted: bool = False,
    completed_by: str | None = None,
    completed_since: datetime | None = None,
    overdue_at: datetime | None = None,
    hurried: bool = False,
    ids: Collection[UUID] | None = None,
    variables: Mapping[str, Any] | None = None,
    order: str = "window",
    after: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """User tasks that meet every filter given. `state`: open, created, claimed, completed, cancelled, or None for all.
    `hurried`: for which there was an hour at the most. `order`: window (soonest due first) or created. `after` is the
    `next` of the page before."""
    asked: dict[str, Any] = {
        "business_key": business_key,
        "instance_id": instance_id,
        "element_id": element_id,
        "definition_key": definition_key,
        "organisations": None if organisations is None else sorted(organisations),
        "roles": None if roles is None else sorted(roles),
        "assignee": assignee,
        "completed_by": completed_by,
        "completed_since": completed_since,
        "overdue_at": overdue_at,
        "ids": None if ids is None else list(ids),
        "variables": None if variables is None else Jsonb(dict(variables)),
    }
    filters = [f"where_{name}" for name, value in asked.items() if value is not None]
    if state is not None:
        filters.append("where_state_open" if state == "open" else "where_state")
    if unassigned:
        filters.append("where_unassigned")
    if drafted:
        filters.append("where_drafted")
    if hurried:
        filters.append("where_hurried")
    params = {**asked, "region_id": region_id, "state": state, "limit": limit + 1, "offset": offset}
    counted = _joined("count_user_tasks", *filters)
    total = conn.execute(_bounded(counted), {**params, "most": COUNTED}).fetchone()
    if after is not None:
        filters.append(f"after_{order}")
        params |= _cursor(after)
    cursor = conn.cursor(row_factory=dict_row)
    found = cursor.execute(_joined("read_user_tasks", *filters, f"order_{order}"), params).fetchall()
    items = [UserTask(**row) for row in found[:limit]]
    following = _continue_after(items[-1]) if len(found) > limit else None
    return Page(items=items, next=following, total=total[0] if total else 0)


def instance(conn: Conn, region_id: str, id: UUID) -> Instance | None:
    return _instance(_one(conn, "read_instance", region_id=region_id, id=id))


def instance_by_business_key(conn: Conn, region_id: str, definition_key: str, business_key: str) -> Instance | None:
    """The open instance of this case, else the latest that has ended."""
    return _instance(
        _one(
            conn,
            "read_instance_by_business_key",
            region_id=region_id,
            definition_key=definition_key,
            business_key=business_key,
        )
    )


def instances(
    conn: Conn,
    region_id: str,
    *,
    definition_key: str | None = None,
    business_key: str | None = None,
    status: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[Instance]:
    rows = _all(
        conn,
        "read_instances",
        region_id=region_id,
        definition_key=definition_key,
        business_key=business_key,
        status=status,
        after=after,
        limit=limit,
    )
    return [found for row in rows if (found := _instance(row)) is not None]


def variables(conn: Conn, region_id: str, ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The process variables of several instances."""
    rows = conn.execute(SQL["read_variables"], {"region_id": region_id, "ids": list(ids)}).fetchall()
    return {id: given.whole(own, text) for id, own, text in rows}


def instance_counts(conn: Conn, region_id: str, definition_key: str) -> dict[int, dict[str, int]]:
    """How many instances each version of a process has, by status."""
    counts: dict[int, dict[str, int]] = {}
    query = {"region_id": region_id, "definition_key": definition_key}
    for version, status, number in conn.execute(SQL["count_instances"], query).fetchall():
        counts.setdefault(version, {})[status] = number
    return counts


def waiting_counts(conn: Conn, region_id: str, definition_key: str, version: int) -> dict[str, int]:
    """How many user tasks are open at each path of one version."""
    query = {"region_id": region_id, "definition_key": definition_key, "version": version}
    return dict(conn.execute(SQL["count_waiting"], query).fetchall())


def waiting(conn: Conn, region_id: str, instance_id: UUID) -> list[Waiting]:
    """Where the instance stands, read from its state, in the order the waits opened. Incidents are asked for apart."""
    row = _one(conn, "read_instance", region_id=region_id, id=instance_id)
    if row is None:
        return []
    state = interpreter.decode(row["state"], row["variables"])
    return [_waiting(instance_id, wait) for wait in state.waits.values() if wait.kind is not WaitKind.INCIDENT]


def history(conn: Conn, region_id: str, instance_id: UUID) -> list[HistoryRow]:
    return [HistoryRow(**row) for row in _all(conn, "read_history", region_id=region_id, instance_id=instance_id)]


def definitions(conn: Conn, region_id: str) -> list[DefinitionRow]:
    """All versions of all definitions; they belong to the installation, so every region sees the same."""
    return [DefinitionRow(**row) for row in _all(conn, "read_definitions")]


def definition(conn: Conn, region_id: str, kind: str, key: str, version: int | None = None) -> Definition | None:
    """One version with its source, without a version the newest. `kind`: process, decision, form."""
    if version is not None and version > HIGHEST_VERSION:
        return None
    row = _one(conn, "read_definition", kind=kind, key=key, version=version)
    return Definition(xml=row.pop("source"), **row) if row else None


def incidents(
    conn: Conn, region_id: str, *, instance_id: UUID | None = None, resolved: bool = False, limit: int = 100
) -> list[IncidentRow]:
    """Open incidents, oldest first; `resolved` adds those that are over."""
    rows = _all(conn, "read_incidents", region_id=region_id, instance_id=instance_id, resolved=resolved, limit=limit)
    return [IncidentRow(message=Text(zh=row.pop("message_zh"), en=row.pop("message_en")), **row) for row in rows]


def instance_of_incident(conn: Conn, region_id: str, id: UUID) -> UUID:
    """Whose it is, or was. Raises NotFound."""
    found = _one(conn, "read_incident", region_id=region_id, id=id)
    if found is None or found["instance_id"] is None:
        raise NotFound("没有此事件", "no such incident")
    instance_id: UUID = found["instance_id"]
    return instance_id


def health(conn: Conn, region_id: str, now: datetime) -> Health:
    row = conn.execute(SQL["read_health"], {"region_id": region_id, "now": now}).fetchone()
    assert row is not None
    return Health(schema_version=row[0], oldest_due_timer_at=row[1], open_incidents=row[2])


def _instance(row: dict[str, Any] | None) -> Instance | None:
    if row is None:
        return None
    state = interpreter.decode(row.pop("state"), row["variables"])
    row.pop("codec")
    return Instance(**row, end_events=list(state.ended_at))


def _task(row: tuple[Any, ...]) -> UserTask:
    return UserTask(**dict(zip(_TASK, row, strict=True)))


def _waiting(instance_id: UUID, wait: Any) -> Waiting:
    due = wait.data.get("due")
    return Waiting(
        element_id=wait.path,
        kind=wait.kind.value,
        wait_id=wait.id,
        task_id=task_id(instance_id, wait.id) if wait.kind is WaitKind.USER_TASK else None,
        due_at=datetime.fromisoformat(due) if due else None,
        message=wait.data.get("name") if wait.kind in (WaitKind.MESSAGE, WaitKind.SIGNAL) else None,
        key=wait.data.get("key") if wait.kind is WaitKind.MESSAGE else None,
    )


def _one(conn: Conn, name: str, /, **params: Any) -> dict[str, Any] | None:
    return conn.cursor(row_factory=dict_row).execute(SQL[name], params).fetchone()


def _all(conn: Conn, name: str, /, **params: Any) -> list[dict[str, Any]]:
    return conn.cursor(row_factory=dict_row).execute(SQL[name], params).fetchall()


def _joined(*names: str) -> LiteralString:
    return "\n".join(SQL[name] for name in names)


def _bounded(counted: LiteralString) -> LiteralString:
    return f"SELECT count(*) FROM ({counted} LIMIT %(most)s) AS counted"


def _continue_after(task: UserTask) -> str:
    due = (task.due_at or FOREVER).isoformat()
    return urlsafe_b64encode(f"{due}|{task.created_at.isoformat()}|{task.id}".encode()).decode()


def _cursor(after: str) -> dict[str, Any]:
    try:
        due, created, id = urlsafe_b64decode(after).decode().split("|")
        moment = datetime.fromisoformat(due)
        return {
            "after_due": "infinity" if moment == FOREVER else moment,
            "after_created": datetime.fromisoformat(created),
            "after_id": UUID(id),
        }
    except ValueError as error:
        raise Malformed("after 参数无效", "this is no value that `next` gave", code="cursor") from error
