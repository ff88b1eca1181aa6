"""Very many live instances in minutes: a few real ones are played, and their rows copied under new ids.

A copy can be moved like any other: the ids that follow from an instance's id are made as the engine makes them. Copies
are written in the order of their ids, so that the indexes grow at their right end.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql

from engine.commands.records import task_id
from runtime.benchmarks.load import REGION

LIVE = {  # table -> which of its rows a live instance needs
    "instance": "true",
    "user_task": "state IN ('created', 'claimed')",
    "timer": "true",
    "message_subscription": "true",
    "signal_subscription": "true",
    "job": "true",
}
PAST = {"history": "true", "outbox": "true", "user_task": "state NOT IN ('created', 'claimed')"}
BATCH = 10_000  # instances between two commits

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Pattern:
    """One played instance: its rows as text, the ids to be replaced, its open user task."""

    instance_id: UUID
    waits: tuple[int, ...]  # of its user tasks
    open_wait: int | None
    live: dict[str, bytes]
    past: dict[str, bytes]
    steps: int

    def ids(self, instance_id: UUID) -> list[bytes]:
        made = (instance_id, *(task_id(instance_id, wait) for wait in self.waits))
        return [str(id).encode() for id in made]


def new_ids(count: int, seed: int) -> list[UUID]:
    chance = random.Random(seed)
    return sorted(UUID(int=chance.getrandbits(128)) for _ in range(count))


def patterns(url: str, instances: Sequence[UUID]) -> list[Pattern]:
    with psycopg.connect(url) as conn:
        return [_pattern(conn, id) for id in instances]


def _pattern(conn: psycopg.Connection, instance_id: UUID) -> Pattern:
    tasks = conn.execute(
        "SELECT wait_id, state IN ('created', 'claimed') FROM user_task"
        " WHERE region_id = %s AND instance_id = %s ORDER BY wait_id",
        [REGION, instance_id],
    ).fetchall()
    row = conn.execute("SELECT revision FROM instance WHERE region_id = %s AND id = %s", [REGION, instance_id])
    (revision,) = row.fetchone() or (0,)
    return Pattern(
        instance_id=instance_id,
        waits=tuple(wait for wait, _ in tasks),
        open_wait=next((wait for wait, is_open in tasks if is_open), None),
        live={table: _rows(conn, table, which, instance_id) for table, which in LIVE.items()},
        past={table: _rows(conn, table, which, instance_id) for table, which in PAST.items()},
        steps=revision,
    )


def _rows(conn: psycopg.Connection, table: str, which: str, instance_id: UUID) -> bytes:
    key = "id" if table == "instance" else "instance_id"
    query = sql.SQL("COPY (SELECT * FROM {} WHERE region_id = {} AND {} = {} AND ").format(
        sql.Identifier(table), sql.Literal(REGION), sql.Identifier(key), sql.Literal(instance_id)
    )
    with conn.cursor().copy(query + sql.SQL(which) + sql.SQL(") TO STDOUT")) as copy:  # type: ignore[arg-type]
        return b"".join(bytes(part) for part in copy)


def multiply(url: str, made: Sequence[Pattern], ids: Sequence[UUID], part: str, say: Progress) -> None:
    """Write the `live` or the `past` rows of a copy for each id; the patterns take turns."""
    tables = [table for table in (LIVE if part == "live" else PAST) if any(getattr(p, part)[table] for p in made)]
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")  # of the preparation; what is measured commits as ever
        for first in range(0, len(ids), BATCH):
            batch = ids[first : first + BATCH]
            texts = {table: bytearray() for table in tables}
            for number, id in enumerate(batch, start=first):
                _append(texts, made[number % len(made)], id, part)
            with conn.transaction(), conn.cursor() as cursor:
                for table, text in texts.items():
                    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                        copy.write(text)
            say(f"{part} {min(first + BATCH, len(ids)):,} / {len(ids):,}")


def _append(texts: dict[str, bytearray], pattern: Pattern, id: UUID, part: str) -> None:
    pairs = list(zip(pattern.ids(pattern.instance_id), pattern.ids(id)))
    for table, text in texts.items():
        rows = getattr(pattern, part)[table]
        for old, new in pairs:
            rows = rows.replace(old, new)
        text += rows


def open_tasks(made: Sequence[Pattern], ids: Sequence[UUID]) -> Iterator[UUID]:
    """The open user task of each copy that has one."""
    for number, id in enumerate(ids):
        wait = made[number % len(made)].open_wait
        if wait is not None:
            yield task_id(id, wait)


def settle(url: str) -> None:
    """Statistics and a checkpoint, as after a quiet night."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
        conn.execute("CHECKPOINT")


def sizes(url: str, tables: Sequence[str]) -> dict[str, int]:
    """Bytes of each table with its indexes."""
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            "SELECT name, pg_total_relation_size(name::regclass) FROM unnest(%s::text[]) AS name", [list(tables)]
        ).fetchall()
    return dict(rows)
