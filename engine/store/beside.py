"""What stands beside a user task: comments, attachments, and who handed it to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from engine.store.sql import load

SQL = load(__file__)
Conn = Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Comment:
    number: int
    body: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """`content` only where one is asked for."""

    id: UUID
    number: int
    title: str
    content_type: str
    sha256: str
    size: int
    at: datetime
    by: str
    content: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Handover:
    number: int
    held_by: str | None
    given_to: str
    reason: str | None
    goes_back: bool
    at: datetime
    by: str
    seen_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """A task that somebody handed to this person, who has not opened it since."""

    user_task_id: UUID
    by: str
    reason: str | None
    at: datetime


def comments(conn: Conn, region_id: str, task_id: UUID) -> list[Comment]:
    return _rows(conn, Comment, "read_comments", region_id=region_id, task_id=task_id)


def attachments(conn: Conn, region_id: str, task_id: UUID) -> list[Attachment]:
    return _rows(conn, Attachment, "read_attachments", region_id=region_id, task_id=task_id)


def attachment(conn: Conn, region_id: str, task_id: UUID, id: UUID) -> Attachment | None:
    found = _rows(conn, Attachment, "read_attachment", region_id=region_id, task_id=task_id, id=id)
    return found[0] if found else None


def handovers(conn: Conn, region_id: str, task_id: UUID) -> list[Handover]:
    return _rows(conn, Handover, "read_handovers", region_id=region_id, task_id=task_id)


def unseen(conn: Conn, region_id: str, login: str) -> dict[UUID, Unseen]:
    return {
        one.user_task_id: one for one in _rows(conn, Unseen, "read_unseen_handovers", region_id=region_id, login=login)
    }


def see(conn: Conn, region_id: str, task_id: UUID, login: str, now: datetime) -> bool:
    """Whether there was something that this person had not seen."""
    given = {"region_id": region_id, "task_id": task_id, "login": login, "now": now}
    return conn.execute(SQL["see_handovers"], given).rowcount > 0


def _rows(conn: Conn, kind: type[Any], statement: str, **given: Any) -> list[Any]:
    return conn.cursor(row_factory=class_row(kind)).execute(SQL[statement], given).fetchall()
