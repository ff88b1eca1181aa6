"""Figures in the shape that the contract names."""

from __future__ import annotations

import os
from typing import Any

import psycopg

from runtime.benchmarks.load import Load
from runtime.benchmarks.replay import Replayed


def report(
    name: str, unit: str, loads: list[Load], replayed: Replayed, url: str, *, counts_cases: bool = False, **details: Any
) -> dict[str, Any]:
    """The ratio compares steps with steps, also where whole cases are the rate."""
    seconds = max(load.ended_at for load in loads) - min(load.started_at for load in loads)
    latencies = sorted(latency for load in loads for latency in load.latencies_ms)
    steps, cases = sum(load.steps for load in loads), sum(load.cases for load in loads)
    return {
        "name": name,
        "seconds": round(seconds, 2),
        "rate": round((cases if counts_cases else steps) / seconds, 1),
        "unit": unit,
        "p50_ms": _quantile(latencies, 0.50),
        "p95_ms": _quantile(latencies, 0.95),
        "p99_ms": _quantile(latencies, 0.99),
        "bytes_per_instance": replayed.largest_state,
        "pgbench_rate": round(replayed.rate, 1),
        "ratio": round(steps / seconds / replayed.rate, 3),
        "details": {
            "steps": steps,
            "steps_per_s": round(steps / seconds, 1),
            "completed_instances": cases,
            "connections": len(loads),
            "cores": os.cpu_count(),
            "history": True,
            "timers": True,
            "projection": True,
            "where": "load, engine and database on this machine",
            "largest_state": replayed.largest_state,
            "mean_state": replayed.mean_state,
            "pgbench_steps": replayed.steps,
            "pgbench_latency_ms": replayed.latency_ms,
            **_durability(url),
            **details,
        },
    }


def _quantile(ordered: list[float], share: float) -> float:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2)


def _durability(url: str) -> dict[str, str]:
    """Whether the server really waits for its disk."""
    names = ("fsync", "synchronous_commit", "server_version")
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT current_setting(unnest(%s::text[]))", [list(names)]).fetchall()
    return {name: value for name, (value,) in zip(names, row)}
