"""Clients over HTTP that repeat each request with its key until it is answered, and write down what they were told."""

from __future__ import annotations

import http.client
import json
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.clock import system_clock
from engine.commands.contracts import Actor, Deploy
from engine.store.connections import open_pool
from runtime import settings as configuration
from runtime.database.roles import as_application
from runtime.trials.diagrams import (
    END,
    START,
    boundary,
    catch,
    chain,
    diagram,
    flow,
    gateway,
    script,
    service_task,
    timer,
    user_task,
)
from runtime.trials.notebook import Notebook
from runtime.trials.served import Caller, Served
from runtime.wiring import assemble
from workflows.people import Organisation

PAUSE_S = 0.3  # between two rounds of a case
ORGANISATION = "org-trial"
TASKS = ("task_a", "task_b")
LOOK_EVERY_S = 0.1
LOOK_SELDOM_S = 0.5  # while there is work enough: every look lists all that is open
RETRY_AFTER_S = 0.03
ASSIGNED = '<zeebe:assignmentDefinition candidateGroups="R-MCHW"/><yuntu:assignment organisation="=home_organisation"/>'

# A round: a person's task with a deadline, a count, an effect outside, a second task, a pause; until there were enough.
ROUNDS = diagram(
    "trial_rounds",
    START + gateway("again") + user_task("task_a", ASSIGNED) + script("count_up", "count + 1", "count")
    + boundary("late", "task_a", timer("timeDuration", "P3D"), interrupting=False) + '<bpmn:endEvent id="told"/>'
    + service_task("tell", "trial-tell", 1000) + user_task("task_b", ASSIGNED)
    + catch("pause", timer("timeDuration", f"PT{PAUSE_S}S"))
    + gateway("enough", default="flow_enough_again") + END
    + chain("start", "again", "task_a", "count_up", "tell", "task_b", "pause", "enough", "again")
    + flow("enough", "end", "=count &gt;= rounds") + flow("late", "told"),
)  # fmt: skip


def set_up(served: Served) -> str:
    """One organisation, one nurse, the diagram; answers her access token."""
    settings = configuration.read(served.environment)
    with open_pool(as_application(served.database_url), timeout=30) as pool:
        services = assemble(settings, pool=pool, clock=system_clock, manual=None, close=lambda: None)
        services.people.put_organisation(Organisation(id=ORGANISATION, kind="township", name="试验"))
        services.people.add_account(
            login="nurse", name="试验", organisation_id=ORGANISATION, roles=("R-MCHW", "R-DESIGN", "R-ITADM"),
            password="not-used-anywhere", by="trial",
        )  # fmt: skip
        services.engine.execute(Deploy(files={"rounds.bpmn": ROUNDS}), by=Actor(id="trial"))
        return services.people.issue_token(account=services.people.account("nurse")).access_token


@dataclass
class Clients:
    """`cases` instances of `rounds` rounds; `run` returns when all is done or nothing moves any more."""

    served: Served
    token: str
    notebook: Notebook
    cases: int
    rounds: int
    threads: int = 4
    standstill_s: float = 60.0
    more: Callable[[], bool] = lambda: False  # whether further cases are wanted when all are done
    pace_s: float = 0.0  # a client rests for so long after each answer
    acknowledged: int = 0
    statuses: set[int] = field(default_factory=set)
    _agenda: queue.Queue[tuple[str, str]] = field(default_factory=queue.Queue)
    _known: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    finished: threading.Event = field(default_factory=threading.Event)
    ended_early: bool = False
    acknowledged_at: float = 0.0

    @property
    def wanted(self) -> int:
        return self.cases * self.rounds * len(TASKS)

    def run(self, say: Any) -> None:
        for number in range(self.cases):
            self._agenda.put(("start", str(number)))
        threads = [threading.Thread(target=self._client) for _ in range(self.threads)]
        threads.append(threading.Thread(target=self._look_out))
        for thread in threads:
            thread.start()
        try:
            self._watch(say)
        finally:
            self.finished.set()
            for thread in threads:
                thread.join()

    def _watch(self, say: Any) -> None:
        self.acknowledged_at = time.monotonic()
        while self.acknowledged < self.wanted or self._more_cases():
            say(f"{self.acknowledged}/{self.wanted} acknowledged, killed {self.served.kills}")
            if time.monotonic() - self.acknowledged_at > self.standstill_s:
                self.ended_early = True
                return
            time.sleep(0.05)

    def _more_cases(self) -> bool:
        if not self.more():
            return False
        for number in range(self.cases, self.cases + self.threads):
            self._agenda.put(("start", str(number)))
        self.cases += self.threads
        return True

    def _client(self) -> None:
        caller = Caller(self.served.port, self.token)
        while not self.finished.is_set():
            try:
                kind, subject = self._agenda.get(timeout=0.1)
            except queue.Empty:
                continue
            if kind == "start":
                self._start(caller, subject)
            else:
                self._complete(caller, subject)
            self.finished.wait(self.pace_s)
        caller.close()

    def _start(self, caller: Caller, number: str) -> None:
        variables = {"count": 0, "rounds": self.rounds, "home_organisation": ORGANISATION}
        body = {"definition_key": "trial_rounds", "variables": variables}
        answer = self._until_answered(caller, "/api/instances", body, f"start-{number}", "start", 201)
        if answer is not None:
            self.acknowledged_at = time.monotonic()

    def _complete(self, caller: Caller, task: str) -> None:
        answer = self._until_answered(
            caller, f"/api/user-tasks/{task}/completion", {"variables": {}}, f"complete-{task}", "complete", 200
        )
        if answer is None:
            return
        with self._lock:
            self.acknowledged += 1
            self.acknowledged_at = time.monotonic()
        self._learn(answer["next"])

    def _until_answered(
        self, caller: Caller, path: str, body: dict[str, Any], key: str, kind: str, good: int
    ) -> dict[str, Any] | None:
        failed_at, sent = None, json.dumps(body).encode()
        while not self.finished.is_set():
            try:
                status, content = caller.ask("POST", path, sent, key)
            except (OSError, http.client.HTTPException):
                status, content = 0, b""
            self.statuses.add(status)
            if status == good:
                answer: dict[str, Any] = json.loads(content)
                self.notebook.told(key, kind, answer.get("id") or key[9:], status, failed_at, time.time())
                return answer
            failed_at = failed_at or time.time()
            if status not in (0, 503):
                self.notebook.odd(key, status, content.decode(errors="replace"))
                if status < 500:
                    return None
            time.sleep(RETRY_AFTER_S)
        return None

    def _look_out(self) -> None:
        """Tasks that opened without anybody's request: after a pause, or after a crash."""
        caller = Caller(self.served.port, self.token, timeout_s=10)
        looked_at = float("-inf")
        while not self.finished.wait(LOOK_EVERY_S):
            if not self._agenda.empty() and time.monotonic() - looked_at < LOOK_SELDOM_S:
                continue
            looked_at = time.monotonic()
            after: str | None = ""
            while after is not None and not self.finished.is_set():
                try:
                    status, content = caller.ask("GET", f"/api/user-tasks?state=open&limit=200{after}")
                except (OSError, http.client.HTTPException):
                    break
                self.statuses.add(status)
                if status != 200:
                    break
                page = json.loads(content)
                self._learn(page["items"])
                after = f"&after={page['next']}" if page["next"] else None
        caller.close()

    def _learn(self, tasks: list[dict[str, Any]]) -> None:
        for task in tasks:
            with self._lock:
                if task["id"] in self._known:
                    continue
                self._known.add(task["id"])
            self._agenda.put(("complete", task["id"]))
