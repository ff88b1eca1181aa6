"""Load on the engine: processes with threads as a web process has them; a thread takes its cases from start to end, one
after the other, and times each step."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from engine.clock import system_clock
from engine.commands.contracts import Actor
from engine.engine import Engine
from engine.store.connections import open_pool
from fhir_adapters.projection import project
from runtime import memory
from runtime.benchmarks.workloads import WORKLOADS, Workload
from runtime.database.roles import as_application

REGION = "bench"
MIDWIFE = Actor(id="midwife-1", organisation="org-hospital", roles=("R-MIDW",))
WARM_UP_CASES = 3  # plans, prepared statements, compiled diagrams
START_LIMIT_S = 60.0


@dataclass
class Load:
    """What one thread did."""

    steps: int = 0
    cases: int = 0
    started_at: float = 0.0
    ended_at: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    with open_pool(as_application(url), max_size=1, timeout=30) as pool:
        yield Engine(pool, clock=system_clock, region_id=REGION, projection=project)


def run_case(engine: Engine, workload: Workload, chance: random.Random, load: Load) -> None:
    started = _timed(load, engine, workload.start(chance, UUID(int=chance.getrandbits(128))))
    open_tasks = _open_tasks(engine, started.instance_id)
    while open_tasks:
        done = _timed(load, engine, workload.complete(chance, open_tasks[0]))
        open_tasks = list(done.opened_user_task_ids)
    load.cases += 1


def _timed(load: Load, engine: Engine, command: Any) -> Any:
    began = time.perf_counter()
    answer = engine.execute(command, by=MIDWIFE)
    load.latencies_ms.append((time.perf_counter() - began) * 1000)
    load.steps += 1
    return answer


def _open_tasks(engine: Engine, instance_id: UUID) -> list[UUID]:
    with engine.pool.connection() as conn:
        query = "SELECT id FROM user_task WHERE region_id = %s AND instance_id = %s AND state = 'created'"
        return [row[0] for row in conn.execute(query, [REGION, instance_id]).fetchall()]


def work(url: str, name: str, seed: int, seconds: float, barrier: Any, results: Any) -> None:
    """The body of a load process: warm up, start together with the others, stop after `seconds`."""
    chance, workload = random.Random(seed), WORKLOADS[name]
    with engine_for(url) as engine:
        for _ in range(WARM_UP_CASES):
            run_case(engine, workload, chance, Load())
        memory.settle()  # as web processes and workers do
        barrier.wait()
        load = Load(started_at=time.time())
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            run_case(engine, workload, chance, load)
        load.ended_at = time.time()
    results.put(load)


def work_in_threads(url: str, name: str, seeds: range, seconds: float, barrier: Any, results: Any) -> None:
    """The body of a process with one thread per seed."""
    with ThreadPoolExecutor(len(seeds)) as threads:
        running = [threads.submit(work, url, name, seed, seconds, barrier, results) for seed in seeds]
    for thread in running:
        thread.result()


def run_processes(url: str, name: str, processes: int, threads: int, seconds: float) -> list[Load]:
    context = get_context("spawn")
    barrier, results = context.Barrier(processes * threads), context.Queue()
    shares = [range(first, first + threads) for first in range(0, processes * threads, threads)]
    started = [
        context.Process(target=work_in_threads, args=(url, name, seeds, seconds, barrier, results)) for seeds in shares
    ]
    for process in started:
        process.start()
    loads = [results.get(timeout=START_LIMIT_S + seconds * 3) for _ in range(processes * threads)]
    for process in started:
        process.join()
    return loads
