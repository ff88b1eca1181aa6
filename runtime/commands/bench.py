"""`yuntu bench`: workloads of the engine, with the same statements through `pgbench` beside."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import click
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.commands.contracts import Deploy
from runtime.benchmarks import http_load, soundness
from runtime.benchmarks.load import MIDWIFE, engine_for, run_processes
from runtime.benchmarks.replay import replay_workload
from runtime.benchmarks.report import report
from runtime.benchmarks.servers import bench_on
from runtime.benchmarks.workloads import WORKLOADS, Workload
from runtime.commands.dmn import bench_feel
from runtime.commands.output import show
from runtime.database import embedded, migrate

HTTP = "http-complete"
OWN_DATABASES = {  # name -> module whose `measure` makes its databases itself
    "scale": "runtime.benchmarks.scale",
    "W5": "runtime.benchmarks.timers",
}
HTTP_CONNECTIONS = 4


@click.command("bench")
@click.argument("name", type=click.Choice([*sorted([*WORKLOADS, *OWN_DATABASES]), HTTP, "feel", "soundness"]))
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--seconds", default=15.0, show_default=True, type=click.FloatRange(1, 3600))
@click.option(
    "--scale", default=1.0, show_default=True, type=click.FloatRange(0.0001, 10), help="share of the real sizes"
)
@click.option("--database-url", help="a server to measure on, instead of a throw-away one")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def group(name: str, processes: int, seconds: float, scale: float, database_url: str | None, as_json: bool) -> None:
    """测量引擎 / Durable steps per second, and what pgbench reaches with the same statements."""
    if name == "feel":  # needs no database
        result = bench_feel()
    elif name == "soundness":  # nor does this
        result = soundness.measure()
    elif name == HTTP:  # brings its own server
        result = http_load.measure(HTTP_CONNECTIONS, seconds)
    elif name in OWN_DATABASES:
        with bench_on(database_url, seconds=seconds, processes=processes, scale=scale) as bench:
            result = importlib.import_module(OWN_DATABASES[name]).measure(bench, _say)
    else:
        with _database(database_url) as (admin_url, url):
            result = measure(admin_url, url, WORKLOADS[name], processes, seconds)
    show(result, as_json, lambda: "\n".join(f"{key}: {value}" for key, value in result.items()))


def _say(text: str) -> None:
    click.echo(text, err=True)


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
    replayed = replay_workload(admin_url, url, workload, processes)
    unit = "completed instances/s" if workload.counts_cases else "durable steps/s"
    details = {"idempotency": False, "processes": processes}
    return report(workload.name, unit, loads, replayed, url, counts_cases=workload.counts_cases, **details)
