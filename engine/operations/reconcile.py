"""Compute every derived row again from the states, and say where the tables differ. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine import interpreter
from engine.interpreter.contracts import InstanceStatus, Wait, WaitKind
from engine.lifecycle import Status
from engine.store.reads import SQL, Conn

PAGE = 500  # instances compared at a time

Rows = dict[tuple[str, int], tuple[str, dict[str, Any]]]  # (table, wait) -> (path, what it says)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """`kind`: missing (the state says it, no row), extra (a row nobody's state knows), different, status, stuck (active
    and nothing to wait for), orphan (a row without an instance), unreadable."""

    instance_id: UUID
    kind: str
    table: str
    wait_id: int | None = None
    path: str | None = None
    expected: Any = None
    actual: Any = None


def reconcile(conn: Conn, region_id: str) -> tuple[int, list[Difference]]:
    """How many instances were compared, and every difference."""
    count = 0
    found: list[Difference] = []
    for page in _pages(conn, region_id):
        count += len(page)
        rows = _rows_by_instance(conn, region_id, [row[0] for row in page])
        for instance_id, status, blob, variables in page:
            found += _compare(instance_id, status, blob, variables, rows.get(instance_id, {}))
    orphans = conn.execute(SQL["read_orphans"], {"region_id": region_id}).fetchall()
    found += [Difference(instance_id=i, kind="orphan", table=table, wait_id=wait) for table, i, wait in orphans]
    return count, found


def _pages(conn: Conn, region_id: str) -> Iterator[list[tuple[Any, ...]]]:
    after: UUID | None = None
    while True:
        query = {"region_id": region_id, "after": after, "limit": PAGE}
        page = conn.execute(SQL["read_all_states"], query).fetchall()
        if not page:
            return
        yield page
        after = page[-1][0]


def _rows_by_instance(conn: Conn, region_id: str, ids: list[UUID]) -> dict[UUID, Rows]:
    found: dict[UUID, Rows] = {}
    for table, instance_id, wait_id, path, says in conn.execute(
        SQL["read_rows_of"], {"region_id": region_id, "ids": ids}
    ).fetchall():
        found.setdefault(instance_id, {})[table, wait_id] = (path, _comparable(says))
    return found


def _compare(
    instance_id: UUID, status: str, blob: bytes, variables: dict[str, Any], rows: Rows
) -> Iterator[Difference]:
    try:
        state = interpreter.decode(blob, variables)
    except Exception as error:
        yield Difference(instance_id=instance_id, kind="unreadable", table="instance", actual=str(error))
        return
    expected_status = state.status.value if state.status is not InstanceStatus.ACTIVE else status
    if status != expected_status or (state.status is InstanceStatus.ACTIVE and status not in OPEN):
        yield Difference(
            instance_id=instance_id, kind="status", table="instance", expected=state.status.value, actual=status
        )
    if state.status is InstanceStatus.ACTIVE and not state.waits:
        yield Difference(instance_id=instance_id, kind="stuck", table="instance")
    expected = {(wait.kind.value, wait.id): (wait.path, _says(wait)) for wait in state.waits.values() if _has_row(wait)}
    for place in sorted(expected.keys() | rows.keys()):
        wanted, actual = expected.get(place), rows.get(place)
        if wanted != actual:
            yield Difference(
                instance_id=instance_id,
                kind="missing" if actual is None else "extra" if wanted is None else "different",
                table=place[0],
                wait_id=place[1],
                path=(wanted or actual or ("",))[0],
                expected=wanted,
                actual=actual,
            )


OPEN = (Status.ACTIVE, Status.SUSPENDED)


def _has_row(wait: Wait) -> bool:
    return wait.kind is not WaitKind.CONDITION


def _says(wait: Wait) -> dict[str, Any]:
    return _comparable({name: wait.data.get(name) for name in COMPARED[wait.kind]})


COMPARED = {
    WaitKind.USER_TASK: ("due", "form"),
    WaitKind.TIMER: ("due",),
    WaitKind.MESSAGE: ("name", "key"),
    WaitKind.SIGNAL: ("name",),
    WaitKind.JOB: ("type",),
    WaitKind.INCIDENT: (),
}


def _comparable(says: dict[str, Any]) -> dict[str, Any]:
    """Instants as instants: a state keeps the offset that the database has turned into UTC."""
    due = says.get("due")
    return {**says, "due": datetime.fromisoformat(due)} if due else says
