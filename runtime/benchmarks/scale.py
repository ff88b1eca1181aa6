"""What a step costs among a thousand live instances and among a million, and how many bytes each of them takes."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from engine.commands.contracts import Deploy
from engine.engine import Engine
from runtime.benchmarks import population
from runtime.benchmarks.load import MIDWIFE, REGION, START_LIMIT_S, Load
from runtime.benchmarks.population import LIVE, PAST, Pattern, Progress
from runtime.benchmarks.servers import Bench, bare_engine, quantile
from runtime.benchmarks.workloads import W3

FEW = 1_000
MANY = 1_000_000
PATTERNS = 50
MOST_STEPS_BEFORE = 6  # of a case that is multiplied: registered, and into its first contact
WARM_UP_S = 3.0
SLICE_S = 0.5  # a thousand cases are moved for so long, then a million, in turn
COST_LIMIT, LIVE_LIMIT, STEP_LIMIT = 1.2, 4096, 1536


def measure(bench: Bench, say: Progress) -> dict[str, Any]:
    few = _populated(bench, FEW, say)
    many = _populated(bench, max(int(MANY * bench.scale), FEW), say)
    small, large = _steps(few, many, bench, say)
    ratio = _mean(large) / _mean(small)
    latencies = sorted(latency for load in large for latency in load.latencies_ms)
    steps, seconds = sum(load.steps for load in large), bench.seconds
    figures = {
        "cost_ratio": round(ratio, 3),
        "step_ms_few": round(_mean(small), 3),
        "step_ms_many": round(_mean(large), 3),
        "instances_few": len(few.ids),
        "instances_many": len(many.ids),
        "bytes_per_live_instance": many.live_bytes,
        "bytes_per_table": many.live_tables,
        "history_bytes_per_step": many.step_bytes,
        "history_bytes_per_table": many.past_tables,
        "limits": {
            "cost_ratio": COST_LIMIT,
            "bytes_per_live_instance": LIVE_LIMIT,
            "history_bytes_per_step": STEP_LIMIT,
        },
        "projection": False,
        "processes": bench.processes,
    }
    return {
        "name": "scale",
        "seconds": seconds,
        "rate": None,
        "unit": "durable steps/s",
        "p50_ms": quantile(latencies, 0.50),
        "p95_ms": quantile(latencies, 0.95),
        "p99_ms": quantile(latencies, 0.99),
        "bytes_per_instance": many.live_bytes,
        "pgbench_rate": None,
        "ratio": None,
        "details": {**figures, "steps_per_s_many": round(steps / seconds, 1)},
    }


class _Populated:
    """A database with so many live instances of W3, and what they weigh."""

    def __init__(self, url: str, made: Sequence[Pattern], ids: Sequence[UUID]) -> None:
        self.url, self.made, self.ids = url, made, ids
        self.live_tables: dict[str, int] = {}
        self.past_tables: dict[str, int] = {}
        self.steps = sum(made[number % len(made)].steps for number in range(len(ids)))

    @property
    def live_bytes(self) -> int:
        return sum(self.live_tables.values())

    @property
    def step_bytes(self) -> int:
        return sum(self.past_tables.values())


def _populated(bench: Bench, count: int, say: Progress) -> _Populated:
    url = bench.database()
    made = _play(url)
    built = _Populated(url, made, population.new_ids(count, seed=count))
    before = population.sizes(url, [*LIVE])
    population.multiply(url, made, built.ids, "live", say)
    population.settle(url)
    lived = population.sizes(url, sorted({*LIVE, *PAST}))
    population.multiply(url, made, built.ids, "past", say)
    population.settle(url)
    passed = population.sizes(url, [*PAST])
    built.live_tables = {name: (lived[name] - before[name]) // count for name in LIVE if lived[name] > before[name]}
    built.past_tables = {name: (passed[name] - lived[name]) // built.steps for name in PAST}
    return built


def _play(url: str) -> list[Pattern]:
    """A few real cases, each stopped after some steps."""
    chance = random.Random(7)
    with bare_engine(url) as engine:
        engine.execute(Deploy(files=W3.files), by=MIDWIFE)
        ids = [_play_one(engine, chance, number % MOST_STEPS_BEFORE) for number in range(PATTERNS)]
    return population.patterns(url, ids)


def _play_one(engine: Engine, chance: random.Random, steps: int) -> UUID:
    started = engine.execute(W3.start(chance, UUID(int=chance.getrandbits(128))), by=MIDWIFE)
    with engine.pool.connection() as conn:
        query = "SELECT id FROM user_task WHERE region_id = %s AND instance_id = %s"
        ((task,),) = conn.execute(query, [REGION, started.instance_id]).fetchall()
    for _ in range(steps):
        task = engine.execute(W3.complete(chance, task), by=MIDWIFE).opened_user_task_ids[0]
    return UUID(str(started.instance_id))


def _steps(few: _Populated, many: _Populated, bench: Bench, say: Progress) -> tuple[list[Load], list[Load]]:
    """Random steps of random cases, `seconds` on each side; every process has cases of its own."""
    say(f"steps among {len(few.ids):,} and among {len(many.ids):,}")
    sides = [(side.url, _shares(side, bench)) for side in (few, many)]
    context = get_context("spawn")
    barrier, results = context.Barrier(bench.processes), context.Queue()
    started = [
        context.Process(
            target=work, args=([(url, shares[n]) for url, shares in sides], bench.seconds, barrier, results)
        )
        for n in range(bench.processes)
    ]
    for process in started:
        process.start()
    loads = [results.get(timeout=START_LIMIT_S + bench.seconds * 6) for _ in started]
    for process in started:
        process.join()
    return [small for small, _ in loads], [large for _, large in loads]


def _shares(populated: _Populated, bench: Bench) -> list[list[UUID]]:
    tasks = list(population.open_tasks(populated.made, populated.ids))
    random.Random(3).shuffle(tasks)
    enough = int((bench.seconds + WARM_UP_S) * 2000)  # more than one process can move
    return [tasks[n :: bench.processes][:enough] for n in range(bench.processes)]


def work(sides: Sequence[tuple[str, list[UUID]]], seconds: float, barrier: Any, results: Any) -> None:
    """The body of a load process: any case, one step, again; now on one side, now on the other, so that whatever else
    the machine does in this minute meets both."""
    chance = random.Random(len(sides[0][1]))
    (few_url, few_tasks), (many_url, many_tasks) = sides
    small, large = Load(), Load()
    with bare_engine(few_url) as few, bare_engine(many_url) as many:
        for engine, tasks in ((few, few_tasks), (many, many_tasks)):
            _move(engine, tasks, chance, Load(), min(WARM_UP_S, seconds))
        barrier.wait()
        for _ in range(round(seconds / SLICE_S)):
            _move(few, few_tasks, chance, small, SLICE_S)
            _move(many, many_tasks, chance, large, SLICE_S)
    results.put((small, large))


def _move(engine: Engine, tasks: list[UUID], chance: random.Random, load: Load, seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    while tasks and time.perf_counter() < deadline:
        at = chance.randrange(len(tasks))
        began = time.perf_counter()
        done = engine.execute(W3.complete(chance, tasks[at]), by=MIDWIFE)
        load.latencies_ms.append((time.perf_counter() - began) * 1000)
        load.steps += 1
        if done.opened_user_task_ids:
            tasks[at] = done.opened_user_task_ids[0]
        else:
            tasks[at] = tasks[-1]
            tasks.pop()


def _mean(loads: Sequence[Load]) -> float:
    latencies = [latency for load in loads for latency in load.latencies_ms]
    return sum(latencies) / len(latencies)
