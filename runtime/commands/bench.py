"""`yuntu bench`: workloads of the engine, with the same statements through `pgbench` beside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import click
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.commands.contracts import Deploy
from runtime.benchmarks.load import MIDWIFE, Load, engine_for, run_processes
from runtime.benchmarks.replay import Replayed, replay
from runtime.benchmarks.workloads import WORKLOADS, Workload
from runtime.commands.dmn import bench_feel
from runtime.commands.output import show
from runtime.database import embedded, migrate


@click.command("bench")
@click.argument("name", type=click.Choice(sorted((*WORKLOADS, "feel"))))
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--seconds", default=15.0, show_default=True, type=click.FloatRange(1, 3600))
@click.option("--database-url", help="a server to measure on, instead of a throw-away one")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def group(name: str, processes: int, seconds: float, database_url: str | None, as_json: bool) -> None:
    """测量引擎 / Durable steps per second, and what pgbench reaches with the same statements."""
    if name == "feel":  # needs no database
        result = bench_feel()
    else:
        with _database(database_url) as (admin_url, url):
            result = measure(admin_url, url, WORKLOADS[name], processes, seconds)
    show(result, as_json, lambda: "\n".join(f"{key}: {value}" for key, value in result.items()))


@contextmanager
def _database(database_url: str | None) -> Iterator[tuple[str, str]]:
    """An address for administration, and a new migrated database."""
    if database_url is None:
        with embedded.throw_away() as admin_url:
            yield admin_url, _migrated(admin_url)
        return
    url = _migrated(database_url)
    yield database_url, url
    with psycopg.connect(database_url, autocommit=True) as admin:
        name = sql.Identifier(url.rpartition("dbname=")[2].split()[0])
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _migrated(admin_url: str) -> str:
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_conninfo(admin_url, dbname=name)
    migrate.migrate(url)
    return url


def measure(admin_url: str, url: str, workload: Workload, processes: int, seconds: float) -> dict[str, Any]:
    """The workload, then its statements through pgbench, on one server in one minute."""
    with engine_for(url) as engine:
        engine.execute(Deploy(files=workload.files), by=MIDWIFE)
    loads = run_processes(url, workload.name, processes, seconds)
    replayed = replay(admin_url, url, workload, processes)
    return report(workload, loads, replayed, _sizes(url))


def report(workload: Workload, loads: list[Load], replayed: Replayed, sizes: dict[str, Any]) -> dict[str, Any]:
    """The shape of the contract. The ratio compares steps with steps, also where whole cases are the rate."""
    seconds = max(load.ended_at for load in loads) - min(load.started_at for load in loads)
    latencies = sorted(latency for load in loads for latency in load.latencies_ms)
    steps, cases = sum(load.steps for load in loads), sum(load.cases for load in loads)
    return {
        "name": workload.name,
        "seconds": round(seconds, 2),
        "rate": round((cases if workload.counts_cases else steps) / seconds, 1),
        "unit": "completed instances/s" if workload.counts_cases else "durable steps/s",
        "p50_ms": _quantile(latencies, 0.50),
        "p95_ms": _quantile(latencies, 0.95),
        "p99_ms": _quantile(latencies, 0.99),
        "bytes_per_instance": sizes["largest_state"],
        "pgbench_rate": round(replayed.rate, 1),
        "ratio": round(steps / seconds / replayed.rate, 3),
        "details": {
            "steps": steps,
            "steps_per_s": round(steps / seconds, 1),
            "completed_instances": cases,
            "processes": len(loads),
            "connections": len(loads),
            "cores": os.cpu_count(),
            "history": True,
            "timers": True,
            "projection": True,
            "idempotency": False,
            "where": "load, engine and database on this machine",
            "pgbench_steps": replayed.steps,
            "pgbench_latency_ms": replayed.latency_ms,
            **sizes,
        },
    }


def _quantile(ordered: list[float], share: float) -> float:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2)


def _sizes(url: str) -> dict[str, Any]:
    """Bytes as stored, and whether the server really waits for its disk."""
    with psycopg.connect(url) as conn:
        row = conn.execute("""
            SELECT max(octet_length(state)), round(avg(octet_length(state))), max(octet_length(variables::text)),
                   current_setting('fsync'), current_setting('synchronous_commit'), current_setting('server_version')
              FROM instance
        """).fetchone()
    assert row is not None
    return {
        "largest_state": row[0],
        "mean_state": int(row[1]),
        "largest_variables": row[2],
        "fsync": row[3],
        "synchronous_commit": row[4],
        "server_version": row[5],
    }
