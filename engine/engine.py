"""The one place that opens a transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import Connection, errors
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from engine.clock import Clock
from engine.commands import (
    activate_instance,
    assign_user_task,
    attach_to_user_task,
    broadcast_signal,
    claim_due_work,
    claim_jobs,
    claim_user_task,
    comment_user_task,
    complete_job,
    complete_user_task,
    contracts,
    deliver_message,
    deploy,
    extend_job,
    fail_job,
    fail_timer,
    fire_timer,
    publish_message,
    release_user_task,
    renew_leases,
    reopen_instance,
    retry_incident,
    save_draft,
    set_variables,
    start_instance,
    suspend_instance,
    sweep_region,
    terminate_instance,
    throw_job_error,
    withdraw_message,
)
from engine.commands.contracts import Actor, IdempotencyKey
from engine.commands.operators import OPERATORS
from engine.commands.records import DueWork, Projection, ServiceTask
from engine.commands.unattended import UNATTENDED
from engine.dmn import Definitions
from engine.due import ENGINE, drive, run_due, settle
from engine.errors import Busy, Conflict, EngineError, NotFound, Stale
from engine.leases import Leases
from engine.store import answers
from engine.store.connections import ACT_FOR, Pool, RegionPool, for_region
from engine.store.library import Library
from engine.store.questions import Question
from engine.store.transaction import (
    Again,
    Answered,
    Following,
    FormCheck,
    Handler,
    SequelFailed,
    Setting,
    Tx,
    Unprojected,
)
from engine.store.wire import Alone, Wire

HANDLERS: Mapping[type, Handler] = {
    contracts.ActivateInstance: activate_instance.handle,
    contracts.AssignUserTask: assign_user_task.handle,
    contracts.AttachToUserTask: attach_to_user_task.handle,
    contracts.BroadcastSignal: broadcast_signal.handle,
    contracts.ClaimDueWork: claim_due_work.handle,
    contracts.ClaimJob: claim_jobs.handle_one,
    contracts.ClaimJobs: claim_jobs.handle,
    contracts.ClaimUserTask: claim_user_task.handle,
    contracts.CommentUserTask: comment_user_task.handle,
    contracts.CompleteJob: complete_job.handle,
    contracts.CompleteUserTask: complete_user_task.handle,
    contracts.DeliverMessage: deliver_message.handle,
    contracts.Deploy: deploy.handle,
    contracts.ExtendJob: extend_job.handle,
    contracts.FailJob: fail_job.handle,
    contracts.FailTimer: fail_timer.handle,
    contracts.FireTimer: fire_timer.handle,
    contracts.PublishMessage: publish_message.handle,
    contracts.ReleaseUserTask: release_user_task.handle,
    contracts.RenewLeases: renew_leases.handle,
    contracts.ReopenInstance: reopen_instance.handle,
    contracts.RetryIncident: retry_incident.handle,
    contracts.SaveDraft: save_draft.handle,
    contracts.SetVariables: set_variables.handle,
    contracts.StartInstance: start_instance.handle,
    contracts.SuspendInstance: suspend_instance.handle,
    contracts.SweepRegion: sweep_region.handle,
    contracts.TerminateInstance: terminate_instance.handle,
    contracts.ThrowJobError: throw_job_error.handle,
    contracts.WithdrawMessage: withdraw_message.handle,
}

MOST_TRIES = 6  # of a transaction that met another one; each waits a little longer
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
AGAIN = (Again, errors.SerializationFailure, errors.DeadlockDetected, errors.InvalidSqlStatementName)
STALE_STEP = "YT001"  # raised by save_step; cannot be while the row lock is held, and must not pass if it is


class Engine:
    """Durable process instances of one region. Any number of engines, in any number of processes, share a database.

    `projection` is called with every step; `service_tasks` are the job types that run in this process; `handlers` are
    commands of other rooms; `form_check` answers the problems of a form that is to be deployed. `fires_at_due_time`: of
    a clock that stands still until somebody moves it, so that each timer sees its own time.
    """

    def __init__(
        self,
        pool: Pool | RegionPool,
        *,
        clock: Clock,
        region_id: str,
        projection: Projection | None = None,
        service_tasks: Mapping[str, ServiceTask] | None = None,
        handlers: Mapping[type, Handler] | None = None,
        form_check: FormCheck | None = None,
        fires_at_due_time: bool = False,
        timer_spread: timedelta = timedelta(0),
    ) -> None:
        self.pool = for_region(pool, region_id)
        self.clock = clock
        self.region_id = region_id
        self.service_tasks = dict(service_tasks or {})
        self.fires_at_due_time = fires_at_due_time
        self.timer_spread = timer_spread
        self.leases = Leases(self._renew)
        self._setting = Setting(
            region_id=region_id,
            library=Library(),
            handlers={**HANDLERS, **OPERATORS, **UNATTENDED, **(handlers or {})},
            projection=projection,
            local_job_types=frozenset(self.service_tasks),
            form_check=form_check,
        )

    def execute(
        self,
        command: Any,
        *,
        by: Actor,
        idempotency: IdempotencyKey | None = None,
        question: Question | None = None,
    ) -> Any:
        """Run one command to the next wait state. All of it is stored, or none of it. Then run what it left to be done
        here, each piece in a transaction of its own: the next user task is open when this returns.
        `question`: asked in the same round trip as the commit, where nothing is left to be done.

        Raises EngineError; Busy when the database is away, also when it went away during the commit: the same request
        with its idempotency key may be sent again.
        """
        now = self.clock()
        answer, following = self.transact(command, by=by, now=now, idempotency=idempotency, question=question)
        if following and question is not None:
            question.rows = None
        settle(self, following, now)
        return answer

    def transact(
        self,
        command: Any,
        *,
        by: Actor,
        now: datetime,
        idempotency: IdempotencyKey | None = None,
        question: Question | None = None,
    ) -> tuple[Any, list[Following]]:
        """One command, one transaction; answers what is to follow instead of running it."""
        projection_error, projects_first, unreached = None, False, False
        for attempt in range(MOST_TRIES):
            attempted = _Attempt(self._setting, command, by, now, idempotency, projection_error, projects_first)
            attempted.question = question
            try:
                return attempted.run(self.pool)
            except Answered as answered:
                return answered.answer, []
            except Unprojected:
                projects_first = True
            except SequelFailed as error:
                projection_error, projects_first = str(error), True
            except AGAIN:
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
            except errors.UniqueViolation as error:
                if idempotency is None or attempt > 0:  # else as below
                    _raise_conflict(error)
            except (Conflict, NotFound, Stale):
                # The first of two equal requests may have won while this one waited for the lock: a new look finds it.
                if idempotency is None or attempt > 0:
                    raise
            except AWAY as error:
                if unreached or attempted.committing:
                    raise _busy() from error
                unreached = True
                self.pool.check()
            except psycopg.Error as error:
                if error.sqlstate == STALE_STEP:
                    continue
                if not attempted.projected:
                    raise
                projection_error, projects_first = str(error), True
        raise _busy()

    def _renew(self, work: DueWork) -> None:
        self.transact(contracts.RenewLeases(work=work), by=ENGINE, now=self.clock())

    @contextmanager
    def read(self) -> Iterator[Connection[Any]]:
        """A connection that can only read, and sees one moment."""
        try:
            with self.pool.begun("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as conn:
                yield conn
        except AWAY as error:
            raise _busy() from error

    @contextmanager
    def glance(self) -> Iterator[Alone]:
        """A connection for questions that one statement answers (`ask`)."""
        try:
            with self.pool.alone() as conn:
                yield conn
        except AWAY as error:
            raise _busy() from error

    def decision_model(
        self, key: str, version: int | None = None, *, conn: Connection[Any] | None = None
    ) -> tuple[Definitions, int]:
        """A deployed decision model and its version, without a number the newest. `conn`: for whoever holds a
        connection already. Raises NotFound."""
        if conn is not None:
            return self._setting.library.decision_model(self._looking(conn), key, version)
        with self.read() as own:
            return self._setting.library.decision_model(self._looking(own), key, version)

    def decision_in_memory(self, key: str, catalogue: int) -> Definitions | None:
        """Without a question to the database (`Library.decision_in_memory`)."""
        return self._setting.library.decision_in_memory(key, catalogue)

    def decision_file(self, source: bytes) -> Definitions:
        """A decision model that is not deployed, with what it imports of those that are. Raises Refused."""
        with self.read() as conn:
            return self._setting.library.decision_file(self._looking(conn), source)

    @contextmanager
    def looking(self) -> Iterator[Tx]:
        """What a handler is given, for questions to the library; nothing can be written."""
        with self.read() as conn:
            yield self._looking(conn)

    def _looking(self, conn: Connection[Any]) -> Tx:
        return Tx(conn, self._setting, self.clock(), Actor(id="engine", kind="engine"))

    def run_due(self, limit: int = 100, before_each: Callable[[], None] = lambda: None) -> int:
        """Fire due timers, begin what begins by timer, run due jobs, correlate messages, once; answers how many."""
        return run_due(self, limit, before_each)

    def drive(self, until: datetime, stop: Callable[[], bool] | None = None) -> int:
        """Fire everything that falls due until `until`, in order, each at its own due time; answers how many timers."""
        return drive(self, until, stop)


class _Attempt:
    """One try of one transaction."""

    def __init__(
        self,
        setting: Setting,
        command: Any,
        by: Actor,
        now: datetime,
        idempotency: IdempotencyKey | None,
        projection_error: str | None,
        projects_first: bool,
    ) -> None:
        self._setting = setting
        self._command = command
        self._by = by
        self._now = now
        self._idempotency = idempotency
        self._projection_error = projection_error
        self._projects_first = projects_first
        self.question: Question | None = None
        self.committing = False
        self.projected = False

    def run(self, pool: RegionPool) -> tuple[Any, list[Following]]:
        with pool.bare() as conn:
            wire = Wire(conn)
            tx = Tx(conn, self._setting, self._now, self._by, wire)
            tx.projection_error = self._projection_error
            tx.projects_first = self._projects_first
            try:
                wire.send(ACT_FOR, {"region_id": pool.region_id})
                if self._idempotency is not None:
                    tx.look_for_answer(self._idempotency)
                answer = tx.run(self._command)
                tx.run_sequels()
                if self._idempotency is not None:
                    self._keep(tx, self._idempotency, answer)
                self.projected = tx.projected
                self.committing = True
                tx.commit(self.question, answer)
            except BaseException:
                self.projected = tx.projected
                wire.abandon()
                raise
            return answer, tx.following()

    def _keep(self, tx: Tx, idempotency: IdempotencyKey, answer: Any) -> None:
        tx.answer_is_new()
        tx.send(
            "keep_answer",
            client=idempotency.client,
            key=idempotency.key,
            request_hash=idempotency.request_hash,
            answer=Jsonb(answers.pack(answer)),
        )


def _raise_conflict(error: errors.UniqueViolation) -> None:
    """Two requests for one thing: the second is told so. Of an idempotency key it goes round again and is answered."""
    constraint = error.diag.constraint_name
    if constraint == "instance_business_key_idx":
        raise Conflict(
            "该业务编号已有进行中的流程实例",
            "this business key has an open instance of this definition",
            code="business-key-taken",
        ) from error
    if constraint == "instance_pkey":
        raise Conflict("该流程实例已存在", "this instance exists already", code="instance-exists") from error
    if constraint != "idempotency_pkey":
        raise error


def _busy() -> EngineError:
    return Busy("数据库暂不可用，请稍后重试", "the database is away or overloaded; send the same request again")
