"""R08: pregnancies from registration to the 42nd day on a clock that is set, while the process that does all is killed
at random and the county is down for days. Each woman's counts must be those of the model."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from engine.commands.contracts import CompleteUserTask, IdempotencyKey, PublishMessage, StartInstance
from engine.engine import Engine
from runtime.trials import diagrams as draw
from runtime.trials import processes
from runtime.trials.databases import RELEASE
from runtime.trials.diagrams import END, START, boundary, catch, chain, diagram, flow, gateway, timer, user_task
from runtime.trials.engines import BEGIN, DRIVER, SetClock, deploy, engine_on
from runtime.trials.pregnancy_model import FOLLOWED, Plan, Woman, expected
from runtime.trials.pregnancy_model import draw as draw_plan
from runtime.trials.verdict import at_least, at_most, none_of, percentile, verdict

KILLS = 60
STANDSTILL_S = 120.0
LATE_DAYS = 30  # steps of the last days are as fast as the first
MORNING, NOON, AFTERNOON = 10, 11, 12  # o'clock

_ANTENATAL = (
    '<bpmn:subProcess id="antenatal"><bpmn:startEvent id="begin"/>'
    + gateway("again") + catch("wait_visit", timer("timeDuration", "=interval")) + user_task("task_visit")
    + boundary("late", "task_visit", timer("timeDuration", "P2D"), interrupting=False) + user_task("task_trace")
    + '<bpmn:endEvent id="traced"/>' + chain("begin", "again", "wait_visit", "task_visit", "again")
    + chain("late", "task_trace", "traced") + "</bpmn:subProcess>"
)  # fmt: skip
_LABS = (
    '<bpmn:subProcess id="labs_in" triggeredByEvent="true"><bpmn:startEvent id="lab" isInterrupting="false">'
    + draw.listening("m_lab") + "</bpmn:startEvent>" + draw.script("count_lab", "labs + 1", "labs")
    + '<bpmn:endEvent id="lab_seen"/>' + chain("lab", "count_lab", "lab_seen") + "</bpmn:subProcess>"
)  # fmt: skip
_NEWBORN = user_task(
    "task_newborn",
    inside="<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    '<zeebe:loopCharacteristics inputCollection="=newborns" inputElement="newborn"/>'
    "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>",
)
PREGNANCY = diagram(
    "pregnancy",
    START + gateway("fork", "parallel") + user_task("task_grade") + user_task("task_open_file")
    + gateway("join", "parallel") + _ANTENATAL
    + boundary("born", "antenatal", draw.listening("m_born"), interrupting=True) + _NEWBORN
    + gateway("after", "parallel") + catch("wait_home", timer("timeDuration", "P7D")) + user_task("task_home")
    + catch("wait_check", timer("timeDuration", "P42D")) + user_task("task_check") + gateway("together", "parallel")
    + END + _LABS + chain("start", "fork") + flow("fork", "task_grade") + flow("fork", "task_open_file")
    + flow("task_grade", "join") + flow("task_open_file", "join") + flow("join", "antenatal")
    + chain("born", "task_newborn", "after") + chain("after", "wait_home", "task_home", "together")
    + chain("after", "wait_check", "task_check", "together", "end"),
    draw.message("m_lab", "lab_result", "case") + draw.message("m_born", "delivered", "case"),
)  # fmt: skip

LEAST_STATE = 100  # bytes: less is no living case, and nothing was measured
INSTANCES = """
SELECT id, status::text, revision, (variables->>'labs')::integer FROM instance
 WHERE definition_key = 'pregnancy'
"""
OTHERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
LONGEST_END_S = 10.0
LARGEST = "SELECT max(octet_length(state)) FROM instance"
DONE = "SELECT instance_id, element_id, count(*) FROM user_task WHERE state = 'completed' GROUP BY 1, 2"
HISTORY = """
SELECT instance_id, count(*) FROM history WHERE event = 'completed' AND element_id LIKE 'task_%' GROUP BY 1
"""
FIRED = "SELECT instance_id, count(*) FROM history WHERE event = 'fired' GROUP BY 1"
REVISIONS = "SELECT instance_id, count(DISTINCT revision) FROM history GROUP BY 1"
TOLD = """
SELECT o.instance_id, count(*) FROM outbox o, jsonb_array_elements(o.events) e
 WHERE e->>'event' = 'user_task_completed' GROUP BY 1
"""


def at(day: int, hour: int) -> datetime:
    return BEGIN + timedelta(days=day, hours=hour)


class County:
    """Everything that happens, day by day; begun anew at any moment, it does nothing twice."""

    def __init__(self, engine: Engine, clock: SetClock, plan: Plan, log: Path) -> None:
        self._engine = engine
        self._clock = clock
        self._plan = plan
        self._log = log

    def live(self, first: int, done: Any) -> None:
        for day in range(first, self._plan.days):
            if day not in self._plan.down:
                self._work(day)
            done.value = day + 1

    def _work(self, day: int) -> None:
        """In the morning what fell due, then people; at noon births; in the afternoon laboratory results."""
        self._clock.now = at(day, MORNING - 1)
        for woman in self._meant_for(day, lambda w: (w.arrives,)):
            self._register(woman)
        self._clock.now = at(day, MORNING)
        self._engine.drive(self._clock.now)
        for task in self._open_tasks():
            began = time.monotonic()
            self._do(CompleteUserTask(user_task_id=task), f"complete-{task}")
            self._note(day, time.monotonic() - began)
        self._clock.now = at(day, NOON)
        for woman in self._meant_for(day, lambda w: (w.delivers,)):
            self._tell("delivered", woman, "born")
        self._clock.now = at(day, AFTERNOON)
        for woman in self._plan.women:
            for number, planned in enumerate(woman.lab_days):
                if self._plan.first_up(planned) == day:
                    self._tell("lab_result", woman, f"lab-{number}")

    def _meant_for(self, day: int, days: Callable[[Woman], tuple[int, ...]]) -> list[Woman]:
        """Whose day it is, or was while the county was down."""
        return [w for w in self._plan.women if any(self._plan.first_up(planned) == day for planned in days(w))]

    def _register(self, woman: Woman) -> None:
        variables = {
            "case": woman.case,
            "interval": f"P{woman.interval}D",
            "newborns": list(range(woman.newborns)),
            "labs": 0,
        }
        command = StartInstance(definition_key="pregnancy", instance_id=woman.id, variables=variables)
        self._do(command, f"register-{woman.case}")

    def _tell(self, name: str, woman: Woman, number: str) -> None:
        command = PublishMessage(name=name, key=woman.case, message_id=number)
        self._do(command, f"{number}-{woman.case}")

    def _do(self, command: Any, key: str) -> None:
        self._engine.execute(command, by=DRIVER, idempotency=IdempotencyKey(client="county", key=key, request_hash=key))

    def _open_tasks(self) -> list[Any]:
        with self._engine.read() as conn:
            query = "SELECT id FROM user_task WHERE state = 'created' AND created_at <= %s ORDER BY created_at, id"
            return [row[0] for row in conn.execute(query, [self._clock.now]).fetchall()]

    def _note(self, day: int, seconds: float) -> None:
        with open(self._log, "ab", buffering=0) as file:
            file.write(f"{day} {seconds * 1000:.2f}\n".encode())


def live(url: str, plan: Plan, first: int, done: Any, log: str) -> None:
    clock = SetClock(at(first, 0))
    with engine_on(url, clock, connections=2, fires_at_due_time=True) as engine:
        County(engine, clock, plan, Path(log)).live(first, done)
    os._exit(0)


def run(
    url: str,
    *,
    n: int,
    seed: int,
    say: Callable[[str], None],
    followed: int = FOLLOWED,
    kills: int = KILLS,
    standstill_s: float = STANDSTILL_S,
) -> dict[str, Any]:
    """`n` women."""
    plan, began = draw_plan(n, seed, followed), time.monotonic()
    with engine_on(url, SetClock(), connections=1) as engine:
        deploy(engine, pregnancy=PREGNANCY)
    with TemporaryDirectory(prefix="yuntu-") as folder:
        log = Path(folder) / "steps"
        log.touch()
        killed, largest = _live_through(url, plan, seed, say, kills, str(log), standstill_s)
        steps = [line.split() for line in log.read_text().splitlines()]
    late = [float(ms) for day, ms in steps if int(day) >= plan.days - LATE_DAYS - 2 * 42]
    figures, faults = _judge(url, plan)
    figures |= {"kills": killed, "down_days": len(plan.down), "minutes": round((time.monotonic() - began) / 60, 2)}
    figures |= {"largest_state_bytes": largest, "late_step_p95_ms": percentile(late, 0.95) or 0.0}
    limits = none_of("wrong", "lost", "extra") | {"kills": at_least(kills), "minutes": at_most(30)}
    limits |= {"largest_state_bytes": at_least(LEAST_STATE) | at_most(262_144), "late_step_p95_ms": at_most(50)}
    return verdict("R08", figures, limits, first_faults=faults[:5])


def _live_through(
    url: str, plan: Plan, seed: int, say: Callable[[str], None], kills: int, log: str, standstill_s: float
) -> tuple[int, int]:
    """Kills at random moments of random days, until the last day is over. Answers how many, and how large the largest
    state of all days was."""
    chance, killed, largest = random.Random(seed + 1), 0, 0
    done = processes.context().Value("i", 0)
    moments = sorted(chance.choices(range(plan.days * 3 // 4), k=kills))
    process = processes.start(live, url, plan, 0, done, log)
    moved_at, seen = time.monotonic(), -1
    conn = psycopg.connect(url, autocommit=True)
    try:
        while process.is_alive() and time.monotonic() - moved_at < standstill_s:
            say(f"day {done.value}/{plan.days}, killed {killed}")
            if done.value != seen:
                moved_at, seen = time.monotonic(), done.value
                largest = max(largest, _largest(conn))
            if killed < kills and done.value >= moments[killed]:
                time.sleep(chance.uniform(0, 0.05))
                processes.kill(process)
                killed += 1
                _release(conn)
                process = processes.start(live, url, plan, done.value, done, log)
            process.join(0.01)
    finally:
        processes.kill(process)
        conn.close()
    return killed, largest


def _release(conn: psycopg.Connection[Any]) -> None:
    """The time that the dead process's claims take to run out, on a clock that nobody waits for. What the server still
    had in hand for it, it ends first: a claim may be committed after its process is gone."""
    patience = time.monotonic() + LONGEST_END_S
    while conn.execute(OTHERS).fetchone() != (0,) and time.monotonic() < patience:
        time.sleep(0.002)
    conn.execute(RELEASE)


def _largest(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute(LARGEST).fetchone()
    return row[0] if row and row[0] else 0


def _judge(url: str, plan: Plan) -> tuple[dict[str, Any], list[str]]:
    with psycopg.connect(url, autocommit=True) as conn:
        found = {row[0]: row[1:] for row in conn.execute(INSTANCES).fetchall()}
        done: dict[Any, dict[str, int]] = {}
        for id, element, times in conn.execute(DONE).fetchall():
            done.setdefault(id, {})[element] = times
        counts: list[dict[Any, int]] = [
            dict(conn.execute(query).fetchall()) for query in (FIRED, TOLD, REVISIONS, HISTORY)
        ]
    fired, told, revisions, history = counts
    faults = []
    for woman in plan.women:
        if woman.id not in found:
            continue
        status, revision, labs = found[woman.id]
        must = dict(expected(plan, woman))
        is_so = {"status": status, "revision": revision, "labs": labs, "fired": fired.get(woman.id, 0)}
        is_so |= {"done": done.get(woman.id, {}), "told": told.get(woman.id, 0), "revisions": revisions.get(woman.id)}
        is_so["history"] = history.get(woman.id, 0)
        must["history"] = sum(must["done"].values()) + 1  # the many newborns' task as a whole
        must |= {"told": sum(must["done"].values()), "revisions": must["revision"]}
        wrong = {name: (is_so[name], must[name]) for name in must if is_so[name] != must[name]}
        if wrong:
            faults.append(f"{woman.case} ({woman.colour}): {wrong}")
    figures = {
        "women": len(found),
        "steps": sum(row[1] for row in found.values()),
        "timers_fired": sum(fired.values()),
        "wrong": len(faults),
        "lost": len({woman.id for woman in plan.women} - found.keys()),
        "extra": len(found.keys() - {woman.id for woman in plan.women}),
    }
    return figures, faults
