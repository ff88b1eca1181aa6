"""What the clients of a trial asked and were told: a file of their own that the judge reads."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE told (key TEXT PRIMARY KEY, kind TEXT, subject TEXT, status INTEGER, failed_at REAL, at REAL);
CREATE TABLE odd (key TEXT, status INTEGER, body TEXT);
"""


class Notebook:
    """Shared by the threads of one trial."""

    def __init__(self, path: Path) -> None:
        self._conn = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._conn.execute("PRAGMA journal_mode = WAL")
        self._conn.executescript(TABLES)
        self._lock = threading.Lock()

    def told(self, key: str, kind: str, subject: str, status: int, failed_at: float | None, at: float) -> None:
        """The answer that ends a request. `failed_at`: when the first try broke; `subject`: the task or new case."""
        self._write("INSERT INTO told VALUES (?, ?, ?, ?, ?, ?)", key, kind, subject, status, failed_at, at)

    def odd(self, key: str, status: int, body: str) -> None:
        """An answer that should not have come."""
        self._write("INSERT INTO odd VALUES (?, ?, ?)", key, status, body[:300])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._conn.execute(query).fetchall()

    def close(self) -> None:
        self._conn.close()

    def _write(self, statement: str, *values: Any) -> None:
        with self._lock:
            self._conn.execute(statement, values)
