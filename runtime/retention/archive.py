"""Writing archives, deleting what they hold, and putting it back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from engine.errors import NotFound
from engine.store.connections import configure
from runtime.database.migrate import owner_connection
from runtime.retention import files
from runtime.retention.policies import ARCHIVE_YEARS, DEFAULT_DAYS, SQL

PER_FILE = 10_000  # instances
PAGE = 200  # instances read, or deleted, at a time: a transaction of some ten milliseconds
PAUSE_S = 0.02  # between two of them: people at work go first
BESIDE = ("user_task_comment", "user_task_attachment", "user_task_handover")
TABLES = ("instance", "user_task", "history", "incident", *BESIDE)  # as they are put back
Say = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Which region, when, by whom. `conn` is the owner's, and in no transaction: an archive sees one moment of all
    tables, a sweep gives its room back, and neither can be said inside of a transaction that has begun."""

    conn: Connection[Any]
    region_id: str
    now: datetime
    by: str

    def run(self, statement: str, **given: Any) -> Any:
        return self.conn.execute(SQL[statement], {"region_id": self.region_id, "now": self.now, **given})


@contextmanager
def place_of(url: str, region_id: str, now: datetime, by: str) -> Iterator[Place]:
    """`url`: of the role that owns the tables. Raises Forbidden for one that policies apply to."""
    with owner_connection(url) as conn:
        configure(conn)
        yield Place(conn, region_id, now, by)


def archive(place: Place, folder: Path, say: Say) -> list[str]:
    """Write the past of instances whose time has come; deletes nothing. Answers the new files' names."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = []
    while ids := _due(place):
        names.append(_write(place, folder, ids))
        say(f"{names[-1]}: {len(ids):,}")
    return names


def _due(place: Place) -> list[UUID]:
    found = place.run("find_past_instances", default_days=DEFAULT_DAYS, limit=PER_FILE)
    return [row[0] for row in found.fetchall()]


def _write(place: Place, folder: Path, ids: list[UUID]) -> str:
    archive_id = uuid4()
    name = f"{place.region_id}-{place.now:%Y%m%d}-{archive_id}.jsonl.gz"
    keep_until = _years_after(place.now.date(), ARCHIVE_YEARS)
    header = {"region_id": place.region_id, "archive_id": str(archive_id), "keep_until": keep_until.isoformat()}
    with place.conn.transaction():
        place.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        written = files.write(folder / name, {**header, "written_at": place.now.isoformat()}, _texts(place, ids))
        counted = {"instances": written.instances, "row_count": written.rows, "sha256": written.sha256}
        place.run("insert_archive", id=archive_id, file=name, keep_until=keep_until, by=place.by, **counted)
        place.run("insert_archived_instances", archive_id=archive_id, ids=ids)
    return name


def _texts(place: Place, ids: list[UUID]) -> Iterator[str]:
    for first in range(0, len(ids), PAGE):
        for (text,) in place.run("read_past_instances", ids=ids[first : first + PAGE]).fetchall():
            yield text


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + years, month=3, day=1)


def sweep(place: Place, folder: Path, say: Say, *, dry_run: bool = False) -> dict[str, int]:
    """Delete from the database what stands in files of this folder, a few instances at a time. A file that is missing
    or damaged stops it before anything of that file is deleted. Raises Incorrect."""
    swept: dict[str, int] = {}
    for archive_id, file, sha256, *_, unswept in place.run("read_archives").fetchall():
        if unswept:
            files.require_whole(folder / file, sha256)
            swept[file] = unswept if dry_run else _sweep_file(place, archive_id, say)
    if any(swept.values()) and not dry_run:
        place.run("vacuum")
    return swept


def _sweep_file(place: Place, archive_id: UUID, say: Say) -> int:
    count = 0
    while True:
        with place.conn.transaction():
            ids = [row[0] for row in place.run("lock_unswept", archive_id=archive_id, limit=PAGE).fetchall()]
            for table in reversed(TABLES):
                place.run(f"delete_{table}", ids=ids)
            place.run("mark_swept", ids=ids)
        count += len(ids)
        if not ids:
            return count
        say(f"swept {count:,}")
        time.sleep(PAUSE_S)


def restore(place: Place, folder: Path, instance_id: UUID, *, dry_run: bool = False) -> bool:
    """Put an instance back from its archive. False: its rows had never gone. The next archive takes it again, because
    its time is over. Raises NotFound, Incorrect."""
    row = place.run("find_archive_of", instance_id=instance_id).fetchone()
    if row is None:
        raise NotFound("没有归档该实例", "no archive holds this instance")
    _, file, sha256, swept_at = row
    files.require_whole(folder / file, sha256)
    document = files.document_of(folder / file, instance_id)
    if dry_run:
        return swept_at is not None
    with place.conn.transaction():
        place.run("forget_archived", instance_id=instance_id)
        if swept_at is not None:
            for table in TABLES:
                given = document.get(table)  # an archive of an earlier release knows fewer tables
                _insert(place.conn, table, [given] if isinstance(given, dict) else given or [])
    return swept_at is not None


def _insert(conn: Connection[Any], table: str, found: list[dict[str, Any]]) -> None:
    """By the names that the file knows: columns that later releases added get their default."""
    if not found:
        return
    columns = sql.SQL(", ").join(map(sql.Identifier, found[0]))
    name = sql.Identifier(table)
    query = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM jsonb_populate_recordset(NULL::{}, {})")
    conn.execute(query.format(name, columns, columns, name, sql.Literal(Jsonb(found))))
