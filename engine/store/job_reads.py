"""What may be known of jobs without taking them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from engine.store.reads import SQL, Conn


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """`state`: waiting, running (held by a worker until `locked_until`), failed. What it is given is not shown here."""

    id: UUID
    instance_id: UUID
    definition_key: str
    definition_version: int
    business_key: str | None
    element_id: str
    path: str
    type: str
    state: str
    retries_left: int
    attempts: int
    due_at: datetime
    locked_by: str | None
    locked_until: datetime | None
    message: str | None


def jobs(conn: Conn, region_id: str, *, type: str | None = None, limit: int = 100) -> list[JobRow]:
    """Jobs in order of due time."""
    asked: dict[str, Any] = {"region_id": region_id, "type": type, "limit": limit}
    return conn.cursor(row_factory=class_row(JobRow)).execute(SQL["read_jobs"], asked).fetchall()


def due_jobs(conn: Conn, region_id: str, types: Sequence[str], now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Jobs that a worker could take now, oldest first: their ids and those of their instances."""
    asked = {"region_id": region_id, "types": list(types), "now": now, "limit": limit}
    return conn.execute(SQL["read_due_jobs"], asked).fetchall()
