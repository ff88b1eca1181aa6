"""Who of the processes on one database serves people: seen in the server's own table, so that serving costs nothing."""

from __future__ import annotations

import os
from typing import Any

WEB, WORKER = "yuntu-web", "yuntu-worker"
WORKER_NICENESS = 5
_BUSY = """
SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = %s
                  AND (state = 'active' OR state_change > clock_timestamp() - interval '50 milliseconds'))
"""


def be(name: str) -> None:
    """The name of this process's connections; to be called before the first is opened."""
    os.environ["PGAPPNAME"] = name
    if name == WORKER:
        os.nice(WORKER_NICENESS)


class PeopleWait:
    """Whether a web process is at work in the database just now."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    def __call__(self) -> bool:
        with self._pool.connection() as conn:
            return bool(conn.execute(_BUSY, [WEB]).fetchone()[0])
