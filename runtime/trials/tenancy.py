"""S09: two regions on one database, each with its own engine. Whatever the application forgets to ask, no row of one
region is shown to the other, and none at all to whoever has not said for whom he acts."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import psycopg
from psycopg import Connection, sql

from engine.commands.contracts import CompleteUserTask, StartInstance
from engine.engine import Engine
from engine.store import reads
from engine.store.connections import ACT_FOR, open_pool
from runtime.database.catalogue import case_tables
from runtime.database.roles import as_application, faults_of_role
from runtime.database.security import tables_without_policy
from runtime.trials import diagrams as draw
from runtime.trials.engines import DRIVER, SetClock, deploy
from runtime.trials.verdict import at_least, none_of, verdict

REGIONS = ("north", "south")
TWO = draw.diagram(
    "two", draw.START + draw.user_task("first") + draw.user_task("second") + draw.END
    + draw.chain("start", "first", "second", "end"),
)  # fmt: skip


def run(url: str, *, n: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`n`: cases of both regions together, with one and the same business keys."""
    chance = Random(seed)
    with open_pool(as_application(url), max_size=2, timeout=30) as pool:
        engines = [Engine(pool, clock=SetClock(), region_id=region_id) for region_id in REGIONS]
        for engine in engines:
            deploy(engine, two=TWO)
        for number in range(n):
            _one_case(engines[number % len(engines)], str(number // len(engines)), chance)
    with psycopg.connect(as_application(url), autocommit=True) as conn:
        tables = [table.name for table in case_tables(conn)]
        figures = {
            "cases": n,
            "tables": len(tables),
            "seen_by_nobody": sum(_seen(conn, name, None) for name in tables),
            "seen_of_the_other": sum(_strangers(conn, name, region_id) for name in tables for region_id in REGIONS),
            "seen_of_ones_own": sum(_seen(conn, name, region_id) for name in tables for region_id in REGIONS),
            "tables_without_policy": len(tables_without_policy(conn)),
            "faults_of_the_role": len(faults_of_role(conn)),
        }
    say(f"{n} cases in {len(REGIONS)} regions, {len(tables)} tables")
    nothing = ("seen_by_nobody", "seen_of_the_other", "tables_without_policy", "faults_of_the_role")
    return verdict("S09", figures, {**none_of(*nothing), "seen_of_ones_own": at_least(n), "tables": at_least(20)})


def _one_case(engine: Engine, key: str, chance: Random) -> None:
    started = engine.execute(StartInstance(definition_key="two", business_key=key, variables={}), by=DRIVER)
    if chance.random() < 0.5:
        with engine.read() as conn:
            task = reads.open_tasks(conn, engine.region_id, started.instance_id)[0]
        engine.execute(CompleteUserTask(user_task_id=task.id, variables={}), by=DRIVER)


def _seen(conn: Connection[Any], table: str, region_id: str | None) -> int:
    return _count(conn, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)), region_id)


def _strangers(conn: Connection[Any], table: str, region_id: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE region_id <> {}")
    return _count(conn, query.format(sql.Identifier(table), sql.Literal(region_id)), region_id)


def _count(conn: Connection[Any], query: sql.Composed, region_id: str | None) -> int:
    with conn.transaction():
        if region_id is not None:
            conn.execute(ACT_FOR, {"region_id": region_id})
        row = conn.execute(query).fetchone()
    return int(row[0]) if row else 0
