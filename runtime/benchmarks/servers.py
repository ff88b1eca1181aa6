"""Where a benchmark runs: a throw-away server, or databases of its own on a given one, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.clock import system_clock
from engine.engine import Engine
from engine.store.connections import open_pool
from runtime.benchmarks.load import REGION
from runtime.database import embedded, migrate
from runtime.database.roles import as_application


@dataclass
class Bench:
    """`scale` shrinks the sizes that the issue names, for a quick look; 1 is the real size."""

    admin_url: str
    seconds: float = 15.0
    processes: int = 2
    threads: int = 1
    scale: float = 1.0
    _made: list[str] = field(default_factory=list)

    def database(self) -> str:
        """Address of a new, migrated database."""
        name = f"bench_{uuid4().hex[:12]}"
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self._made.append(name)
        url = make_conninfo(self.admin_url, dbname=name)
        migrate.migrate(url)
        return url

    def drop(self) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            for name in self._made:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def server(database_url: str | None) -> Iterator[str]:
    """Address for administration: of the given server, or of a throw-away one."""
    if database_url is not None:
        yield database_url
        return
    with embedded.throw_away() as url:
        yield url


@contextmanager
def bench_on(
    database_url: str | None, *, seconds: float, processes: int, threads: int, scale: float
) -> Iterator[Bench]:
    with server(database_url) as admin_url:
        made = Bench(admin_url, seconds, processes, threads, scale)
        try:
            yield made
        finally:
            made.drop()


@contextmanager
def bare_engine(url: str, **settings: Any) -> Iterator[Engine]:
    """An engine without projection: what the engine's own tables cost."""
    with open_pool(as_application(url), max_size=2, timeout=30) as pool:
        yield Engine(pool, **{"clock": system_clock, "region_id": REGION, **settings})


LOG_FILES = 24  # of 16 MB: what the measured minute writes


def settle(url: str) -> None:
    """As after its first hours: a young server makes each file of its log, 16 MB of zeros, while everybody who commits
    waits (50 to 100 ms); later it takes those that a checkpoint has set free."""
    with psycopg.connect(url, autocommit=True) as owner:
        for _ in range(LOG_FILES):
            owner.execute("SELECT pg_logical_emit_message(false, 'bench', 'one more'), pg_switch_wal()")
        owner.execute("CHECKPOINT")


def quantile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2) if ordered else None
