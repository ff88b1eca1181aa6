"""The same key, the same answer: for requests that no command carries out."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Any

from engine.clock import Clock
from engine.commands.contracts import IdempotencyKey
from engine.errors import Conflict, Incorrect
from workflows.store import people as store


def made_before(conn: Any, region_id: str, key: IdempotencyKey | None, made: str, now: datetime) -> str | None:
    """What an earlier request with this key made; None: nothing, and `made` is remembered if this transaction commits.
    Raises Incorrect where the key belongs to another request."""
    if key is None:
        return None
    row = {"region_id": region_id, "client": key.client, "key": key.key}
    if store.row(conn, "begin_answer", **row, request_hash=key.request_hash, now=now):
        store.finish_answer(conn, {"made": made}, **row)
        return None
    found = store.row(conn, "stored_answer", **row) or {}
    if found.get("request_hash") != key.request_hash:
        raise _reused()
    return str(found["body"]["made"])


def _reused() -> Incorrect:
    return Incorrect("幂等键已用于另一请求", "the key belongs to another request", code="idempotency-key-reused")


class Once:
    """For requests that no single transaction can hold.
    `stored` is the answer of an earlier request with this key, or what `keep` was given. Raises Conflict while the
    first request still runs, Incorrect where the key belongs to another request. An error frees the key."""

    def __init__(self, pool: Any, region_id: str, key: IdempotencyKey | None, clock: Clock) -> None:
        self.stored: dict[str, Any] | None = None
        self._pool, self._key, self._clock = pool, key, clock
        self._row = {"region_id": region_id, "client": key.client, "key": key.key} if key else {}
        self._mine = False

    def __enter__(self) -> Once:
        if self._key is None:
            return self
        with self._pool.connection() as conn:
            seal = self._key.request_hash
            if store.row(conn, "begin_answer", **self._row, request_hash=seal, now=self._clock()):
                self._mine = True
                return self
            found = store.row(conn, "stored_answer", **self._row) or {}
        if found.get("request_hash") != self._key.request_hash:
            raise _reused()
        if found["status"] is None:
            raise Conflict("相同请求正在处理", "the first request with this key still runs", code="still-running")
        self.stored = found["body"]
        return self

    def keep(self, answer: dict[str, Any]) -> None:
        self.stored = answer
        if self._mine:
            with self._pool.connection() as conn:
                store.finish_answer(conn, answer, **self._row)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None and self._mine:
            with self._pool.connection() as conn:
                store.run(conn, "drop_answer", **self._row)
