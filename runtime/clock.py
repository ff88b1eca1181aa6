"""The clock that stands still in the database until it is moved, the same for every process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any

import psycopg

from engine.errors import Busy

MOVING = 7_305_811_404_101_222  # advisory lock: one process moves the clock or fires what is due, the others wait


class ManualClock:
    """Reads `manual_clock` on a connection of its own, so that asking for the time inside a transaction cannot wait
    for the pool. Raises Busy while the database is away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._conn: psycopg.Connection[Any] | None = None
        self._lock = Lock()

    def __call__(self) -> datetime:
        row = self._run("SELECT now FROM manual_clock")
        if row is None:
            raise Busy("手动时钟尚未设定", "the manual clock has not been set")
        return row[0]

    def set(self, now: datetime) -> None:
        """Never backwards."""
        self._run(
            "INSERT INTO manual_clock (now) VALUES (%s) ON CONFLICT (only_row)"
            " DO UPDATE SET now = greatest(manual_clock.now, EXCLUDED.now) RETURNING now",
            now,
        )

    def set_once(self, now: datetime) -> None:
        """The time an installation begins at; a restart goes on from where the clock stood."""
        self._run("INSERT INTO manual_clock (now) VALUES (%s) ON CONFLICT DO NOTHING RETURNING now", now)

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Hold the clock: whoever else wants to move it, or to fire what is due, waits."""
        with psycopg.connect(self._url, autocommit=True) as conn:
            conn.execute("SELECT pg_advisory_lock(%s)", [MOVING])
            yield

    def close(self) -> None:
        with self._lock:
            if self._conn is not None:
                self._conn.close()
                self._conn = None

    def _run(self, statement: str, *values: Any) -> Any:
        with self._lock:
            for attempt in (1, 2):
                try:
                    if self._conn is None or self._conn.closed:
                        self._conn = psycopg.connect(self._url, autocommit=True, connect_timeout=2)
                        self._conn.execute("SET timezone TO 'UTC'")
                    return self._conn.execute(statement.encode(), values).fetchone()
                except psycopg.OperationalError as error:
                    if self._conn is not None:
                        self._conn.close()
                    self._conn = None
                    if attempt == 2:
                        raise Busy("数据库暂时不可用", "the database is away") from error
        return None
