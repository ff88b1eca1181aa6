"""The keys by which this installation signs, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection

from engine.store import sql

SQL = sql.load(__file__)


def current(conn: Connection[Any], region_id: str) -> tuple[str, str] | None:
    """Id and private key of the one that signs now."""
    row = conn.execute(SQL["signing_key"], {"region_id": region_id}).fetchone()
    return tuple(row) if row else None  # type: ignore[return-value, arg-type]


def every(conn: Connection[Any], region_id: str) -> list[tuple[str, str]]:
    return list(conn.execute(SQL["keys"], {"region_id": region_id}).fetchall())  # type: ignore[arg-type]


def replace(conn: Connection[Any], region_id: str, kid: str, private_key: str, now: datetime) -> None:
    with conn.transaction():
        conn.execute(SQL["retire_keys"], {"region_id": region_id, "now": now})
        conn.execute(SQL["add_key"], {"region_id": region_id, "kid": kid, "private_key": private_key, "now": now})


def forget(conn: Connection[Any], region_id: str) -> None:
    conn.execute(SQL["forget_keys"], {"region_id": region_id})


def current_identity(conn: Connection[Any], region_id: str) -> tuple[str, str] | None:
    """Id and private key of the one that says who somebody is."""
    row = conn.execute(SQL["identity_key"], {"region_id": region_id}).fetchone()
    return tuple(row) if row else None  # type: ignore[return-value, arg-type]


def identities(conn: Connection[Any], region_id: str, since: datetime) -> list[tuple[str, str]]:
    """The newest first; of those that sign no more the ones retired after `since`."""
    return list(conn.execute(SQL["identity_keys"], {"region_id": region_id, "since": since}).fetchall())  # type: ignore[arg-type]


def replace_identity(conn: Connection[Any], region_id: str, kid: str, private_key: str, now: datetime) -> None:
    with conn.transaction():
        conn.execute(SQL["hold_identity_keys"], {"region_id": region_id})
        conn.execute(SQL["retire_identity_keys"], {"region_id": region_id, "now": now})
        given = {"region_id": region_id, "kid": kid, "private_key": private_key, "now": now}
        conn.execute(SQL["add_identity_key"], given)
