"""Views of a hospital's own PostgreSQL, polled: what is newer than the mark, and a while before it, because rows become
visible in another order than that of their times. A row that was taken already is the same arrival.

The view is only read, in a transaction that can do nothing else. Other databases reach us through a foreign table in a
PostgreSQL of the hospital's, or as files.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from engine.clock import CHINA
from engine.errors import EngineError
from engine.store import plain
from fhir_adapters.arrivals.profile import Profile, Table
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.store import arrivals
from fhir_adapters.tabular import rows

log = logging.getLogger(__name__)
PORTION = 1000  # rows that are fetched at a time
CONNECT_S, STATEMENT_MS = 10, 30_000


class Views:
    def __init__(self, services: Any, receiver: Receiver, environment: Mapping[str, str] = os.environ) -> None:
        self._services = services
        self._receiver = receiver
        self._environment = environment

    def look(self) -> int:
        """Every view of every client once; answers how many rows were seen. One that cannot be asked is said in the
        log and asked again next time: its mark stands where it stood."""
        seen = 0
        for profile in self._receiver.profiles.all().values():
            for table in profile.views:
                try:
                    seen += self.poll(profile, table)
                except (psycopg.Error, EngineError) as error:
                    log.warning("view %s of %s: %s", table.name, profile.client, type(error).__name__)
        return seen

    def poll(self, profile: Profile, table: Table) -> int:
        """Rows are stored one by one, each understood by itself; the mark moves on when a portion of them is stored,
        which comes in the order of the mark."""
        region = self._services.region_id
        with self._services.pool.connection() as conn:
            mark = arrivals.mark_of(conn, region, profile.client, table.name)
        seen = 0
        for portion in self._portions(table, mark):
            for row in portion:
                body = plain.dumps({name: _text(value) for name, value in row.items()})
                origin = f"{table.name}/view"
                self._receiver.receive(body, client=profile.client, channel="view", origin=origin, kind=rows.KIND)
            seen += len(portion)
            newest = max(filter(None, (mark, _instant(portion[-1].get(table.high_water)))), default=None)
            if newest is not None and newest != mark:
                mark = newest
                with self._services.pool.connection() as conn, conn.transaction():
                    arrivals.put_mark(conn, region, profile.client, table.name, newest, self._services.clock())
        return seen

    def _portions(self, table: Table, mark: datetime | None) -> Iterator[list[dict[str, Any]]]:
        address = self._environment.get(table.database, "")
        since = mark - timedelta(seconds=table.overlap_s) if mark else None
        names = [sql.Identifier(name) for name in dict.fromkeys([*table.columns, table.high_water])]
        view = sql.Identifier(*table.query.split("."))
        high = sql.Identifier(table.high_water)
        asked = sql.SQL("SELECT {} FROM {} WHERE {} IS NOT NULL AND ({} OR {} > {}) ORDER BY {}").format(
            sql.SQL(", ").join(names), view, high, sql.Literal(since is None), high, sql.Literal(since), high
        )
        with psycopg.connect(address, connect_timeout=CONNECT_S, row_factory=dict_row) as conn:
            conn.read_only = True
            conn.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(STATEMENT_MS)))
            conn.execute("SET LOCAL timezone = 'Asia/Shanghai'")
            with conn.cursor(name="arrivals") as cursor:
                cursor.execute(asked)
                while portion := cursor.fetchmany(PORTION):
                    yield portion


def _instant(value: Any) -> datetime | None:
    """A column without a zone tells Beijing's time."""
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=CHINA)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
