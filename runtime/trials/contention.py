"""R10: fifty callers want one user task at once, two deploy at once, two schedulers serve one queue.

The model is a sentence each: one of all wins, the others are told 409 or 412, the tables say what the winner was told.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from threading import Barrier, Lock
from typing import Any
from uuid import UUID, uuid4

import psycopg

from engine.commands.contracts import (
    LEASE,
    Actor,
    ClaimDueWork,
    ClaimJobs,
    ClaimUserTask,
    CompleteJob,
    CompleteUserTask,
    Deploy,
    IdempotencyKey,
    PublishMessage,
    RenewLeases,
    StartInstance,
    TerminateInstance,
)
from engine.commands.records import DueWork
from engine.engine import Engine
from engine.errors import EngineError
from runtime.trials import diagrams as draw
from runtime.trials.diagrams import END, START, catch, chain, diagram, service_task, user_task
from runtime.trials.engines import BEGIN, DRIVER, SetClock, deploy, engine_on
from runtime.trials.verdict import none_of, verdict

CALLERS = 50
QUEUE = 4  # timers and jobs that two schedulers find in a round
LOSERS = {"conflict", "stale", "not-found"}
ONE = diagram("one", START + user_task("task") + END + chain("start", "task", "end"))
PAUSED = diagram(
    "paused",
    START + catch("pause", draw.timer("timeDuration", "PT1H")) + service_task("job", "tell") + END
    + chain("start", "pause", "job", "end"),
)  # fmt: skip
QUEUED = diagram("queued", START + service_task("job", "tell") + END + chain("start", "job", "end"))
SLOW = diagram("slow", START + service_task("job", "linger") + END + chain("start", "job", "end"))
OUTSIDE = diagram("outside", START + service_task("job", "elsewhere") + END + chain("start", "job", "end"))
TOLD = diagram(
    "told", START + catch("first", draw.listening("m")) + catch("again", draw.listening("m")) + END
    + chain("start", "first", "again", "end"), draw.message("m", "result", "case"),
)  # fmt: skip
TASK = "SELECT id FROM user_task WHERE instance_id = %s"
FINAL = """
SELECT t.state::text, t.completed_by, i.status::text, i.revision,
       (SELECT count(*) FROM history h WHERE h.instance_id = i.id AND h.event = 'completed' AND h.element_id = 'task'),
       (SELECT count(*) FROM history h WHERE h.instance_id = i.id AND h.event = 'claimed'),
       (SELECT count(DISTINCT h.revision) FROM history h WHERE h.instance_id = i.id)
  FROM user_task t JOIN instance i ON i.id = t.instance_id WHERE t.id = %s
"""
FIRED = "SELECT count(*) FROM history WHERE instance_id = ANY(%s) AND event = 'fired'"
HOLD = "SELECT i.id FROM instance i JOIN user_task t ON t.instance_id = i.id WHERE i.id = %s FOR UPDATE"
WAITING = """
SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE NOT l.granted AND a.datname = current_database()
"""
TIME_PASSES = "UPDATE job SET locked_until = locked_until - interval '2 s' WHERE instance_id = %s"
LEASE_LEFT = "SELECT coalesce(max(locked_until) - clock_timestamp(), '1 hour') FROM job WHERE instance_id = %s"
VERSIONS = "SELECT array_agg(version ORDER BY version) FROM definition WHERE key = %s"


@dataclass
class Told:
    """What one caller was told."""

    asked: str  # complete | claim | cancel
    by: str
    code: str  # "done", or the kind of refusal


@dataclass
class Contention:
    url: str
    rounds: int
    callers: int
    seed: int
    say: Callable[[str], None]
    faults: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    effects: Counter[UUID] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def run(self) -> dict[str, Any]:
        chance = random.Random(self.seed)
        with ExitStack() as stack:
            clock, tasks = SetClock(), {"tell": self._tell}
            self._engine = stack.enter_context(engine_on(self.url, clock, connections=self.callers))
            self._schedulers = [
                stack.enter_context(engine_on(self.url, SetClock(BEGIN + timedelta(hours=2)), tasks=tasks))
                for _ in range(2)
            ]
            self._judge = stack.enter_context(psycopg.connect(self.url, autocommit=True))
            self._threads = stack.enter_context(ThreadPoolExecutor(self.callers))
            deploy(self._engine, one=ONE, paused=PAUSED, queued=QUEUED, slow=SLOW, outside=OUTSIDE, told=TOLD)
            for number in range(self.rounds):
                self._one_winner(chance)
                self._in_turn()
                self._one_receiver()
                if number % 10 == 0:
                    self._two_deployments(number)
                    self._two_schedulers()
                    self._two_claims()
                    self._a_lost_lease()
                    self._under_the_lock()
                if number % 50 == 0:
                    self._a_slow_worker()
                    self._a_dead_worker()
                if number % 20 == 0:
                    self.say(f"round {number}/{self.rounds}, faults {len(self.faults)}")
        return self._verdict()

    def _verdict(self) -> dict[str, Any]:
        figures = {"rounds": self.rounds, "faults": len(self.faults), **self.counted}
        limits = none_of("faults", "visible_deadlocks", "other_errors")
        figures = {"visible_deadlocks": 0, "other_errors": 0, **figures}
        return verdict("R10", figures, limits, seed=self.seed, first_faults=self.faults[:5])

    def _expect(self, holds: bool, text: str) -> None:
        if not holds:
            self.faults.append(text)

    def _together(self, work: Iterable[Callable[[], Any]]) -> list[Any]:
        """All begin at one moment."""
        calls = list(work)
        barrier = Barrier(len(calls))

        def begin(call: Callable[[], Any]) -> Any:
            barrier.wait()
            return call()

        return [future.result() for future in [self._threads.submit(begin, call) for call in calls]]

    # --- one task, one winner ---------------------------------------------------------------------------------------

    def _one_winner(self, chance: random.Random) -> None:
        instance = self._start("one")
        task = self._value(TASK, instance)
        cancels = max(1, self.callers // 5)
        wishes = ["cancel"] * cancels
        wishes += [chance.choice(["complete", "claim"]) for _ in range(self.callers - cancels)]
        chance.shuffle(wishes)
        told = self._together(partial(self._ask, wish, f"caller-{n}", instance, task) for n, wish in enumerate(wishes))
        won = {
            kind: [t for t in told if t.asked == kind and t.code == "done"] for kind in ("complete", "claim", "cancel")
        }
        ends = won["complete"] + won["cancel"]
        self._expect(len(ends) == 1, f"{len(ends)} ended one instance: {ends}")
        self._expect(len(won["claim"]) + len(won["complete"]) <= 1, f"two won revision 1: {won}")
        self._agrees(task, won)
        for winner in won["complete"]:
            again = self._ask("complete", winner.by, instance, task)
            self._expect(again.code == "done", f"the winner asks again with its key and is told {again.code}")

    def _agrees(self, task: UUID, won: dict[str, list[Told]]) -> None:
        """The tables against what the callers were told."""
        state, by, status, revision, completed, claimed, revisions = self._row(FINAL, task)
        done = bool(won["complete"])
        expected = ("completed", won["complete"][0].by, "completed") if done else ("cancelled", None, "terminated")
        self._expect((state, by, status) == expected, f"told {expected}, stored {(state, by, status)}")
        self._expect(completed == done, f"completed {completed} times")
        self._expect(claimed == len(won["claim"]), f"claimed {claimed} times, told {len(won['claim'])}")
        self._expect(revisions == revision, f"revision {revision}, and {revisions} in history")

    def _in_turn(self) -> None:
        """What must be true without any race too: a revision that has passed is stale, an answered request stays so."""
        instance = self._start("one")
        task = self._value(TASK, instance)
        asked = [("claim", 1), ("complete", 1), ("complete", 2), ("complete", 2)]
        answers = [self._ask(wish, "nurse", instance, task, revision).code for wish, revision in asked]
        self._expect(
            answers == ["done", "stale", "done", "done"], f"claimed, completed late, in time, again: {answers}"
        )
        state, by, status, _, completed, *_ = self._row(FINAL, task)
        found = (state, by, status, completed)
        self._expect(found == ("completed", "nurse", "completed", 1), f"completed once by a nurse: {found}")

    def _under_the_lock(self) -> None:
        """Somebody holds the instance and changes the task: whoever asks meanwhile sees the change."""
        instance = self._start("one")
        task = self._value(TASK, instance)
        with self._judge.transaction():
            self._judge.execute(HOLD, [instance])
            asking = self._threads.submit(self._ask, "claim", "late", instance, task)
            while not self._value(WAITING) and not asking.done():
                time.sleep(0.002)
            self._judge.execute("UPDATE user_task SET revision = 7 WHERE id = %s", [task])
        code = asking.result().code
        self._expect(code == "stale", f"a claim that met a change under the lock was answered {code}")

    def _ask(self, wish: str, by: str, instance: UUID, task: UUID, revision: int = 1) -> Told:
        key = IdempotencyKey(client=by, key=f"{wish}-{task}-{revision}", request_hash=wish)
        command: Any = {
            "complete": CompleteUserTask(user_task_id=task, expected_revision=revision),
            "claim": ClaimUserTask(user_task_id=task, assignee=by, expected_revision=revision),
            "cancel": TerminateInstance(instance_id=instance),
        }[wish]
        return Told(wish, by, self._outcome(self._engine, command, Actor(id=by), key))

    def _outcome(self, engine: Engine, command: Any, by: Actor, key: IdempotencyKey | None = None) -> str:
        try:
            engine.execute(command, by=by, idempotency=key)
        except EngineError as error:
            if error.category not in LOSERS:
                self._count("visible_deadlocks", f"{type(command).__name__}: {error.category} {error}")
            return error.category
        except Exception as error:
            self._count("other_errors", f"{type(command).__name__}: {type(error).__name__} {error}")
            return "fault"
        return "done"

    # --- one number, one receiver -----------------------------------------------------------------------------------

    def _one_receiver(self) -> None:
        """Two senders give one number; the wait behind the first must not get the second."""
        case = f"case-{next(self._numbers)}"
        instance = self._start("told", case=case)
        send = PublishMessage(name="result", key=case, message_id="once")
        answers = self._together([lambda: self._engine.execute(send, by=DRIVER).result] * 2)
        self._expect(sorted(answers) == ["delivered", "duplicate"], f"two equal messages: {answers}")
        waits = self._value("SELECT array_agg(element_id) FROM message_subscription WHERE instance_id = %s", instance)
        self._expect(waits == ["again"], f"after one message {case} waits at {waits}")

    # --- deployments ------------------------------------------------------------------------------------------------

    def _two_deployments(self, number: int) -> None:
        key = f"deployed_{number}"
        files = [diagram(key, START + END + chain("start", "end") + f"<!-- {n} -->") for n in (1, 2)]
        commands = [Deploy(files={"a.bpmn": file}) for file in (files[0], files[1], files[0])]
        outcomes = self._together(partial(self._outcome, self._engine, command, DRIVER) for command in commands)
        versions = self._value(VERSIONS, key)
        self._expect(outcomes == ["done"] * 3, f"deployments answered {outcomes}")
        self._expect(versions in ([1, 2], [1, 2, 3]), f"versions of {key}: {versions}")

    # --- schedulers -------------------------------------------------------------------------------------------------

    def _tell(self, job: Any) -> dict[str, Any]:
        with self._lock:
            self.effects[job.instance_id] += 1
        time.sleep(0.002)  # the other one has time to look for work
        return {}

    def _two_schedulers(self) -> None:
        """Each timer fires once and each job runs once, whoever finds it."""
        paused = [self._start("paused") for _ in range(QUEUE)]
        queued = [*paused, *(self._start("queued") for _ in range(QUEUE))]
        self._together(partial(_drain, scheduler) for scheduler in self._schedulers)
        self._expect(self._value(FIRED, paused) == QUEUE, f"{QUEUE} timers: fired {self._value(FIRED, paused)}")
        self._expect(all(self.effects[i] == 1 for i in queued), f"effects {[self.effects[i] for i in queued]}")
        states = self._value("SELECT array_agg(DISTINCT status::text) FROM instance WHERE id = ANY(%s)", queued)
        self._expect(states == ["completed"], f"after the schedulers: {states}")

    def _two_claims(self) -> None:
        """What one scheduler has claimed is not handed to the next, although it has not begun with it."""
        for _ in range(QUEUE):
            self._start("queued")
        claim = ClaimDueWork(until=BEGIN, job_types=("tell",), suspect=None, lock_for=timedelta(minutes=10))
        first, second = ({job.id for job in self._engine.execute(claim, by=DRIVER).jobs} for _ in range(2))
        self._expect(not first & second, f"claimed twice: {len(first & second)} jobs")

    def _a_lost_lease(self) -> None:
        """A worker that was too slow is told so when another has its job, however often it asks for another lease."""
        self._start("outside")
        first, second = self._fetch(timedelta(0)), self._fetch(timedelta(minutes=1))
        self._engine.execute(RenewLeases(work=DueWork(jobs=(first,))), by=DRIVER)
        late = self._outcome(self._engine, CompleteJob(job_id=first.id, lease=first.lease), DRIVER)
        good = self._outcome(self._engine, CompleteJob(job_id=second.id, lease=second.lease), DRIVER)
        self._expect(first.id == second.id and late in LOSERS, f"an expired lease was answered {late}")
        self._expect(good == "done", f"the lease in force was answered {good}")

    def _a_slow_worker(self) -> None:
        """Somebody works at a job for longer than a lease; the next scheduler looks for work again and again."""
        case = self._start("slow")
        with ExitStack() as stack:
            slow, other = (
                stack.enter_context(engine_on(self.url, SetClock(), tasks={"linger": work}))
                for work in (lambda job: self._linger(job, lambda: _drain(other)), self._tell)
            )
            _drain(slow)
        self._expect(self.effects[case] == 1, f"slow work was done {self.effects[case]} times")

    def _linger(self, job: Any, look: Callable[[], None]) -> dict[str, Any]:
        """Two thirds of the lease go by, and the other one looks when it has been renewed, or has run out."""
        self._tell(job)
        for _ in range(2):
            self._judge.execute(TIME_PASSES, [job.instance_id])
            patience = time.monotonic() + LEASE.total_seconds()
            while self._value(LEASE_LEFT, job.instance_id) < LEASE / 2 and time.monotonic() < patience:
                time.sleep(0.02)
            look()
        return {}

    def _a_dead_worker(self) -> None:
        """Somebody dies at a job; when a lease has gone by, the next scheduler has it."""
        case = self._start("slow")
        with ExitStack() as stack:
            dying, other = (
                stack.enter_context(engine_on(self.url, SetClock(), tasks={"linger": work}))
                for work in (_die, self._tell)
            )
            with suppress(Died):
                _drain(dying)
            for _ in range(2):
                self._judge.execute(TIME_PASSES, [case])
            _drain(other)
        self._expect(self.effects[case] == 1, f"the work of a dead worker was done {self.effects[case]} times")

    def _fetch(self, lock_for: timedelta) -> Any:
        command = ClaimJobs(type="elsewhere", worker="w", limit=1, lock_for=lock_for)
        return self._engine.execute(command, by=DRIVER)[0]

    # --- small things -----------------------------------------------------------------------------------------------

    def _start(self, key: str, **variables: Any) -> UUID:
        command = StartInstance(definition_key=key, variables=variables, instance_id=uuid4())
        started: UUID = self._engine.execute(command, by=DRIVER).instance_id
        return started

    def _row(self, query: str, *values: Any) -> tuple[Any, ...]:
        row = self._judge.execute(query.encode(), values).fetchone()
        assert row is not None
        return row

    def _value(self, query: str, *values: Any) -> Any:
        return self._row(query, *values)[0]

    def _count(self, what: str, text: str) -> None:
        with self._lock:
            self.counted[what] += 1
            self.faults.append(text)


class Died(BaseException):
    """No error of the work: the process is not there any more."""


def _die(job: Any) -> dict[str, Any]:
    raise Died


def _drain(engine: Engine) -> None:
    while engine.run_due(QUEUE):
        pass


def run(url: str, *, n: int, seed: int, say: Callable[[str], None], callers: int = CALLERS) -> dict[str, Any]:
    """`n` rounds."""
    return Contention(url, n, callers, seed, say).run()
