"""Rows about institutions: periods of their duties, matters between them, their directory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from engine.errors import NotFound
from workflows.store.people import Row, rows, run


def running_duties(conn: Connection[Any], region_id: str) -> set[tuple[str, str]]:
    """Institution and code of every duty that has an open period."""
    return {(r["organisation"], r["code"]) for r in rows(conn, "running_duties", region_id=region_id)}


def duty_periods(
    conn: Connection[Any], region_id: str, organisations: Collection[str], since: date, limit: int
) -> list[Row]:
    asked = {"organisations": sorted(organisations), "since": since, "limit": limit}
    return rows(conn, "duty_periods", region_id=region_id, **asked)


def matters(
    conn: Connection[Any], region_id: str, organisations: Collection[str], kinds: Collection[str], limit: int
) -> list[Row]:
    asked = {"organisations": sorted(organisations), "kinds": sorted(kinds), "limit": limit}
    return rows(conn, "matters", region_id=region_id, **asked)


def last_sheet(conn: Connection[Any], region_id: str, organisation: str) -> UUID | None:
    found = rows(conn, "last_sheet", region_id=region_id, organisation=organisation)
    return found[0]["id"] if found else None


def deaths(conn: Connection[Any], region_id: str, organisation: str, first: date, last: date) -> int:
    asked = {"organisation": organisation, "first": first, "last": last}
    return int(rows(conn, "deaths_of_month", region_id=region_id, **asked)[0]["count"])


def open_tasks(conn: Connection[Any], region_id: str, instance_ids: list[UUID]) -> list[Row]:
    return rows(conn, "open_tasks_of", region_id=region_id, instance_ids=instance_ids)


def put_record(conn: Connection[Any], region_id: str, line: Row, body: Any, now: datetime, by: str) -> bool:
    """Whether it was new: the same line sent again is one."""
    try:
        return run(conn, "put_record", region_id=region_id, now=now, by=by, body=Jsonb(body), **line) > 0
    except ForeignKeyViolation as error:
        raise NotFound("没有此机构", "no such organisation") from error


def withdraw_record(conn: Connection[Any], region_id: str, id: UUID, now: datetime, by: str) -> bool:
    return run(conn, "withdraw_record", region_id=region_id, id=id, now=now, by=by) > 0


def records(
    conn: Connection[Any], region_id: str, organisation: str | None, kind: str | None, on: date, *, all: bool
) -> list[Row]:
    return rows(conn, "records", region_id=region_id, organisation=organisation, kind=kind, on=on, all=all)


def record(conn: Connection[Any], region_id: str, id: UUID) -> Row | None:
    found = rows(conn, "record", region_id=region_id, id=id)
    return found[0] if found else None


def workload(conn: Connection[Any], region_id: str, first: date, last: date) -> list[Row]:
    return rows(conn, "workload", region_id=region_id, first=first, last=last)


def sampled(
    conn: Connection[Any], region_id: str, organisation: str, key: str, since: datetime, limit: int
) -> list[str]:
    """Ids of pregnancies."""
    asked = {"organisation": organisation, "key": key, "since": since, "limit": limit}
    return [row["pregnancy_id"] for row in rows(conn, "sampled_cases", region_id=region_id, **asked)]
