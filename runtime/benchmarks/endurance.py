"""W10, the short form: cases run to their end while what has ended is archived and swept; sizes must stay flat.

A day at ten times the rate is `--seconds 86400` on a machine of its own; what grows does so within minutes too.
"""

from __future__ import annotations

import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg

from engine.clock import system_clock
from engine.commands.contracts import Deploy, SweepRegion
from engine.due import ENGINE
from engine.engine import Engine
from runtime.benchmarks.load import MIDWIFE, REGION, Load, work
from runtime.benchmarks.population import Progress
from runtime.benchmarks.servers import Bench, bare_engine, quantile
from runtime.benchmarks.workloads import W1
from runtime.retention import archive as archives
from runtime.retention.policies import set_policy

TABLES = ("instance", "user_task", "timer", "history", "incident")  # what leaves; the rest has ages of its own
ROUNDS = 12  # how often is looked and swept
GROWTH_LIMIT = 1.2  # bytes per case that passed, the second half against the first


def measure(bench: Bench, say: Progress) -> dict[str, Any]:
    url = bench.database()
    with bare_engine(url) as engine:
        engine.execute(Deploy(files=W1.files), by=MIDWIFE)
        with archives.place_of(url, REGION, system_clock(), "bench") as place:
            set_policy(place.conn, REGION, "single", 0, "of this bench", place.now, place.by)
        context = get_context("spawn")
        barrier, results = context.Barrier(bench.processes + 1), context.Queue()
        started = [
            context.Process(target=work, args=(url, W1.name, seed, bench.seconds, barrier, results))
            for seed in range(bench.processes)
        ]
        for process in started:
            process.start()
        barrier.wait()
        with tempfile.TemporaryDirectory(prefix="yuntu-") as folder:
            looks = [_round(engine, url, bench.seconds / ROUNDS, Path(folder), say) for _ in range(ROUNDS)]
        loads: list[Load] = [results.get(timeout=60 + bench.seconds) for _ in started]
        for process in started:
            process.join()
    latencies = sorted(ms for load in loads for ms in load.latencies_ms)
    half = ROUNDS // 2
    first, last = _bytes_per_case(looks[1:half]), _bytes_per_case(looks[half:])
    return {
        "name": "W10",
        "seconds": bench.seconds,
        "rate": round(sum(load.cases for load in loads) / bench.seconds, 1),
        "unit": "completed instances/s",
        "p50_ms": quantile(latencies, 0.50),
        "p95_ms": quantile(latencies, 0.95),
        "p99_ms": quantile(latencies, 0.99),
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {
            "growth": round(last / first, 3),
            "limits": {"growth": GROWTH_LIMIT},
            "archived": sum(look["swept"] for look in looks),
            "looks": looks,
            "tables": list(TABLES),
            "processes": bench.processes,
        },
    }


def _bytes_per_case(looks: list[dict[str, Any]]) -> float:
    """What stands between two sweeps follows how much work was done; more than that is growth."""
    return float(sum(look["bytes"] for look in looks) / max(sum(look["swept"] for look in looks), 1))


def _round(engine: Engine, url: str, seconds: float, folder: Path, say: Progress) -> dict[str, Any]:
    """Archive and sweep what has ended, wait for the rest of the round, look."""
    until = time.monotonic() + seconds
    with archives.place_of(url, REGION, system_clock(), "bench") as place:
        archives.archive(place, folder, lambda _: None)
        swept = sum(archives.sweep(place, folder, lambda _: None).values())
    engine.execute(SweepRegion(), by=ENGINE)
    time.sleep(max(until - time.monotonic(), 0))
    with psycopg.connect(url) as conn:
        query = (
            "SELECT sum(pg_total_relation_size(relid))::bigint, sum(n_dead_tup)::bigint, sum(n_live_tup)::bigint"
            " FROM pg_stat_user_tables WHERE relname = ANY(%s)"
        )
        size, dead, live = conn.execute(query, [list(TABLES)]).fetchone() or (0, 0, 0)
    say(f"{swept:,} swept, {size:,} bytes, {dead:,} dead rows")
    return {"swept": swept, "bytes": size, "dead_rows": dead, "live_rows": live}
