"""`yuntu bench`: workloads of the engine, with the same statements through `pgbench` beside."""

from __future__ import annotations

import importlib
from typing import Any

import click

from engine.commands.contracts import Deploy
from runtime import interpreter
from runtime.benchmarks import fhir, fhir_export, fhir_ingest, fhir_notify, http_load, shapes, soundness
from runtime.benchmarks.load import MIDWIFE, engine_for, run_processes
from runtime.benchmarks.replay import replay_workload
from runtime.benchmarks.report import report
from runtime.benchmarks.servers import Bench, bench_on
from runtime.benchmarks.workloads import WORKLOADS, Workload
from runtime.commands.dmn import bench_feel
from runtime.commands.output import show

HTTP = "http-complete"
OWN_DATABASES = {  # name -> function that makes its databases itself
    "scale": "runtime.benchmarks.scale:measure",
    "W5": "runtime.benchmarks.timers:measure",
    "W6": "runtime.benchmarks.messages:measure",
    "W7": "runtime.benchmarks.timers:measure_return",
    "W9": "runtime.benchmarks.migration:measure",
    "W10": "runtime.benchmarks.endurance:measure",
}
HTTP_CONNECTIONS = 4
OWN_SERVERS = {  # seconds, scale, say
    **fhir.BENCHES,
    "fhir-export": fhir_export.measure,
    "fhir-ingest": fhir_ingest.measure,
    "fhir-notify": fhir_notify.measure,
}


@click.command("bench")
@click.argument(
    "name", type=click.Choice([*sorted([*WORKLOADS, *OWN_DATABASES, *OWN_SERVERS]), HTTP, "feel", "soundness"])
)
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64), help="of each process, W1 and W3")
@click.option("--seconds", default=15.0, show_default=True, type=click.FloatRange(1, 3600))
@click.option(
    "--scale", default=1.0, show_default=True, type=click.FloatRange(0.0001, 10), help="share of the real sizes"
)
@click.option("--database-url", help="a server to measure on, instead of a throw-away one")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def group(
    name: str, processes: int, threads: int, seconds: float, scale: float, database_url: str | None, as_json: bool
) -> None:
    """测量引擎 / Durable steps per second, and what pgbench reaches with the same statements."""
    if name == "feel":  # needs no database
        result = bench_feel()
    elif name == "soundness":  # nor does this
        result = soundness.measure()
    elif name == HTTP:  # brings its own server
        result = http_load.measure(HTTP_CONNECTIONS, seconds)
    elif name in OWN_SERVERS:
        result = OWN_SERVERS[name](seconds, scale, _say)
    else:
        with bench_on(database_url, seconds=seconds, processes=processes, threads=threads, scale=scale) as bench:
            result = _measure(name, bench)
    result.setdefault("details", {})["python"] = interpreter.described()
    show(result, as_json, lambda: "\n".join(f"{key}: {value}" for key, value in result.items()))


def _measure(name: str, bench: Bench) -> dict[str, Any]:
    if name in OWN_DATABASES:
        module, _, function = OWN_DATABASES[name].partition(":")
        result: dict[str, Any] = getattr(importlib.import_module(module), function)(bench, _say)
        return result
    result = measure(bench, bench.database(), WORKLOADS[name])
    if name == "W1":
        result["details"] |= shapes.measure(bench.database(), max(int(shapes.ROUNDS * bench.scale), 20))
    return result


def _say(text: str) -> None:
    click.echo(text, err=True)


def measure(bench: Bench, url: str, workload: Workload) -> dict[str, Any]:
    """The workload, then its statements through pgbench, on one server in one minute."""
    with engine_for(url) as engine:
        engine.execute(Deploy(files=workload.files), by=MIDWIFE)
    loads = run_processes(url, workload.name, bench.processes, bench.threads, bench.seconds)
    replayed = replay_workload(bench.admin_url, url, workload, bench.processes * bench.threads)
    unit = "completed instances/s" if workload.counts_cases else "durable steps/s"
    details = {"idempotency": False, "processes": bench.processes, "threads": bench.threads}
    return report(workload.name, unit, loads, replayed, url, counts_cases=workload.counts_cases, **details)
