"""`yuntu bench fhir-…`: what a hospital's system does all day, against the product as it is served."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from engine.clock import system_clock
from engine.store import plain
from engine.store.connections import configure
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE, Draft
from runtime.benchmarks.fhir_load import Request, Run, Site, blood_pressure, figures, run, site, transaction
from runtime.database.embedded import program

CONNECTIONS = 8
WOMEN, PRESSURES = 100, 40
ENTRIES = 50
TRANSACTIONS_PER_S = 30.0
_FIGURES = ("rate", "p50_ms", "p95_ms", "p99_ms")
OPEN_TASKS = 100_000
LOCAL = "https://his.example/lab"
SQL = Path(__file__).parent / "sql"
Say = Callable[[str], None]


def read(seconds: float, scale: float, say: Say) -> dict[str, Any]:
    """One resource by its id: half patients, half observations."""
    with site(_few(WOMEN, scale), 10, say) as at:
        observations = _ids(at, "Observation")

        def ask(connection: int, n: int) -> Request:
            pick = n * 7 + connection
            if n % 2:
                return "GET", f"/Patient/{at.women[pick % len(at.women)]}", b"", ""
            return "GET", f"/Observation/{observations[pick % len(observations)]}", b"", ""

        found = run(at, CONNECTIONS, seconds, ask, (200,))
        beside = _pgbench(at, "fhir_read.pgbench", seconds, {"first": observations[0]})
    return _with(figures("fhir-read", "reads/s", found, connections=CONNECTIONS), beside, found)


def create(seconds: float, scale: float, say: Say) -> dict[str, Any]:
    """A blood pressure panel, whole validation, correlated with its case."""
    with site(_few(WOMEN, scale), 0, say) as at:
        before = _size(at)

        def ask(connection: int, n: int) -> Request:
            body = blood_pressure(at.women[(n * 3 + connection) % len(at.women)], n * CONNECTIONS + connection)
            body["identifier"] = [{"system": LOCAL, "value": f"{connection}-{n}"}]
            return "POST", "/Observation", plain.dumps(body), ""

        found = run(at, CONNECTIONS, seconds, ask, (201,))
        stored = _count(at)
        bytes_each = round((_size(at) - before) / max(stored, 1))
    return figures("fhir-create", "creates/s", found, connections=CONNECTIONS, database_bytes_each=bytes_each)


def search(seconds: float, scale: float, say: Say) -> dict[str, Any]:
    """One patient's blood pressures, newest twenty; then the work list of a station among 100,000 open tasks."""
    with site(_few(WOMEN, scale), PRESSURES, say) as at:
        code = "http://loinc.org|85354-9"

        def pressures(connection: int, n: int) -> Request:
            woman = at.women[(n * 7 + connection) % len(at.women)]
            return "GET", f"/Observation?patient={woman}&code={code}&_sort=-date&_count=20", b"", ""

        found = run(at, CONNECTIONS, seconds, pressures, (200,))
        tasks = max(int(OPEN_TASKS * scale), 100)
        _open_tasks(at, tasks, say)
        day = "2099-01-01"

        def work_list(connection: int, n: int) -> Request:
            owner = f"Organization/org-station-{(n * 7 + connection) % 200}"
            asked = f"/Task?owner={owner}&status=ready,accepted,in-progress&due=lt{day}&_include=Task:patient"
            return "GET", f"{asked}&_sort=due", b"", ""

        listed = run(at, CONNECTIONS, seconds, work_list, (200,))
    station = figures("work-list", "searches/s", listed)
    more = {name: station[name] for name in _FIGURES}
    more["cpu_ms"] = station["details"]["cpu_ms"]
    return figures("fhir-search", "searches/s", found, connections=CONNECTIONS, work_list={**more, "open_tasks": tasks})


def whole_transaction(seconds: float, scale: float, say: Say) -> dict[str, Any]:
    """Fifty observations of one woman in one transaction; then with as few connections as reach the wanted rate: a
    latency says nothing of a queue that nobody asked for."""
    with site(_few(WOMEN, scale), 0, say) as at:
        found = run(at, CONNECTIONS, seconds, partial(_fifty, at, "all"), (200,), warm_up=3)
        for connections in range(1, CONNECTIONS + 1):
            calm = run(at, connections, seconds / 2, partial(_fifty, at, f"{connections}"), (200,), warm_up=3)
            if calm.rate >= TRANSACTIONS_PER_S:
                break
    few = figures("", "", calm)
    return figures(
        "fhir-transaction",
        "transactions/s",
        found,
        connections=CONNECTIONS,
        entries=ENTRIES,
        resources_per_s=round(found.rate * ENTRIES, 1),
        at_wanted_rate={
            "wanted": TRANSACTIONS_PER_S,
            "connections": connections,
            **{name: few[name] for name in _FIGURES},
        },
    )


def _fifty(at: Site, label: str, connection: int, n: int) -> Request:
    woman = at.women[(n * 3 + connection) % len(at.women)]
    entries = []
    for one in range(ENTRIES):
        body = blood_pressure(woman, (n * CONNECTIONS + connection) * ENTRIES + one)
        body["identifier"] = [{"system": LOCAL, "value": f"{label}-{connection}-{n}-{one}"}]
        entries.append({"resource": body, "request": {"method": "POST", "url": "Observation"}})
    return "POST", "", transaction(entries), ""


def conditional(seconds: float, scale: float, say: Say) -> dict[str, Any]:
    """Create and update by identifier: a new one, the same again, a changed one, in turn."""
    with site(_few(WOMEN, scale), 0, say) as at:

        def ask(connection: int, n: int) -> Request:
            about = n // 3
            woman = at.women[(about * 3 + connection) % len(at.women)]
            body = blood_pressure(woman, about * CONNECTIONS + connection)
            where = f"identifier={LOCAL}|{connection}-{about}"
            body["identifier"] = [{"system": LOCAL, "value": f"{connection}-{about}"}]
            if n % 3 < 2:
                return "POST", "/Observation", plain.dumps(body), f"If-None-Exist: {where}\r\n"
            body["status"] = "amended"
            return "PUT", f"/Observation?{where}", plain.dumps(body), ""

        found = run(at, CONNECTIONS, seconds, ask, (200, 201))
    return figures("fhir-conditional", "requests/s", found, connections=CONNECTIONS, creates=2, updates=1)


def _few(number: int, scale: float) -> int:
    return max(int(number * min(scale, 1.0)), 3)


def _ids(at: Site, type_: str) -> list[str]:
    with psycopg.connect(at.served.database_url) as conn:
        rows = conn.execute("SELECT id FROM resource WHERE type = %s AND source <> 'engine' ORDER BY id", [type_])
        return [row[0] for row in rows.fetchall()]


def _count(at: Site) -> int:
    with psycopg.connect(at.served.database_url) as conn:
        row = conn.execute("SELECT count(*) FROM resource WHERE type = 'Observation' AND source <> 'engine'").fetchone()
    return int(row[0]) if row else 0


def _size(at: Site) -> int:
    """Of the tables that hold resources, with their indexes."""
    tables = ["resource", "resource_version", "resource_date", "resource_string", "resource_identity"]
    with psycopg.connect(at.served.database_url, autocommit=True) as conn:
        conn.execute("CHECKPOINT")
        asked = "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s::text[]) AS t (name)"
        row = conn.execute(asked, [tables]).fetchone()
    return int(row[0]) if row else 0


def _open_tasks(at: Site, number: int, say: Say) -> None:
    """Open tasks of two hundred stations, written as the projection writes them."""
    now, batch = system_clock(), 500
    with psycopg.connect(at.served.database_url, autocommit=True) as conn:
        configure(conn)
        for first in range(0, number, batch):
            drafts = [Draft(resource=_task(at, n)) for n in range(first, min(first + batch, number))]
            with conn.transaction():
                resources.save(conn, at.region_id, now, ENGINE, drafts, engine_owned=True)
        conn.execute("VACUUM ANALYZE")
    say(f"{number:,} open tasks")


def _task(at: Site, n: int) -> dict[str, Any]:
    day = f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}T08:00:00+08:00"
    return {
        "resourceType": "Task",
        "id": f"bench-{n}",
        "status": ("ready", "accepted", "in-progress")[n % 3],
        "intent": "order",
        "for": {"reference": f"Patient/{at.women[n % len(at.women)]}"},
        "owner": {"reference": f"Organization/org-station-{n % 200}"},
        "authoredOn": day,
        "restriction": {"period": {"end": day}},
    }


def _pgbench(at: Site, script: str, seconds: float, values: dict[str, str]) -> float:
    """Transactions per second of the request's own statements, without HTTP and without Python."""
    text = (SQL / script).read_text(encoding="utf-8")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        command: list[Any] = [program("pgbench"), "-n", "-M", "prepared", "-c", CONNECTIONS, "-j", 2]
        command += ["-T", max(int(seconds / 3), 2), "-f", file.name, "-D", f"region={at.region_id}"]
        command += [part for name, value in values.items() for part in ("-D", f"{name}={value}")]
        asked = [*map(str, command), at.served.database_url]
        done = subprocess.run(asked, check=True, capture_output=True, text=True)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if rate is None:
        raise RuntimeError(f"pgbench: {done.stdout} {done.stderr}")
    return float(rate[1])


def _with(result: dict[str, Any], pgbench_rate: float, found: Run) -> dict[str, Any]:
    return result | {"pgbench_rate": round(pgbench_rate, 1), "ratio": round(found.rate / pgbench_rate, 3)}


BENCHES: dict[str, Callable[[float, float, Say], dict[str, Any]]] = {
    "fhir-read": read,
    "fhir-create": create,
    "fhir-search": search,
    "fhir-transaction": whole_transaction,
    "fhir-conditional": conditional,
}
