"""W9: a hundred thousand instances with running timers go over to a new version while users work at full speed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psycopg

from engine.clock import system_clock
from engine.commands.contracts import ControlBatch, CreateBatch, Deploy
from engine.operations import batches
from engine.operations.batches import Batch, BatchRunner
from engine.worker import Worker
from runtime.benchmarks import population
from runtime.benchmarks.load import MIDWIFE, REGION, START_LIMIT_S, Load, engine_for, work
from runtime.benchmarks.population import Progress
from runtime.benchmarks.servers import Bench, bare_engine, quantile
from runtime.benchmarks.timers import REMINDER, fill
from runtime.benchmarks.workloads import W3

INSTANCES = 100_000
RATE_LIMIT, SHARE_LIMIT = 150, 0.5
RENAMED = REMINDER.replace(b"task_visit", b"task_review")
RATE = 250.0  # what the operator asks for: enough for the limit, and two thirds of the machine for the users
LOOK_EVERY_S = 1.0
LONGEST_S = 3600.0


def measure(bench: Bench, say: Progress) -> dict[str, Any]:
    """W3 alone, then W3 beside the batch; then the rest of the batch without anybody, and whether a timer moved."""
    url, count = bench.database(), max(int(INSTANCES * bench.scale), 50)
    with bare_engine(url) as engine:
        engine.execute(Deploy(files={"reminder.bpmn": REMINDER, **W3.files}), by=MIDWIFE)
    fill(url, count, system_clock(), 9, say)
    before = _timers(url)
    population.settle(url)
    alone = _load(url, bench, 0)
    batch_id = _create(url)
    with _worker(url):
        beside = _load(url, bench, bench.processes)
        migrated = _migrated(url, batch_id, beside)
        finished = _drain(url, batch_id, say)
    share = _rate(beside) / _rate(alone)
    latencies = sorted(latency for load in beside for latency in load.latencies_ms)
    return {
        "name": "W9",
        "seconds": bench.seconds,
        "rate": round(migrated / _seconds(beside), 1),
        "unit": "migrated instances/s",
        "p50_ms": quantile(latencies, 0.50),
        "p95_ms": quantile(latencies, 0.95),
        "p99_ms": quantile(latencies, 0.99),
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {
            "instances": count,
            "migrated_beside_load": migrated,
            "migrated": finished.done,
            "failed": finished.failed,
            "timers_kept": _timers(url) == before,
            "foreground_steps_per_s_alone": round(_rate(alone), 1),
            "foreground_steps_per_s_beside": round(_rate(beside), 1),
            "foreground_share": round(share, 3),
            "processes": bench.processes,
            "worker_processes": 1,
            "rate_asked": RATE,
            "projection": True,
            "limits": {"migrated_per_s": RATE_LIMIT, "foreground_share": SHARE_LIMIT},
        },
    }


def _load(url: str, bench: Bench, first_seed: int) -> list[Load]:
    """Cases of its own, other than those of the round before."""
    context = get_context("spawn")
    barrier, results = context.Barrier(bench.processes), context.Queue()
    seeds = range(first_seed, first_seed + bench.processes)
    started = [
        context.Process(target=work, args=(url, W3.name, seed, bench.seconds, barrier, results)) for seed in seeds
    ]
    for process in started:
        process.start()
    loads = [results.get(timeout=START_LIMIT_S + bench.seconds * 3) for _ in started]
    for process in started:
        process.join()
    return loads


def _create(url: str) -> UUID:
    with bare_engine(url) as engine:
        engine.execute(Deploy(files={"reminder.bpmn": RENAMED}), by=MIDWIFE)
        asked = CreateBatch(
            operation="migrate",
            query={"definition_key": "reminder", "version": 1},
            parameters={"mapping": {"task_visit": "task_review"}},
            rate=RATE,
        )
        return UUID(str(engine.execute(asked, by=MIDWIFE)))


@contextmanager
def _worker(url: str) -> Iterator[None]:
    process = get_context("spawn").Process(target=serve, args=(url,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def serve(url: str) -> None:
    """The body of the worker process."""
    with engine_for(url) as engine:
        Worker(engine, batches=BatchRunner(engine)).run()


def _drain(url: str, batch_id: UUID, say: Progress) -> Batch:
    """Nobody works any more: as fast as it goes."""
    deadline = time.monotonic() + LONGEST_S
    with bare_engine(url) as engine:
        if _batch(engine, batch_id).state == "running":
            engine.execute(ControlBatch(batch_id=batch_id, action="rate", rate=10_000), by=MIDWIFE)
        while (found := _batch(engine, batch_id)).state == "running" and time.monotonic() < deadline:
            say(f"migrated {found.done:,}")
            time.sleep(LOOK_EVERY_S)
    return found


def _batch(engine: Any, batch_id: UUID) -> Batch:
    with engine.read() as conn:
        found = batches.batch(conn, REGION, batch_id)
    assert found is not None
    return found


def _migrated(url: str, batch_id: UUID, loads: list[Load]) -> int:
    """While all load processes were at work."""
    span = [datetime.fromtimestamp(moment, UTC) for moment in _span(loads)]
    with psycopg.connect(url) as conn:
        query = "SELECT count(*) FROM batch_item WHERE batch_id = %s AND state = 'done' AND at BETWEEN %s AND %s"
        row = conn.execute(query, [batch_id, *span]).fetchone()
    return int(row[0]) if row else 0


def _timers(url: str) -> Any:
    """How many, and when they are due, of the instances that are migrated."""
    with psycopg.connect(url) as conn:
        query = "SELECT count(*), sum(extract(epoch FROM due_at)) FROM timer WHERE element_id = 'late'"
        return conn.execute(query).fetchone()


def _span(loads: list[Load]) -> tuple[float, float]:
    return max(load.started_at for load in loads), min(load.ended_at for load in loads)


def _seconds(loads: list[Load]) -> float:
    began, ended = _span(loads)
    return ended - began


def _rate(loads: list[Load]) -> float:
    return sum(load.steps / (load.ended_at - load.started_at) for load in loads)
