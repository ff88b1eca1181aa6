"""How connections are opened: JSON keeps its digits, instants come back in UTC, a database that is away is `Busy`."""

from __future__ import annotations

from typing import Any, TypeAlias

from psycopg import Connection
from psycopg.types.array import ListBinaryDumper
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

from engine.store import plain

Pool: TypeAlias = ConnectionPool[Connection[Any]]


def open_pool(url: str, *, min_size: int = 1, max_size: int = 4, timeout: float = 2.0) -> Pool:
    """A pool that connects by itself when the database comes back. Waiting longer than `timeout` for a connection is
    `Busy` for the caller (503), not a hang."""
    return ConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout,
        configure=configure,
        reconnect_timeout=5.0,
        open=True,
    )


def configure(conn: Connection[Any]) -> None:
    """What every connection of the product needs; for those opened outside a pool too."""
    conn.autocommit = True
    conn.adapters.register_dumper(list, ListBinaryDumper)  # as text, every quote in an array of JSON would be escaped
    set_json_loads(plain.read, conn)
    set_json_dumps(plain.dumps, conn)
    conn.execute("SET timezone TO 'UTC'")
    conn.prepare_threshold = 3
