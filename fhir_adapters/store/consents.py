"""Whom a woman no longer lets read her record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from engine.store import sql
from engine.store.wire import Wire, tell

SQL = sql.load(__file__)


def withdraw_area(conn: Connection[Any] | Wire, region_id: str, patient_id: str, organisations: Iterable[str]) -> None:
    key = {"region_id": region_id, "patient_id": patient_id, "organisations": sorted(organisations)}
    tell(conn, SQL["withdraw_area"], key)
