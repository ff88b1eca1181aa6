"""Nothing more is written to a region: triggers that exist only while it is frozen, so no step pays for them else."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from psycopg import Connection, errors, sql

from engine.errors import Busy, Conflict
from runtime.database.catalogue import case_tables

TRIES = 60  # of half a second each: as long may a transaction hold a table
_KINDS = (("INSERT", "NEW"), ("UPDATE OR DELETE", "OLD"))


def freeze(conn: Connection[Any], region_id: str, by: str) -> None:
    """When this returns, whoever had written to the region has committed or rolled back, and nobody writes any more:
    callers are told that the database is away (503). Each table is locked for a moment only. Raises Busy."""
    conn.execute(
        "INSERT INTO region_move (region_id, state, at, by) VALUES (%s, 'frozen', now(), %s)"
        " ON CONFLICT (region_id) DO UPDATE SET state = 'frozen', digest = NULL, at = excluded.at, by = excluded.by",
        [region_id, by],
    )
    for table in case_tables(conn):
        for number, (events, row) in enumerate(_KINDS):
            statement = sql.SQL(
                "CREATE OR REPLACE TRIGGER {} BEFORE {} ON {} FOR EACH ROW WHEN ({}.region_id = {})"
                " EXECUTE FUNCTION refuse_frozen_region()"
            ).format(
                sql.Identifier(_name(region_id, number)),
                sql.SQL(events),  # type: ignore[arg-type]
                sql.Identifier(table.name),
                sql.SQL(row),  # type: ignore[arg-type]
                sql.Literal(region_id),
            )
            _briefly(conn, statement)


def thaw(conn: Connection[Any], region_id: str) -> None:
    """The move is given up: the region works here again. Raises Conflict when it lives elsewhere already."""
    if state(conn, region_id) == "moved":
        raise Conflict("该区域已迁走，不能在此恢复", "the region has moved away", code="region-moved")
    for table in case_tables(conn):
        for number in range(len(_KINDS)):
            drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}")
            _briefly(conn, drop.format(sql.Identifier(_name(region_id, number)), sql.Identifier(table.name)))
    conn.execute("DELETE FROM region_move WHERE region_id = %s", [region_id])


def state(conn: Connection[Any], region_id: str) -> str | None:
    """frozen, moved, or None: it works here."""
    row = conn.execute("SELECT state FROM region_move WHERE region_id = %s", [region_id]).fetchone()
    return str(row[0]) if row else None


def _name(region_id: str, number: int) -> str:
    return f"region_frozen_{hashlib.sha256(region_id.encode()).hexdigest()[:12]}_{number}"


def _briefly(conn: Connection[Any], statement: sql.Composed) -> None:
    """Without making the others queue behind us for long: give up after half a second, let them pass, ask again."""
    for _ in range(TRIES):
        try:
            with conn.transaction():
                conn.execute("SET LOCAL lock_timeout = '500ms'")
                conn.execute(statement)
            return
        except errors.LockNotAvailable:
            time.sleep(0.1)
    raise Busy("有长事务占用数据表，暂不能冻结", "a long transaction holds a table; try again when it has ended")
