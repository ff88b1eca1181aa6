"""Counts of what clients ask for, by day. Each function sends what its name says on the connection it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import class_row

from engine.store import sql

SQL = sql.load(__file__)
MOST = 2000


class What(NamedTuple):
    """`detail`: the status, the issue's code, or the tolerance; `place`: an expression without indices."""

    client: str
    on_day: date
    kind: str  # traffic | error | tolerance
    type: str
    interaction: str
    detail: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    on_day: date
    kind: str
    type: str
    interaction: str
    detail: str
    place: str
    count: int
    last_at: datetime


def add(conn: Connection[Any], region_id: str, found: Mapping[What, tuple[int, datetime]]) -> None:
    """How often, and when last."""
    columns: dict[str, list[Any]] = {name: [getattr(what, name) for what in found] for name in What._fields}
    columns |= {"count": [count for count, _ in found.values()], "last_at": [at for _, at in found.values()]}
    conn.execute(SQL["add_counts"], {"region_id": region_id, **columns})


def of_client(conn: Connection[Any], region_id: str, client: str, since: date) -> list[Counted]:
    given = {"region_id": region_id, "client": client, "since": since, "limit": MOST}
    with conn.cursor(row_factory=class_row(Counted)) as cursor:
        return cursor.execute(SQL["counts_of"], given).fetchall()


def last_seen(conn: Connection[Any], region_id: str, since: date) -> dict[str, datetime]:
    return dict(conn.execute(SQL["last_seen"], {"region_id": region_id, "since": since}).fetchall())


def forget(conn: Connection[Any], region_id: str, before: date) -> int:
    return conn.execute(SQL["forget_counts"], {"region_id": region_id, "before": before}).rowcount
