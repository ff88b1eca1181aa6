"""How long ended instances stay in the database, by process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from engine.errors import NotFound
from engine.store.sql import load

SQL = load(__file__)

# [default] two years: a county's statistics look back one, and compare it with the one before
DEFAULT_DAYS = 730
# An outpatient record is kept at least 15 years, an inpatient record at least 30, and the longer one counts:
# 医疗机构管理条例实施细则 (Implementing Rules of the Regulation on Medical Institutions), art. 53.
ARCHIVE_YEARS = 30
DEFAULT_MARK, SET_MARK = "[default]", "[set]"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """`due`: ended instances that may be archived now; `archived`: in a file, still in the database too."""

    definition_key: str
    keep_days: int
    mark: str  # where the number comes from
    reason: str
    ended: int
    due: int
    archived: int


def policies(conn: Connection[Any], region_id: str, now: datetime) -> list[Policy]:
    given = {"region_id": region_id, "now": now, "default_days": DEFAULT_DAYS}
    return [
        Policy(
            definition_key=key,
            keep_days=DEFAULT_DAYS if days is None else days,
            mark=DEFAULT_MARK if days is None else SET_MARK,
            reason="two years after the end / 结束后两年" if days is None else reason,
            ended=ended,
            due=due,
            archived=archived,
        )
        for key, days, reason, _, _, ended, due, archived in conn.execute(SQL["read_policies"], given).fetchall()
    ]


def set_policy(
    conn: Connection[Any], region_id: str, definition_key: str, keep_days: int, reason: str, now: datetime, by: str
) -> None:
    """`reason`: the sentence, of a law or of the county, that says so. Raises NotFound for a process nobody knows."""
    if conn.execute(SQL["find_process"], {"definition_key": definition_key}).fetchone() is None:
        raise NotFound(f"没有流程“{definition_key}”", f"no process {definition_key}")
    given = {"region_id": region_id, "definition_key": definition_key, "keep_days": keep_days, "reason": reason}
    conn.execute(SQL["set_policy"], {**given, "now": now, "by": by})
