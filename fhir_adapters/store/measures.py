"""What a list of subjects needs beside the rows of an indicator."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from engine.store import sql

SQL = sql.load(__file__)


def patients_of_cases(conn: Connection[Any], region_id: str, episode_ids: list[str]) -> dict[str, str]:
    """Case to patient, for those that exist."""
    return dict(conn.execute(SQL["patients_of_cases"], {"region_id": region_id, "ids": episode_ids}).fetchall())
