"""W5: a million timers wait and a hundred thousand are due; how fast they are fired, and what users feel of it.
W7: the worker was away for eighty minutes and comes back while timers go on falling due."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psycopg

from engine.clock import system_clock
from engine.commands.contracts import Deploy, StartInstance
from engine.engine import Engine
from engine.worker import Worker
from runtime.benchmarks import population
from runtime.benchmarks.load import MIDWIFE, REGION, Load
from runtime.benchmarks.population import Progress
from runtime.benchmarks.servers import Bench, bare_engine, quantile
from runtime.benchmarks.workloads import HEAD, W3

WAITING, DUE = 900_000, 100_000
PATTERNS = 20
USER_STEPS_PER_S = 20.0  # a county's users at their busiest, ten times over
AWAY, AFTER, STEP = timedelta(minutes=80), timedelta(minutes=10), timedelta(seconds=30)
FALLING_DUE_PER_S = 20.0  # with 90,000 in the 80 minutes: a province
LOOK_EVERY_S = 0.5
LONGEST_S = 1800.0
RATE_LIMIT, P99_LIMIT = 500, 2.0
REMINDER = f"""{HEAD}<bpmn:process id="reminder" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="task_visit"/>
<bpmn:userTask id="task_visit"/><bpmn:sequenceFlow id="f2" sourceRef="task_visit" targetRef="end"/>
<bpmn:boundaryEvent id="late" attachedToRef="task_visit" cancelActivity="false"><bpmn:timerEventDefinition>
<bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
<bpmn:sequenceFlow id="f3" sourceRef="late" targetRef="told"/><bpmn:endEvent id="told"/><bpmn:endEvent id="end"/>
</bpmn:process></bpmn:definitions>""".encode()


def measure(bench: Bench, say: Progress) -> dict[str, Any]:
    url = bench.database()
    with bare_engine(url) as engine:
        engine.execute(Deploy(files={"reminder.bpmn": REMINDER, **W3.files}), by=MIDWIFE)
    now = system_clock()
    fill(url, int(WAITING * bench.scale), now, 1, say)
    fill(url, int(DUE * bench.scale), now - timedelta(days=4), 2, say)
    population.settle(url)
    idle = foreground(url, bench.seconds, lambda: False, seed=11)
    with workers(url, 1):
        busy, seconds = _drain(url, say)
    idle_p99, busy_p99 = quantile(idle.latencies_ms, 0.99), quantile(busy.latencies_ms, 0.99)
    fired = int(DUE * bench.scale)
    return {
        "name": "W5",
        "seconds": round(seconds, 2),
        "rate": round(fired / seconds, 1),
        "unit": "timers/s",
        "p50_ms": quantile(busy.latencies_ms, 0.50),
        "p95_ms": quantile(busy.latencies_ms, 0.95),
        "p99_ms": busy_p99,
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {
            "timers_waiting": int(WAITING * bench.scale),
            "timers_due": fired,
            "fired_once": _fired_once(url, fired),
            "left_due": due_left(url),
            "worker_processes": 1,
            "foreground_steps_per_s": USER_STEPS_PER_S,
            "idle_p50_ms": quantile(idle.latencies_ms, 0.50),
            "idle_p99_ms": idle_p99,
            "foreground_p99_ms": busy_p99,
            "p99_ratio": round(busy_p99 / idle_p99, 2) if idle_p99 and busy_p99 else None,
            "foreground_steps": busy.steps,
            "limits": {"timers_per_s": RATE_LIMIT, "p99_ratio": P99_LIMIT},
        },
    }


def measure_return(bench: Bench, say: Progress) -> dict[str, Any]:
    """The backlog must shrink faster than it grew."""
    url = bench.database()
    with bare_engine(url) as engine:
        engine.execute(Deploy(files={"reminder.bpmn": REMINDER, **W3.files}), by=MIDWIFE)
    per_s = FALLING_DUE_PER_S * bench.scale
    now = system_clock()
    moments = [now - AWAY + STEP * n for n in range(int((AWAY + AFTER) / STEP))]
    made = population.patterns(url, [_one(url, moment - timedelta(days=3)) for moment in moments])
    count = int(per_s * (AWAY + AFTER).total_seconds()) - len(made)
    population.multiply(url, made, population.new_ids(count, seed=7), "live", say)
    population.settle(url)
    backlog = due_left(url)
    with workers(url, 1):
        users, seconds = _drain(url, say, enough=int(per_s * 2))  # what falls due within two seconds is no backlog
    shrank = (backlog - due_left(url)) / seconds
    return {
        "name": "W7",
        "seconds": round(seconds, 2),
        "rate": round(shrank, 1),
        "unit": "timers/s",
        "p50_ms": quantile(users.latencies_ms, 0.50),
        "p95_ms": quantile(users.latencies_ms, 0.95),
        "p99_ms": quantile(users.latencies_ms, 0.99),
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {
            "away_s": AWAY.total_seconds(),
            "backlog_at_return": backlog,
            "grew_per_s": round(backlog / AWAY.total_seconds(), 2),
            "shrank_per_s": round(shrank, 1),
            "shrank_by_grew": round(shrank / (backlog / AWAY.total_seconds()), 1),
            "falling_due_per_s": per_s,
            "foreground_steps_per_s": USER_STEPS_PER_S,
            "worker_processes": 1,
        },
    }


def _one(url: str, at: datetime) -> UUID:
    with bare_engine(url, clock=lambda: at) as engine:
        return UUID(str(engine.execute(StartInstance(definition_key="reminder"), by=MIDWIFE).instance_id))


def fill(url: str, count: int, at: datetime, seed: int, say: Progress) -> None:
    """So many live instances that were started `at` and wait since."""
    with bare_engine(url, clock=lambda: at) as engine:
        ids = [
            engine.execute(StartInstance(definition_key="reminder"), by=MIDWIFE).instance_id for _ in range(PATTERNS)
        ]
    made = population.patterns(url, ids)
    population.multiply(url, made, population.new_ids(count - PATTERNS, seed), "live", say)


@contextmanager
def workers(url: str, count: int) -> Iterator[None]:
    context = get_context("spawn")
    started = [context.Process(target=serve, args=(url,), daemon=True) for _ in range(count)]
    for process in started:
        process.start()
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.join()


def serve(url: str) -> None:
    """The body of a worker process."""
    with bare_engine(url) as engine:
        Worker(engine).run()


def _drain(url: str, say: Progress, enough: int = 0) -> tuple[Load, float]:
    """Users go on working while everything that is due is fired; the clock runs from the first firing."""
    began = _wait_for_first(url)
    looked = [began]
    finished: list[float] = []

    def is_over() -> bool:
        if time.monotonic() - looked[0] < LOOK_EVERY_S:
            return False
        looked[0] = time.monotonic()
        left = due_left(url)
        say(f"due {left:,}")
        if left <= enough or looked[0] - began > LONGEST_S:
            finished.append(time.monotonic())
        return bool(finished)

    busy = foreground(url, LONGEST_S, is_over, seed=12)
    return busy, (finished[0] if finished else time.monotonic()) - began


def _wait_for_first(url: str) -> float:
    before = due_left(url)
    deadline = time.monotonic() + 60
    while due_left(url) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    return time.monotonic()


def foreground(url: str, seconds: float, is_over: Callable[[], bool], seed: int) -> Load:
    """A user's steps at an even pace; how long each takes."""
    chance, load = random.Random(seed), Load()
    deadline = time.monotonic() + seconds
    with bare_engine(url) as engine:
        tasks: list[UUID] = []
        at = time.monotonic()
        while time.monotonic() < deadline and not is_over():
            at += 1 / USER_STEPS_PER_S
            time.sleep(max(at - time.monotonic(), 0))
            tasks = _user_step(engine, chance, tasks, load)
    load.latencies_ms = sorted(
        load.latencies_ms[int(USER_STEPS_PER_S) :] or load.latencies_ms
    )  # the first second warms up
    return load


def _user_step(engine: Engine, chance: random.Random, tasks: list[UUID], load: Load) -> list[UUID]:
    if not tasks:
        started = engine.execute(W3.start(chance, UUID(int=chance.getrandbits(128))), by=MIDWIFE)
        with engine.pool.connection() as conn:
            query = "SELECT id FROM user_task WHERE region_id = %s AND instance_id = %s"
            tasks = [row[0] for row in conn.execute(query, [REGION, started.instance_id]).fetchall()]
    began = time.perf_counter()
    done = engine.execute(W3.complete(chance, tasks[0]), by=MIDWIFE)
    load.latencies_ms.append((time.perf_counter() - began) * 1000)
    load.steps += 1
    return list(done.opened_user_task_ids)


def due_left(url: str) -> int:
    """At most a hundred thousand and one are counted."""
    with psycopg.connect(url) as conn:
        query = "SELECT count(*) FROM (SELECT FROM timer WHERE region_id = %s AND due_at <= now() LIMIT 100001) AS due"
        row = conn.execute(query, [REGION]).fetchone()
    return int(row[0]) if row else 0


def _fired_once(url: str, fired: int) -> bool:
    """Each timer's end event is in the history once."""
    with psycopg.connect(url) as conn:
        query = (
            "SELECT count(*), count(DISTINCT instance_id) FROM history"
            " WHERE region_id = %s AND element_id = 'told' AND event = 'ended'"
        )
        row = conn.execute(query, [REGION]).fetchone()
    return row == (fired, fired)
