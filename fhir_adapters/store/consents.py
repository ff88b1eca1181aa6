"""Whom a woman no longer lets read her record."""

from __future__ import annotations

from collections.abc import Iterable

from engine.store import sql
from engine.store.wire import Asked, tell

SQL = sql.load(__file__)


def withdraw_area(conn: Asked, region_id: str, patient_id: str, organisations: Iterable[str]) -> None:
    key = {"region_id": region_id, "patient_id": patient_id, "organisations": sorted(organisations)}
    tell(conn, SQL["withdraw_area"], key)
