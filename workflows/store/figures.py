"""Counts for those who watch the system. No names, no colours: nothing that could point at a woman."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from workflows.store.people import rows


def opened_since(conn: Connection[Any], region_id: str, since: datetime) -> list[UUID]:
    """Open user tasks created at `since` or later, oldest first."""
    return [found["id"] for found in rows(conn, "opened_since", region_id=region_id, since=since)]


def cases(conn: Connection[Any], region_id: str, definition_key: str) -> list[dict[str, Any]]:
    """Status and variables of every instance of one process."""
    return rows(conn, "cases", region_id=region_id, definition_key=definition_key)


def stuck(conn: Connection[Any], region_id: str) -> int:
    """How many active instances nobody and nothing will move."""
    return int(rows(conn, "stuck", region_id=region_id)[0]["count"])
