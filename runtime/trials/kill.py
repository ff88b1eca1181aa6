"""Completions under `kill -9`: web and worker processes die at random, the client repeats what was not answered.

What counts is what the client was told, kept by the oracle in a database of its own.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from engine.clock import system_clock
from engine.commands.contracts import Actor, Deploy, StartInstance
from engine.engine import Engine
from engine.operations.reconcile import reconcile
from engine.store import plain
from engine.store.connections import open_pool
from runtime.database import embedded, migrate
from runtime.trials import oracle
from runtime.trials.target import REGION

TARGET = (sys.executable, "-m", "runtime.trials.target")
DRIVER = Actor(id="driver", kind="client")
FINISH_LIMIT_S = 120.0

# A round: a person's task, a count, an effect outside, a timer; as many rounds as `rounds` says.
DIAGRAM = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="trial" targetNamespace="trial">
  <bpmn:process id="rounds" isExecutable="true">
    <bpmn:startEvent id="start"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="gateway_again"/>
    <bpmn:exclusiveGateway id="gateway_again"/>
    <bpmn:sequenceFlow id="f2" sourceRef="gateway_again" targetRef="task_round"/>
    <bpmn:userTask id="task_round"/>
    <bpmn:sequenceFlow id="f3" sourceRef="task_round" targetRef="script_count"/>
    <bpmn:scriptTask id="script_count"><bpmn:extensionElements>
      <zeebe:script expression="=count + 1" resultVariable="count"/>
    </bpmn:extensionElements></bpmn:scriptTask>
    <bpmn:sequenceFlow id="f4" sourceRef="script_count" targetRef="job_tell"/>
    <bpmn:serviceTask id="job_tell"><bpmn:extensionElements>
      <zeebe:taskDefinition type="tell" retries="1000"/>
    </bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f5" sourceRef="job_tell" targetRef="timer_pause"/>
    <bpmn:intermediateCatchEvent id="timer_pause"><bpmn:timerEventDefinition id="pause">
      <bpmn:timeDuration>PT0.3S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f6" sourceRef="timer_pause" targetRef="gateway_done"/>
    <bpmn:exclusiveGateway id="gateway_done" default="f7"/>
    <bpmn:sequenceFlow id="f7" sourceRef="gateway_done" targetRef="gateway_again"/>
    <bpmn:sequenceFlow id="f8" sourceRef="gateway_done" targetRef="end">
      <bpmn:conditionExpression>=count &gt;= rounds</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:endEvent id="end"/>
  </bpmn:process>
</bpmn:definitions>
"""


@dataclass
class Trial:
    """`target` is the command of the processes that are killed, so that a broken one can be tried too."""

    instances: int = 100
    rounds: int = 10
    kills: int = 20
    webs: int = 2
    workers: int = 2
    seed: int = 1
    target: Sequence[str] = TARGET
    engine_url: str = ""
    oracle_url: str = ""
    killed: int = 0
    acknowledged: int = 0
    _processes: list[Process] = field(default_factory=list)
    _finished: threading.Event = field(default_factory=threading.Event)

    def run(self, server: str, progress: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
        self._create_databases(server)
        self._start_instances()
        started = time.monotonic()
        self._processes = [Process(self, "web") for _ in range(self.webs)]
        self._processes += [Process(self, "worker") for _ in range(self.workers)]
        killer = threading.Thread(target=self._kill, args=(random.Random(self.seed),))
        clients = [threading.Thread(target=self._client, args=(n,)) for n in range(self.webs)]
        for thread in (killer, *clients):
            thread.start()
        self._wait(progress)
        for thread in (*clients, killer):
            thread.join()
        seconds = time.monotonic() - started
        for process in self._processes:
            process.end()
        verdict = asdict(oracle.judge(self.oracle_url, self.engine_url, self.rounds))
        figures = {**verdict, "kills": self.killed, "seconds": round(seconds, 1), "differences": self._differences()}
        return {"name": "kill", "pass": self._passes(figures), "figures": figures, "limits": self._limits()}

    def _limits(self) -> dict[str, int]:
        at_most = dict.fromkeys(("lost", "doubled", "stuck", "revision_gaps", "effects_missing", "differences"), 0)
        return {**at_most, "acknowledged": self.instances * self.rounds, "kills": self.kills}

    def _passes(self, figures: dict[str, Any]) -> bool:
        least = ("acknowledged", "kills")
        return all(
            figures[name] >= limit if name in least else figures[name] <= limit
            for name, limit in self._limits().items()
        )

    def _create_databases(self, server: str) -> None:
        names = [f"trial_{uuid.uuid4().hex[:12]}_{kind}" for kind in ("engine", "oracle")]
        with psycopg.connect(server, autocommit=True) as conn:
            for name in names:
                conn.execute(f'CREATE DATABASE "{name}"'.encode())
        self.engine_url, self.oracle_url = (make_conninfo(server, dbname=name) for name in names)
        migrate.migrate(self.engine_url)
        oracle.prepare(self.oracle_url)

    def _start_instances(self) -> None:
        with open_pool(self.engine_url, timeout=30) as pool:
            engine = Engine(pool, clock=system_clock, region_id=REGION)
            engine.execute(Deploy(files={"rounds.bpmn": DIAGRAM}), by=DRIVER)
            for _ in range(self.instances):
                command = StartInstance(definition_key="rounds", variables={"count": 0, "rounds": self.rounds})
                engine.execute(command, by=DRIVER)

    def _kill(self, chance: random.Random) -> None:
        """At random moments spread over the whole of the work, so that a slow machine sees as many as a fast one."""
        whole = self.instances * self.rounds
        for moment in sorted(chance.sample(range(1, whole * 19 // 20), self.kills)):
            while self.acknowledged < moment and not self._finished.wait(0.005):
                pass
            if self._finished.wait(chance.uniform(0, 0.05)):
                return
            self._kill_one(chance)

    def _kill_one(self, chance: random.Random) -> None:
        while not self._finished.is_set():
            victim = chance.choice(self._processes)
            if victim.is_ready:
                victim.kill()
                self.killed += 1
                return
            time.sleep(0.01)

    def _client(self, number: int) -> None:
        """Asks for one completion after the other, and repeats each until it is answered."""
        process, chance = self._processes[number], random.Random(self.seed * 1000 + number)
        with (
            psycopg.connect(self.engine_url, autocommit=True) as reading,
            psycopg.connect(self.oracle_url, autocommit=True) as own,
        ):
            while not self._finished.is_set():
                tasks = reading.execute("SELECT id FROM user_task WHERE state = 'created' LIMIT 50").fetchall()
                if not tasks:
                    time.sleep(0.02)
                    continue
                task, request = chance.choice(tasks)[0], f"request-{uuid.UUID(int=chance.getrandbits(128))}"
                if process.ask({"request": request, "task": str(task)}, self._finished) == "done":
                    oracle.acknowledge(own, request, task)
                    self.acknowledged += 1

    def _wait(self, progress: Callable[[str], None]) -> None:
        """Until every instance has ended, or nothing has moved for too long."""
        moved_at, seen = time.monotonic(), -1
        with psycopg.connect(self.engine_url, autocommit=True) as conn:
            while time.monotonic() - moved_at < FINISH_LIMIT_S:
                row = conn.execute(
                    "SELECT count(*) FILTER (WHERE status <> 'completed'), sum(revision) FROM instance"
                ).fetchone()
                assert row is not None
                if row[0] == 0:
                    break
                if row[1] != seen:
                    moved_at, seen = time.monotonic(), row[1]
                progress(f"{self.acknowledged} acknowledged, {row[0]} open, {self.killed} killed")
                time.sleep(0.5)
        self._finished.set()

    def _differences(self) -> int:
        with open_pool(self.engine_url) as pool:
            engine = Engine(pool, clock=system_clock, region_id=REGION)
            with engine.read() as conn:
                return len(reconcile(conn, REGION)[1])


class Process:
    """A process that comes back when it dies, as under any supervisor."""

    def __init__(self, trial: Trial, role: str) -> None:
        self._command = [*trial.target, role, trial.engine_url, trial.oracle_url]
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        self.is_ready = False
        self._popen = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        threading.Thread(target=self._become_ready, args=(self._popen,), daemon=True).start()

    def _become_ready(self, popen: subprocess.Popen[str]) -> None:
        assert popen.stdout is not None
        if popen.stdout.readline() == "ready\n":
            self.is_ready = True

    def kill(self) -> None:
        with self._lock:
            os.kill(self._popen.pid, signal.SIGKILL)
            self._close()
            self._start()

    def ask(self, message: dict[str, Any], finished: threading.Event) -> str:
        """The answer, however often the process dies meanwhile; empty when the trial is over."""
        while not finished.is_set():
            popen = self._popen
            if not self.is_ready:
                time.sleep(0.01)
                continue
            try:
                assert popen.stdin is not None and popen.stdout is not None
                popen.stdin.write(plain.dumps(message).decode() + "\n")
                popen.stdin.flush()
                line = popen.stdout.readline()
            except (OSError, ValueError):
                continue
            if line.endswith("\n"):
                outcome: str = plain.loads(line)["outcome"]
                if outcome != "busy":
                    return outcome
        return ""

    def end(self) -> None:
        with self._lock:
            self._popen.kill()
            self._close()

    def _close(self) -> None:
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was buffered for the dead is nobody's
                    pipe.close()


def run(trial: Trial, database_url: str | None, progress: Callable[[str], None]) -> dict[str, Any]:
    """On the given server, or on a throw-away one."""
    if database_url:
        return trial.run(database_url, progress)
    with embedded.throw_away() as url:
        return trial.run(url, progress)
