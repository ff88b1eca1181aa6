"""Reports that were handed in, as rows. They are added, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from engine.clock import CHINA
from engine.store import sql

SQL = sql.load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """`organisation` None: of the whole region. `replaces`, `replaced_by`: what it corrects, and what corrects it."""

    id: UUID
    first: date
    last: date
    organisation: str | None
    due_on: date | None
    submitted_at: datetime
    submitted_by: str
    submitter: str
    replaces: UUID | None = None
    reason: str | None = None
    replaced_by: UUID | None = None

    @property
    def is_late(self) -> bool:
        return self.due_on is not None and self.submitted_at.astimezone(CHINA).date() > self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A MeasureReport to the letter."""

    id: UUID
    report_id: UUID
    indicator: str
    body: str
    organisation: str | None = None


def add(conn: Connection[Any], region_id: str, report: Submitted, measures: Sequence[Frozen]) -> bool:
    """False where the period was handed in before, or what is replaced has been replaced: nothing is stored then."""
    if conn.execute(SQL["put_submitted_report"], {"region_id": region_id, **asdict(report)}).rowcount == 0:
        return False
    with conn.cursor() as cursor:
        cursor.executemany(SQL["put_submitted_measure"], [{"region_id": region_id, **asdict(one)} for one in measures])
    return True


def reports(conn: Connection[Any], region_id: str, id_: UUID | None = None) -> list[Submitted]:
    with conn.cursor(row_factory=class_row(Submitted)) as cursor:
        return cursor.execute(SQL["submitted_reports"], {"region_id": region_id, "id": id_}).fetchall()


def measures(
    conn: Connection[Any],
    region_id: str,
    *,
    id_: UUID | None = None,
    report_id: UUID | None = None,
    indicator: str | None = None,
    first: date | None = None,
    last: date | None = None,
    organisations: Sequence[str] | None = None,
    count: int | None = None,
    offset: int = 0,
) -> list[Frozen]:
    """`organisations` None: whatever place. `count` None: all of them."""
    asked = {"id": id_, "report_id": report_id, "indicator": indicator, "first": first, "last": last}
    given = {"region_id": region_id, **asked, "organisations": organisations, "count": count, "offset": offset}
    with conn.cursor(row_factory=class_row(Frozen)) as cursor:
        return cursor.execute(SQL["submitted_measures"], given).fetchall()
