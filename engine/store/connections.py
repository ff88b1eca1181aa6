"""How connections are opened: JSON keeps its digits, instants come back in UTC, a database that is away is `Busy`.

Row-level security asks each transaction for whom it acts. The answer is a setting that dies with the transaction: a
connection goes on to somebody else, by our pool or by one in front of the database, and must not carry it along.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import Connection, errors, pq
from psycopg.types.array import ListBinaryDumper
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

from engine.store import plain
from engine.store.sql import load
from engine.store.wire import Alone, ask

Pool: TypeAlias = ConnectionPool[Connection[Any]]
ACT_FOR = load(__file__)["act_for"]


def open_pool(url: str, *, min_size: int = 1, max_size: int = 4, timeout: float = 2.0, prepares: bool = True) -> Pool:
    """A pool that connects by itself when the database comes back. Waiting longer than `timeout` for a connection is
    `Busy` for the caller (503), not a hang. Without `prepares` no statement is left prepared on a connection: what is
    in front of the database may hand the next transaction to another one."""
    return ConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout,
        configure=configure if prepares else _configure_unprepared,
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


def _configure_unprepared(conn: Connection[Any]) -> None:
    configure(conn)
    conn.prepare_threshold = None


class Lent:
    """A connection of the pool for a while, as the pool's own `connection`, which costs twice as much: what the block
    leaves open is ended as the driver ends it, and most blocks leave nothing open."""

    __slots__ = ("_conn", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def __enter__(self) -> Connection[Any]:
        self._conn = self._pool.getconn()
        return self._conn

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        conn = self._conn
        try:
            if conn.pgconn.transaction_status != pq.TransactionStatus.IDLE:
                conn.__exit__(kind, error, trace)
        finally:
            self._pool.putconn(conn)


class RegionPool:
    """The connections of a pool, each in a transaction that acts for one region. `direct`: where whoever needs a
    connection of his own opens it, past what stands in front of the database for the pool."""

    def __init__(self, pool: Pool, region_id: str, direct: str | None = None) -> None:
        self.region_id = region_id
        self.shared = pool
        self.direct = direct

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """What ran stays, also when the block raises: what stands or falls together is a `transaction()` inside."""
        with self.begun("BEGIN") as conn:
            yield conn

    @contextmanager
    def begun(self, begin: LiteralString) -> Iterator[Connection[Any]]:
        """`begin`: the statement that opens the transaction; it is committed in the end."""
        with self.shared.connection() as conn:
            self._begin(conn, begin)
            try:
                yield conn
            except BaseException:
                with suppress(psycopg.Error):
                    _end(conn)
                raise
            _end(conn)

    def _begin(self, conn: Connection[Any], begin: LiteralString) -> None:
        """The driver throws away what is prepared, ours too, whenever it rolls back; here it is noticed in time."""
        conn.execute(begin, prepare=False)
        try:
            ask(conn, ACT_FOR, {"region_id": self.region_id})
        except errors.InvalidSqlStatementName:
            _end(conn)
            conn.execute(begin, prepare=False)
            ask(conn, ACT_FOR, {"region_id": self.region_id})

    def bare(self) -> Lent:
        """Without a transaction: whoever opens one says himself, in the same breath, for whom (`ACT_FOR`)."""
        return Lent(self.shared)

    @contextmanager
    def alone(self) -> Iterator[Alone]:
        """For questions that one statement answers: no transaction is held open around them."""
        with Lent(self.shared) as conn:
            yield Alone(conn, (ACT_FOR, {"region_id": self.region_id}))

    @property
    def conninfo(self) -> str:
        """For a connection of one's own, whose locks and settings last as long as it does."""
        place = self.direct or self.shared.conninfo
        return place if isinstance(place, str) else place()

    def check(self) -> None:
        self.shared.check()

    def get_stats(self) -> dict[str, int]:
        return self.shared.get_stats()

    def close(self) -> None:
        self.shared.close()


def for_region(pool: Pool | RegionPool, region_id: str, direct: str | None = None) -> RegionPool:
    """The same connections, for this region."""
    if isinstance(pool, RegionPool):
        return RegionPool(pool.shared, region_id, direct or pool.direct)
    return RegionPool(pool, region_id, direct)


def _end(conn: Connection[Any]) -> None:
    """A rollback that the driver does not see: it would forget what it has prepared."""
    if conn.info.transaction_status == pq.TransactionStatus.INTRANS:
        conn.execute("COMMIT")
    elif conn.info.transaction_status == pq.TransactionStatus.INERROR:
        conn.pgconn.exec_(b"ROLLBACK")
