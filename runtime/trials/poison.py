"""R14: among good work some that kills whoever touches it: by leaving, by a segmentation fault, by eating all memory.

After three attempts each has an incident that says where and why; the good work is done, and nearly as soon as without.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psutil
import psycopg

from engine.clock import system_clock
from engine.commands.contracts import StartInstance
from engine.engine import Engine
from engine.worker import Worker
from runtime.trials import processes
from runtime.trials.databases import RELEASE
from runtime.trials.diagrams import END, START, chain, diagram, service_task, user_task
from runtime.trials.engines import DRIVER, deploy, engine_on
from runtime.trials.verdict import at_least, at_most, none_of, percentile, verdict

WORKERS = 2
ATTEMPTS = 3
RATE = 40.0  # instances started a second
MEMORY = 256 << 20  # what a worker may take beyond what it begins with: enough for work, and soon eaten
SETTLE_S, HURRIED_S = 120.0, 5.0
KINDS = ("leave", "fault", "eat")
GOOD = diagram(
    "good", START + service_task("job", "good") + user_task("task") + END + chain("start", "job", "task", "end")
)
POISON = {
    kind: diagram(kind, START + service_task(f"job_{kind}", kind) + END + chain("start", f"job_{kind}", "end"))
    for kind in KINDS
}
LATENCIES = """
SELECT i.id, extract(epoch FROM t.created_at - i.started_at) FROM instance i JOIN user_task t ON t.instance_id = i.id
 WHERE i.definition_key = 'good'
"""
INCIDENTS = "SELECT instance_id, element_id, message_en FROM incident WHERE resolved_at IS NULL"


class Deadly:
    """The service tasks. Each leaves a mark before it does anything, in a file that outlives it."""

    def __init__(self, marks: str) -> None:
        self._marks = marks

    def tasks(self) -> dict[str, Callable[[Any], dict[str, Any]]]:
        return {"good": self.good, "leave": self.leave, "fault": self.fault, "eat": self.eat}

    def good(self, job: Any) -> dict[str, Any]:
        self._mark(job)
        return {}

    def leave(self, job: Any) -> dict[str, Any]:
        self._mark(job)
        os._exit(1)

    def fault(self, job: Any) -> dict[str, Any]:
        self._mark(job)
        ctypes.string_at(0)
        return {}

    def eat(self, job: Any) -> dict[str, Any]:
        self._mark(job)
        eaten = []
        try:
            while True:
                eaten.append(bytearray(1 << 24))
        except MemoryError:
            os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does to whoever is biggest
        return {}

    def _mark(self, job: Any) -> None:
        with open(self._marks, "ab", buffering=0) as file:
            file.write(f"{job.instance_id}\n".encode())


def work(url: str, marks: str) -> None:
    limit = psutil.Process().memory_info().vms + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with engine_on(url, system_clock, connections=2, tasks=Deadly(marks).tasks()) as engine:
        Worker(engine, poll_s=0.1).run()


class Poisoning:
    def __init__(self, url: str, n: int, seed: int, say: Callable[[str], None], marks: Path, hurried: bool) -> None:
        self._url = url
        self._good = n
        self._chance = random.Random(seed)
        self._say = say
        self._marks = marks
        self._hurried = hurried
        self._workers: list[BaseProcess] = []
        self._judge = psycopg.connect(url, autocommit=True)
        self.deaths = 0

    def run(self) -> dict[str, Any]:
        with engine_on(self._url, system_clock, connections=1) as engine:
            deploy(engine, good=GOOD, **POISON)
            self._workers = [self._start() for _ in range(WORKERS)]
            try:
                healthy = self._phase(engine, [])
                poisoned = [KINDS[n % len(KINDS)] for n in range(max(1, self._good // 100))]
                bad: dict[UUID, str] = {}
                ill = self._phase(engine, poisoned, bad)
                self._settle(lambda: len(self._incidents()) >= len(bad))
            finally:
                for worker in self._workers:
                    processes.kill(worker)
        with self._judge:  # closed when it has judged
            return self._verdict(healthy, ill, bad)

    def _start(self) -> BaseProcess:
        return processes.start(work, self._url, str(self._marks))

    def _phase(self, engine: Engine, poison: list[str], bad: dict[UUID, str] | None = None) -> list[UUID]:
        """The good ones at a steady rate, the others strewn among them; until all good ones have gone on."""
        at = Counter(self._chance.choices(range(self._good), k=len(poison)))
        good: list[UUID] = []
        kinds = iter(poison)
        for number in range(self._good):
            began = time.monotonic()
            for _ in range(at[number]):
                kind = next(kinds)
                assert bad is not None
                bad[self._open(engine, kind)] = kind
            good.append(self._open(engine, "good"))
            self._supervise()
            time.sleep(max(0.0, 1 / RATE - (time.monotonic() - began)))
        self._settle(lambda: set(good) <= self._latencies().keys())
        return good

    def _open(self, engine: Engine, key: str) -> UUID:
        id = UUID(int=self._chance.getrandbits(128))
        engine.execute(StartInstance(definition_key=key, instance_id=id), by=DRIVER)
        return id

    def _supervise(self) -> None:
        """Whoever died comes back."""
        for number, worker in enumerate(self._workers):
            if not worker.is_alive():
                self.deaths += 1
                if self._hurried:
                    self._judge.execute(RELEASE)
                self._workers[number] = self._start()

    def _settle(self, is_over: Callable[[], bool]) -> None:
        deadline = time.monotonic() + (HURRIED_S if self._hurried else SETTLE_S)
        while time.monotonic() < deadline and not is_over():
            self._supervise()
            self._say(f"workers died {self.deaths}, incidents {len(self._incidents())}")
            time.sleep(0.1)

    def _latencies(self) -> dict[UUID, float]:
        return {row[0]: float(row[1]) for row in self._judge.execute(LATENCIES).fetchall()}

    def _incidents(self) -> dict[UUID, tuple[str, str]]:
        return {row[0]: (row[1], row[2]) for row in self._judge.execute(INCIDENTS).fetchall()}

    def _verdict(self, healthy: list[UUID], ill: list[UUID], bad: dict[UUID, str]) -> dict[str, Any]:
        latencies, incidents = self._latencies(), self._incidents()
        attempts = Counter(self._marks.read_text().split())
        without = percentile([latencies[i] for i in healthy if i in latencies], 0.95) or 0.0
        beside = percentile([latencies[i] for i in ill if i in latencies], 0.95) or 0.0
        told = [i for i, kind in bad.items() if i in incidents and incidents[i][0] == f"job_{kind}"]
        tries = [attempts[str(i)] for i in bad]
        figures = {
            "good": len(healthy) + len(ill),
            "poison": len(bad),
            "workers_died": self.deaths,
            "incidents_missing": len(bad) - len(told),
            "incidents_without_cause": sum("died" not in incidents[i][1] for i in told),
            "innocent_incidents": len(incidents.keys() - bad.keys()),
            "good_not_done": len({*healthy, *ill} - latencies.keys()),
            "most_attempts": max(tries, default=0),
            "fewest_attempts": min(tries, default=0),
            "healthy_p95_s": without,
            "beside_p95_s": beside,
            "p95_ratio": round(beside / without, 2) if without else None,
        }
        limits = none_of("incidents_missing", "incidents_without_cause", "innocent_incidents", "good_not_done")
        limits |= {"most_attempts": at_most(ATTEMPTS), "fewest_attempts": at_least(ATTEMPTS)}
        limits |= {} if self._hurried else {"p95_ratio": at_most(1.5)}
        return verdict("R14", figures, limits)


def run(url: str, *, n: int, seed: int, say: Callable[[str], None], hurried: bool = False) -> dict[str, Any]:
    """`n` good pieces of work without poison, then as many with a hundredth of it. `hurried`: the claims of the dead
    run out at once, so that nobody waits for them."""
    with TemporaryDirectory(prefix="yuntu-") as folder:
        marks = Path(folder) / "marks"
        marks.touch()
        return Poisoning(url, n, seed, say, marks, hurried).run()
