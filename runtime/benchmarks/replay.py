"""The same statements without the engine: steps are recorded once, then `pgbench` sends them again.

They are replayed on a copy of the database as it was before, through prepared statements, in the same two round trips.
What is left out is what costs Python. The recorded parameters stand in a table beside, read by number.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import Jsonb

from engine.commands.records import Statement
from engine.store.connections import configure
from engine.store.sql import load
from engine.store.transaction import Tx
from fhir_adapters.store.resources import SQL as FHIR_SQL
from runtime.benchmarks.load import MIDWIFE, REGION, engine_for
from runtime.benchmarks.workloads import Workload
from runtime.database.embedded import program
from runtime.database.roles import APPLICATION, as_application

SCRIPT = Path(__file__).parent / "sql" / "step.pgbench"
OURS = load(__file__)
CASES = 25  # per client: 1,300 steps, a few seconds
NO_RESOURCES = {
    "source": "engine",
    "engine_owned": True,
    "resources": Jsonb([]),
}  # a step that projects nothing still makes the call


@dataclass(frozen=True)
class Replayed:
    rate: float
    latency_ms: float
    steps: int
    largest_state: int  # bytes, after any step
    mean_state: int


@dataclass
class Recorder:
    """What the steps of one engine send, in order."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[None]:
        send, project = Tx.send, Tx.project

        def listen(tx: Tx, statement: str, /, **params: Any) -> Any:
            if statement == "lock_for_user_task":
                self.steps.append({**NO_RESOURCES, **params})
            elif statement == "save_step":
                self.steps[-1] |= {"region_id": tx.region_id, **params}
            return send(tx, statement, **params)

        def listen_to_projection(tx: Tx, statement: Statement) -> None:
            if statement.sql == FHIR_SQL["save_resources"]:
                self.steps[-1] |= statement.params
            project(tx, statement)

        Tx.send, Tx.project = listen, listen_to_projection  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            Tx.send, Tx.project = send, project  # type: ignore[method-assign]


def replay(admin_url: str, url: str, region_id: str, plays: Sequence[Callable[[str], None]]) -> Replayed:
    """Play each client's part once on a copy of the database at `url` and record it; send the recorded statements on
    another copy, and time that. Nobody else may be connected to the database."""
    with _copy(admin_url, url) as recorded_on, _copy(admin_url, url) as replayed_on:
        recorded = [_record(recorded_on, play) for play in plays]
        _load(replayed_on, recorded)
        return _time(replayed_on, region_id, recorded)


def replay_workload(admin_url: str, url: str, workload: Workload, clients: int, cases: int = CASES) -> Replayed:
    chance = random.Random(4711)
    starts = [[_start(url, workload, chance) for _ in range(cases)] for _ in range(clients)]
    return replay(admin_url, url, REGION, [partial(_play, workload, tasks, chance) for tasks in starts])


@contextmanager
def _copy(admin_url: str, url: str) -> Iterator[str]:
    name, original = f"copy_{uuid4().hex[:12]}", str(conninfo_to_dict(url)["dbname"])
    with psycopg.connect(admin_url, autocommit=True) as admin:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(create.format(sql.Identifier(name), sql.Identifier(original)))
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _start(url: str, workload: Workload, chance: random.Random) -> UUID:
    """A new case; its first user task."""
    with engine_for(url) as engine:
        started = engine.execute(workload.start(chance, UUID(int=chance.getrandbits(128))), by=MIDWIFE)
        with engine.pool.connection() as conn:
            row = conn.execute("SELECT id FROM user_task WHERE instance_id = %s", [started.instance_id]).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def _play(workload: Workload, tasks: list[UUID], chance: random.Random, url: str) -> None:
    with engine_for(url) as engine:
        for task in tasks:
            open_tasks = [task]
            while open_tasks:
                done = engine.execute(workload.complete(chance, open_tasks[0]), by=MIDWIFE)
                open_tasks = list(done.opened_user_task_ids)


def _record(url: str, play: Callable[[str], None]) -> list[dict[str, Any]]:
    recorder = Recorder()
    with recorder.listening():
        play(url)
    return recorder.steps


def _load(url: str, recorded: list[list[dict[str, Any]]]) -> None:
    with psycopg.connect(url) as conn:
        configure(conn)
        with conn.transaction(), conn.cursor() as cursor:
            cursor.execute(OURS["create_replay_step"])
            for client, steps in enumerate(recorded):
                rows = ({"client": client, "step": n, **step} for n, step in enumerate(steps, start=1))
                cursor.executemany(OURS["insert_replay_step"], rows)
        conn.execute(sql.SQL("GRANT SELECT ON replay_step TO {}").format(sql.Identifier(APPLICATION)))
        conn.execute("VACUUM ANALYZE replay_step")
        conn.execute("CHECKPOINT")


def _time(url: str, region_id: str, recorded: list[list[dict[str, Any]]]) -> Replayed:
    clients, steps = len(recorded), min(map(len, recorded))
    command = [program("pgbench"), "-n", "-M", "prepared", "-c", clients, "-j", clients, "-t", steps, "-D", "step=0"]
    command += ["-D", f"region={region_id}"]
    done = subprocess.run(
        [*map(str, command), "-f", str(SCRIPT), as_application(url)], check=True, capture_output=True, text=True
    )
    rate, latency = (re.search(pattern, done.stdout) for pattern in (r"tps = ([\d.]+)", r"latency average = ([\d.]+)"))
    if rate is None or latency is None or f"{clients * steps}/{clients * steps}" not in done.stdout:
        raise RuntimeError(f"pgbench: {done.stdout} {done.stderr}")
    return Replayed(
        rate=float(rate[1]),
        latency_ms=float(latency[1]),
        steps=clients * steps,
        largest_state=max(len(step["state"]) for part in recorded for step in part),
        mean_state=sum(len(step["state"]) for part in recorded for step in part) // sum(map(len, recorded)),
    )
