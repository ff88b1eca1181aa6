"""The same key, the same answer: for requests that no command carries out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from engine.clock import Clock
from engine.commands.contracts import IdempotencyKey
from engine.due import UNRENEWED
from engine.errors import Conflict, Incorrect
from engine.leases import BEAT_S
from workflows.store import people as store

log = logging.getLogger(__name__)
LEASE = UNRENEWED + timedelta(seconds=2)  # what the dead had in its hands on a moved clock is free by then


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

    `stored` is the answer of an earlier request with this key, or what `keep` was given. `plan` is what this request
    sets out to do; where the process of an earlier one died, what that one had set out to do, so that doing it again
    from the plan must come to the same. Raises Conflict while the first request still runs, Incorrect where the key
    belongs to another request. An error frees the key.
    """

    def __init__(
        self, pool: Any, region_id: str, key: IdempotencyKey | None, clock: Clock, plan: Mapping[str, Any]
    ) -> None:
        self.stored: dict[str, Any] | None = None
        self.plan: Mapping[str, Any] = plan
        self.goes_on = False  # with the plan of one that died
        self._pool, self._key, self._clock = pool, key, clock
        self._row: dict[str, Any] = {"region_id": region_id, "client": key.client, "key": key.key} if key else {}
        self._over = threading.Event()
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Once:
        if self._key is None:
            return self
        seal = self._key.request_hash
        with self._pool.connection() as conn:
            taken = store.take_answer(conn, self.plan, request_hash=seal, now=self._clock(), lease=LEASE, **self._row)
            if taken is not None:
                self._hold(taken)
                return self
            found = store.row(conn, "stored_answer", **self._row)
        if found is None or (found["request_hash"] == seal and found["status"] is None):
            raise Conflict("相同请求正在处理", "the first request with this key still runs", code="still-running")
        if found["request_hash"] != seal:
            raise _reused()
        self.stored = found["body"]
        return self

    def keep(self, answer: dict[str, Any]) -> None:
        """Raises Conflict where this process was taken for dead: the answer is the other's to give."""
        if self._keeper is not None:
            with self._pool.connection() as conn:
                if not store.finish_held_answer(conn, answer, **self._row):
                    raise Conflict(
                        "此请求已由另一进程接手", "another process has taken this request over", code="taken-over"
                    )
        self.stored = answer

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._keeper is None:
            return
        self._over.set()
        self._keeper.join()
        if kind is not None:
            with self._pool.connection() as conn:
                store.run(conn, "drop_answer", **self._row)

    def _hold(self, taken: Mapping[str, Any]) -> None:
        self.plan, self._row["fence"] = taken["body"], taken["fence"]
        self.goes_on = taken["fence"] > 1
        self._keeper = threading.Thread(target=self._renew, name="once", daemon=True)
        self._keeper.start()

    def _renew(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                with self._pool.connection() as conn:
                    store.run(conn, "hold_answer", lease=LEASE, **self._row)
            except Exception:
                log.exception("the hold of a request was not renewed")
