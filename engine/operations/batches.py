"""What batches there are and how far they have come; and doing a little of what waits, as a worker does between rounds.

Killing a worker loses nothing: an item is done in the same transaction in which it is marked so, and what a dead worker
held is free again when its lease has run out; a living one renews it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row

from engine.commands.batches import MOST_ATTEMPTS, reason_of
from engine.commands.contracts import Actor, ClaimBatchItems, FailBatchItem, Operate, RunBatchItems
from engine.commands.records import ClaimedItem, DueWork
from engine.due import settle
from engine.errors import Busy, EngineError, Text
from engine.operations.queries import parameters_of
from engine.operations.requests import command_for
from engine.store.reads import SQL, Conn

if TYPE_CHECKING:
    from engine.engine import Engine

log = logging.getLogger(__name__)

ENGINE = Actor(id="engine", kind="engine")
SLICE = 20  # items taken at a time
TRIED = 100  # instances on which a dry run tries the operation, of each place some
LONGEST_REST_S = 0.25
MOST_REST = 0.3  # of the time that the work took: whoever works at a screen goes first, and the batch comes to its end
PACE_S = 0.05  # between two looks at a batch that runs no faster than its rate
TOGETHER = 10  # instances that are locked at once
ONE_BY_ONE = frozenset({"retry"})  # may have written something when it is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`state`: running, paused, cancelled, completed."""

    id: UUID
    operation: str
    parameters: Mapping[str, Any]
    query: Mapping[str, Any]
    state: str
    rate: float
    reason: str
    total: int
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    done: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    instance_id: UUID
    state: str  # waiting | done | failed
    at: datetime | None
    code: str | None
    message: Text | None


def batch(conn: Conn, region_id: str, id: UUID) -> Batch | None:
    found = _batches(conn, region_id, "read_batch", id=id)
    return found[0] if found else None


def batches(conn: Conn, region_id: str, *, after: UUID | None = None, limit: int = 50) -> list[Batch]:
    """The newest first; `after` is the id of the last one seen."""
    return _batches(conn, region_id, "read_batches", after=after, limit=limit)


def results(
    conn: Conn, region_id: str, id: UUID, *, state: str | None = None, after: UUID | None = None, limit: int = 100
) -> list[Result]:
    query = {"region_id": region_id, "id": id, "state": state, "after": after, "limit": limit}
    rows = conn.cursor(row_factory=dict_row).execute(SQL["read_batch_items"], query).fetchall()
    return [Result(message=_text(row.pop("message_zh"), row.pop("message_en")), **row) for row in rows]


def _batches(conn: Conn, region_id: str, statement: str, **asked: Any) -> list[Batch]:
    query = {"region_id": region_id, **asked}
    rows = conn.cursor(row_factory=dict_row).execute(SQL[statement], query).fetchall()
    counts: Counter[tuple[UUID, str]] = Counter()
    ids = {"region_id": region_id, "ids": [row["id"] for row in rows]}
    for batch_id, state, count in conn.execute(SQL["count_batch_items"], ids).fetchall():
        counts[batch_id, state] = count
    for row in rows:
        row |= {state: counts[row["id"], state] for state in ("done", "failed", "waiting")}
    return [Batch(**row) for row in rows]


def _text(zh: str | None, en: str | None) -> Text | None:
    return None if zh is None or en is None else Text(zh=zh, en=en)


# --- before: what would happen ----------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Group:
    """Instances that stand at one place; who stands at several counts at each. `failures`: code -> how many."""

    path: str
    waiting: int
    tried: int = 0
    done: int = 0
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`tried` of `total` instances; `failures`: code -> how many, why, an instance for which it is so."""

    total: int
    tried: int
    done: int
    failures: Mapping[str, tuple[int, Text, UUID]]
    groups: tuple[Group, ...] = ()


def trial(
    engine: Engine,
    operation: str,
    query: Mapping[str, Any],
    parameters: Mapping[str, Any],
    by: Actor,
    *,
    most: int = TRIED,
) -> Trial:
    """The operation on `most` of the instances that the query finds, of every place where any stand; each rolled back.
    Raises Incorrect."""
    command_for(operation, parameters, UUID(int=0))
    asked = {"region_id": engine.region_id, **parameters_of(query)}
    with engine.read() as conn:
        ids = [row[0] for row in conn.execute(SQL["find_instances"], asked).fetchall()]
        standing = {"region_id": engine.region_id, "ids": ids, "limit": most}
        places = conn.execute(SQL["places_of_instances"], standing).fetchall()
    groups = {path: Group(path=path, waiting=waiting) for path, _, waiting in places}
    at: dict[UUID, list[Group]] = {}
    for path, instance_id, _ in places:
        at.setdefault(instance_id, []).append(groups[path])
    chosen = list(dict.fromkeys([*at, *ids]))[:most]
    failures: dict[str, tuple[int, Text, UUID]] = {}
    done = 0
    for instance_id in chosen:
        command, refused = command_for(operation, parameters, instance_id), None
        try:
            engine.transact(Operate(instance_id=instance_id, command=command, dry_run=True), by=by, now=engine.clock())
            done += 1
        except Busy:
            raise
        except EngineError as error:
            code, text = reason_of(error)
            count, *first = failures.get(code, (0, text, instance_id))
            failures[code] = (count + 1, *first)  # type: ignore[assignment]
            refused = code
        for group in at.get(instance_id, ()):
            group.tried += 1
            group.done += refused is None
            group.failures.update([refused] if refused else [])
    ordered = tuple(sorted(groups.values(), key=lambda group: (group.done == group.tried, -group.waiting, group.path)))
    return Trial(total=len(ids), tried=len(chosen), done=done, failures=failures, groups=ordered)


# --- doing it ---------------------------------------------------------------------------------------------------------


class BatchRunner:
    """One per worker. Rests the longer the more an item takes longer than usual, within bounds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._usual_s = float("inf")
        self._rest_until = 0.0
        self._is_busy = False

    @property
    def idle_s(self) -> float:
        """How long a worker with nothing else to do may wait before it asks again."""
        return PACE_S if self._is_busy else float("inf")

    def run_some(self) -> int:
        """A few items of the batch whose turn it is; answers how many, 0 also while resting."""
        if time.monotonic() < self._rest_until:
            return 0
        engine = self._engine
        now = engine.clock()
        items, _ = engine.transact(ClaimBatchItems(limit=SLICE), by=ENGINE, now=now)
        self._is_busy = bool(items) or (self._is_busy and self._something_runs())
        if not items:
            return 0
        began = time.monotonic()
        with engine.leases.held(DueWork(items=tuple(items))) as hold:
            for together in _portions(items):
                hold.begin(*together)
                self._do(together, now)
        self._rest(time.monotonic() - began, len(items))
        return len(items)

    def _something_runs(self) -> bool:
        with self._engine.read() as conn:
            row = conn.execute(SQL["find_running_batch"], {"region_id": self._engine.region_id}).fetchone()
        return row is not None

    def _rest(self, took: float, count: int) -> None:
        each = took / count
        self._usual_s = min(each, self._usual_s * 1.01)
        slower = each / self._usual_s - 1
        self._rest_until = time.monotonic() + min(took * min(slower, MOST_REST), LONGEST_REST_S)

    def _do(self, items: list[ClaimedItem], now: datetime) -> None:
        """In one transaction; when that fails as a whole, one by one."""
        batch_id, by = items[0].batch_id, items[0].by
        try:
            if items[0].attempts > MOST_ATTEMPTS:
                raise RuntimeError("the worker died during each attempt")
            commands = {i.instance_id: command_for(i.operation, i.parameters, i.instance_id, batch_id) for i in items}
            _, following = self._engine.transact(RunBatchItems(batch_id=batch_id, commands=commands), by=by, now=now)
        except Busy:
            raise
        except EngineError as error:
            self._one_by_one(items, now, *reason_of(error))
        except Exception as error:
            log.exception("batch %s, instance %s", batch_id, items[0].instance_id)
            told = f"{type(error).__name__}: {error}"
            self._one_by_one(items, now, "fault", Text(zh=f"系统出错：{told}", en=told))
        else:
            settle(self._engine, following, now)

    def _one_by_one(self, items: list[ClaimedItem], now: datetime, code: str, text: Text) -> None:
        if len(items) > 1:
            for item in items:
                self._do([item], now)
            return
        item = items[0]
        failed = FailBatchItem(batch_id=item.batch_id, instance_id=item.instance_id, code=code, message=text)
        self._engine.transact(failed, by=ENGINE, now=now)


def _portions(items: list[ClaimedItem]) -> Iterator[list[ClaimedItem]]:
    """Together what refuses before it writes; alone what was tried before."""
    alone = [i for i in items if i.attempts > 1 or i.operation in ONE_BY_ONE]
    together = [i for i in items if i not in alone]
    yield from ([item] for item in alone)
    yield from (together[n : n + TOGETHER] for n in range(0, len(together), TOGETHER))
