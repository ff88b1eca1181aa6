"""R07: timers that fell due while everything was down, and people who work on while the backlog drains.

The model is the list of due times that the trial drew itself: at the end exactly those have fired, each once, none
before its time, and those that are not due wait on.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from engine.commands.contracts import CompleteUserTask, StartInstance
from engine.engine import Engine
from engine.errors import Busy
from engine.worker import Worker
from runtime.trials import processes
from runtime.trials.diagrams import END, START, catch, chain, diagram, flow, gateway, timer, user_task
from runtime.trials.engines import DRIVER, ShiftedClock, deploy, engine_on
from runtime.trials.verdict import at_most, none_of, percentile, verdict

DOWN = timedelta(hours=72)
PER_INSTANCE = 4
BEYOND = 0.1  # share of timers that are not due when the drain ends
STARTERS = 2
WORKERS = 2
PUNCTUAL = 500  # timers after the drain, to see how late one is in quiet times
USER_PERIOD_S = 0.6  # a hundred completions a minute
STANDSTILL_S = 20.0


def _four_timers() -> bytes:
    names = [f"timer_{n}" for n in range(PER_INSTANCE)]
    timers = "".join(catch(name, timer("timeDate", f"=at_{n}")) for n, name in enumerate(names))
    flows = "".join(flow("fork", name) + flow(name, "join") for name in names)
    gateways = gateway("fork", "parallel") + gateway("join", "parallel")
    return diagram("timed", START + gateways + timers + END + chain("start", "fork") + flows + chain("join", "end"))


ROUNDS = diagram(
    "rounds", START + gateway("again") + user_task("task") + chain("start", "again", "task") + flow("task", "again")
)
FIRED = """
SELECT h.instance_id, h.element_id, count(*), min(h.at) FROM history h
 WHERE h.event = 'fired' AND h.element_id LIKE 'timer_%' GROUP BY 1, 2
"""
WAITING = "SELECT instance_id, element_id, due_at FROM timer WHERE element_id LIKE 'timer_%'"
STATUS = "SELECT id, status::text, revision FROM instance WHERE definition_key = 'timed'"
LEFT = "SELECT count(*) FROM timer WHERE due_at <= %s"

Due = Mapping[tuple[UUID, str], datetime]


@dataclass
class Timers:
    url: str
    wanted: int
    seed: int
    say: Callable[[str], None]
    down: timedelta = DOWN
    punctual: int = PUNCTUAL
    workers: int = WORKERS
    standstill_s: float = STANDSTILL_S
    latencies: list[float] = field(default_factory=list)
    _drained: threading.Event = field(default_factory=threading.Event)

    def run(self) -> dict[str, Any]:
        began = datetime.now(UTC)
        due = self._start(began)
        ahead = (self.down - (datetime.now(UTC) - began)).total_seconds()
        self._restarted(ShiftedClock(ahead))
        workers = [processes.start(work, self.url, ahead) for _ in range(self.workers)]
        try:
            until = ShiftedClock(ahead)()
            drain_s = self._drain(until, ahead)
            late = self._quiet_times(ahead)
        finally:
            for worker in workers:
                processes.kill(worker)
        return self._verdict(due, until, ShiftedClock(ahead)(), drain_s, late)

    # --- before ------------------------------------------------------------------------------------------------------

    def _start(self, began: datetime) -> Due:
        """Instances with drawn due times; started by several processes, which then are gone."""
        chance = random.Random(self.seed)
        plans = [self._plan(chance, began) for _ in range(-(-self.wanted // PER_INSTANCE))]
        with engine_on(self.url, ShiftedClock(0)) as engine:
            deploy(engine, timed=_four_timers(), rounds=ROUNDS)
            engine.execute(StartInstance(definition_key="rounds"), by=DRIVER)
        shares = [plans[n::STARTERS] for n in range(STARTERS)]
        starters = [processes.start(start_instances, self.url, share) for share in shares if share]
        while any(starter.is_alive() for starter in starters):
            time.sleep(0.05)
            self.say(f"{self._value('SELECT count(*) FROM timer')} timers started")
        assert all(starter.exitcode == 0 for starter in starters), "instances could not be started"
        return {(plan[0], f"timer_{n}"): at for plan in plans for n, at in enumerate(plan[1])}

    def _plan(self, chance: random.Random, began: datetime) -> tuple[UUID, list[datetime]]:
        seconds = int(self.down.total_seconds())
        hours = [
            seconds + chance.randint(36_000, 72_000) if chance.random() < BEYOND else chance.randint(1, seconds)
            for _ in range(PER_INSTANCE)
        ]
        moments = [(began + timedelta(seconds=n)).replace(microsecond=0) for n in hours]
        return UUID(int=chance.getrandbits(128)), moments

    def _restarted(self, clock: ShiftedClock) -> None:
        """An engine that comes up after the downtime: whatever it does to what it finds, it does here."""
        with engine_on(self.url, clock, connections=1) as engine, engine.read() as conn:
            conn.execute("SELECT 1")

    # --- the drain ---------------------------------------------------------------------------------------------------

    def _drain(self, until: datetime, ahead: float) -> float:
        began = moved_at = time.monotonic()
        people = threading.Thread(target=self._people, args=(ahead,))
        people.start()
        left, seen = self._value(LEFT, until), -1
        while left and time.monotonic() - moved_at < self.standstill_s:
            if left != seen:
                seen, moved_at = left, time.monotonic()
            time.sleep(min(0.5, 0.02 + left / 1000))
            left = self._value(LEFT, until)
            self.say(f"{left} due timers left")
        seconds = time.monotonic() - began
        self._drained.set()
        people.join()
        return seconds

    def _people(self, ahead: float) -> None:
        """A hundred completions a minute, whatever else goes on."""
        with engine_on(self.url, ShiftedClock(ahead), connections=1) as engine:
            while True:
                began = time.monotonic()
                task = self._value("SELECT id FROM user_task WHERE state = 'created' LIMIT 1")
                asked = time.monotonic()
                engine.execute(CompleteUserTask(user_task_id=task), by=DRIVER)
                self.latencies.append((time.monotonic() - asked) * 1000)
                if self._drained.wait(max(0.0, USER_PERIOD_S - (time.monotonic() - began))):
                    return

    def _quiet_times(self, ahead: float) -> list[float]:
        """How late timers fire when there is no backlog."""
        with engine_on(self.url, ShiftedClock(ahead)) as engine:
            now = engine.clock()
            chance = random.Random(self.seed + 1)
            due: dict[tuple[UUID, str], datetime] = {}
            for _ in range(-(-self.punctual // PER_INSTANCE)):
                id = UUID(int=chance.getrandbits(128))
                latest = 3 + self.punctual / 100
                moments = [now + timedelta(seconds=chance.uniform(1, latest)) for _ in range(PER_INSTANCE)]
                _start_one(engine, id, moments)
                due |= {(id, f"timer_{n}"): at for n, at in enumerate(moments)}
        last = max(due.values(), default=now) + timedelta(seconds=min(15, self.standstill_s))
        while self._value(LEFT, last) and ShiftedClock(ahead)() < last:
            time.sleep(0.1)
        fired = {(row[0], row[1]): row[3] for row in self._rows(FIRED) if (row[0], row[1]) in due}
        self._never_fired = len(due) - len(fired)
        return [(fired[place] - due[place]).total_seconds() for place in fired]

    # --- the judge ---------------------------------------------------------------------------------------------------

    def _verdict(self, due: Due, until: datetime, now: datetime, drain_s: float, late: list[float]) -> dict[str, Any]:
        fired = {(row[0], row[1]): (row[2], row[3]) for row in self._rows(FIRED) if (row[0], row[1]) in due}
        waiting = {(row[0], row[1]): row[2] for row in self._rows(WAITING) if (row[0], row[1]) in due}
        must, may = {p for p, at in due.items() if at <= until}, {p for p, at in due.items() if at <= now}
        ended = {i for i, status, _ in self._rows(STATUS) if status == "completed"}
        whole = {place[0] for place in due} - {place[0] for place in due if place not in fired}
        figures = {
            "timers": len(due),
            "due": len(must),
            "missing": len(must - fired.keys()) + self._never_fired,
            "twice": sum(times > 1 for times, _ in fired.values()),
            "early": len(fired.keys() - may)
            + sum(at < due[place] for place, (_, at) in fired.items())
            + sum(seconds < 0 for seconds in late),
            "changed": sum(due[place] != at for place, at in waiting.items()),
            "gone": len(due.keys() - fired.keys() - waiting.keys()),
            "wrong_ends": len(whole ^ (ended & {place[0] for place in due})),
            "drain_s": round(drain_s, 1),
            "timers_per_s": round(len(must) / drain_s, 1) if drain_s else None,
            "user_completions": len(self.latencies),
            "user_p95_ms": percentile(self.latencies, 0.95),
            "lateness_p99_s": percentile(late, 0.99),
        }
        limits = none_of("missing", "twice", "early", "changed", "gone", "wrong_ends")
        limits |= {"drain_s": at_most(1200), "user_p95_ms": at_most(500)}
        limits |= {"lateness_p99_s": at_most(5)} if late else {}
        return verdict("R07", figures, limits, seed=self.seed)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute("SET timezone TO 'UTC'")
            return conn.execute(query.encode()).fetchall()

    def _value(self, query: str, *values: Any) -> Any:
        with psycopg.connect(self.url, autocommit=True) as conn:
            row = conn.execute(query.encode(), values).fetchone()
        assert row is not None
        return row[0]


def start_instances(url: str, plans: list[tuple[UUID, list[datetime]]]) -> None:
    with engine_on(url, ShiftedClock(0), connections=1) as engine:
        for id, moments in plans:
            _start_one(engine, id, moments)


def _start_one(engine: Engine, id: UUID, moments: list[datetime]) -> None:
    variables = {f"at_{n}": at.isoformat() for n, at in enumerate(moments)}
    engine.execute(StartInstance(definition_key="timed", instance_id=id, variables=variables), by=DRIVER)


def work(url: str, ahead: float) -> None:
    """A worker whose clock stands where the downtime ended."""
    with ExitStack() as stack, suppress(Busy):
        Worker(stack.enter_context(engine_on(url, ShiftedClock(ahead), connections=2)), poll_s=0.1).run()


def run(url: str, *, n: int, seed: int, say: Callable[[str], None], **sizes: Any) -> dict[str, Any]:
    """`n` timers."""
    return Timers(url, n, seed, say, **sizes).run()
